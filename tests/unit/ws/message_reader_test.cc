#include "ws/message_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "unit/ws/reader_log.h"
#include "unit/ws/wire.h"

namespace matchbus::ws {
namespace {

using test::close_body;
using test::deflate_message;
using test::Lines;
using test::masked;
using test::ReaderLog;
using test::unmasked;

constexpr uint8_t kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10;
constexpr uint8_t kRsv1 = 4;

ReaderRules plain_rules() {
  return {.expect_masked = true, .deflate = false, .max_message = 100'000, .history = nullptr};
}
ReaderRules deflate_rules() {
  return {.expect_masked = true, .deflate = true, .max_message = 100'000, .history = nullptr};
}

// In one piece and byte by byte, which must say the same.
Lines read(const std::string& bytes, ReaderRules rules = plain_rules()) {
  const Lines whole = ReaderLog(rules).feed(bytes).lines();
  EXPECT_EQ(ReaderLog(rules).feed_cut(bytes, [] { return size_t{1}; }).lines(), whole);
  return whole;
}

// How many bytes it takes until the reader refuses the input.
size_t bytes_until_error(const std::string& bytes, ReaderRules rules = plain_rules()) {
  ReaderLog log(rules);
  log.feed_cut(bytes, [] { return size_t{1}; });
  EXPECT_TRUE(log.ended());
  return log.fed();
}

TEST(MessageReader, ReadsMessages) {
  EXPECT_EQ(read(masked(kText, "Hello") + masked(kBinary, "\xFF\xFE") + masked(kText, "")),
            (Lines{"text:Hello", "binary:\xFF\xFE", "text:"}));
}

TEST(MessageReader, JoinsFragments) {
  EXPECT_EQ(read(masked(kText, "He", false) + masked(kContinuation, "ll", false) + masked(kContinuation, "o") +
                 masked(kBinary, "", false) + masked(kContinuation, "", false) + masked(kContinuation, "")),
            (Lines{"text:Hello", "binary:"}));
}

TEST(MessageReader, HandsOnControlFramesBetweenFragments) {
  EXPECT_EQ(read(masked(kText, "He", false) + masked(kPing, "p") + masked(kContinuation, "l", false) +
                 masked(kPong, "q") + masked(kContinuation, "lo") + masked(kClose, close_body(1000, "bye"))),
            (Lines{"ping:p", "pong:q", "text:Hello", "close:1000:bye"}));
}

TEST(MessageReader, ReadsControlFramesOfEveryLength) {
  const std::string longest(125, 'x');
  EXPECT_EQ(read(masked(kPing, "") + masked(kPing, longest) + masked(kPong, longest)),
            (Lines{"ping:", "ping:" + longest, "pong:" + longest}));
}

TEST(MessageReader, RefusesBrokenSequences) {
  EXPECT_EQ(read(masked(kContinuation, "x")), (Lines{"error:1002"}));
  EXPECT_EQ(read(masked(kContinuation, "x", false)), (Lines{"error:1002"}));
  EXPECT_EQ(read(masked(kText, "a") + masked(kContinuation, "x")), (Lines{"text:a", "error:1002"}));
  EXPECT_EQ(read(masked(kText, "a", false) + masked(kText, "b")), (Lines{"error:1002"}));
  EXPECT_EQ(read(masked(kText, "a", false) + masked(kBinary, "b")), (Lines{"error:1002"}));
}

TEST(MessageReader, RefusesReservedOpcodes) {
  for (uint8_t opcode = 3; opcode < 16; ++opcode) {
    if (opcode >= kClose && opcode <= kPong) continue;
    EXPECT_EQ(read(masked(opcode, "")), (Lines{"error:1002"})) << int{opcode};
    EXPECT_EQ(read(masked(kPing, "") + masked(opcode, "payload")), (Lines{"ping:", "error:1002"})) << int{opcode};
  }
}

TEST(MessageReader, RefusesReservedBits) {
  for (uint8_t rsv = 1; rsv < 8; ++rsv) {
    EXPECT_EQ(read(masked(kText, "a", true, rsv)), (Lines{"error:1002"})) << int{rsv};
    EXPECT_EQ(read(masked(kPing, "", true, rsv)), (Lines{"error:1002"})) << int{rsv};
    if (rsv != kRsv1) {
      EXPECT_EQ(read(masked(kText, "a", true, rsv), deflate_rules()), (Lines{"error:1002"})) << int{rsv};
    }
    EXPECT_EQ(read(masked(kPing, "", true, rsv), deflate_rules()), (Lines{"error:1002"})) << int{rsv};
  }
}

TEST(MessageReader, EnforcesMasking) {
  EXPECT_EQ(read(unmasked(kText, "a")), (Lines{"error:1002"}));
  EXPECT_EQ(read(unmasked(kPing, "")), (Lines{"error:1002"}));
  ReaderRules client = plain_rules();
  client.expect_masked = false;
  EXPECT_EQ(read(masked(kText, "a"), client), (Lines{"error:1002"}));
  EXPECT_EQ(read(unmasked(kText, "a"), client), (Lines{"text:a"}));
}

TEST(MessageReader, RefusesMalformedFrames) {
  EXPECT_EQ(read(masked(kPing, std::string(126, 'x'))), (Lines{"error:1002"}));
  EXPECT_EQ(read(masked(kPing, "a", false)), (Lines{"error:1002"}));
  EXPECT_EQ(read(std::string("\x82\xfe\x00\x01\0\0\0\0x", 9)), (Lines{"error:1002"}));
}

TEST(MessageReader, ChecksCloseFrames) {
  EXPECT_EQ(read(masked(kClose, "")), (Lines{"close:1005:"}));
  EXPECT_EQ(read(masked(kClose, close_body(4000, std::string(123, 'r')))),
            (Lines{"close:4000:" + std::string(123, 'r')}));
  EXPECT_EQ(read(masked(kClose, "x")), (Lines{"error:1002"}));
  EXPECT_EQ(read(masked(kClose, close_body(1005))), (Lines{"error:1002"}));
  EXPECT_EQ(read(masked(kClose, close_body(1000, "\xFF"))), (Lines{"error:1007"}));
}

TEST(MessageReader, LimitsTheSizeOfMessages) {
  ReaderRules rules = plain_rules();
  rules.max_message = 10;
  EXPECT_EQ(read(masked(kText, "0123456789"), rules), (Lines{"text:0123456789"}));
  EXPECT_EQ(read(masked(kText, "0123456789a"), rules), (Lines{"error:1009"}));
  EXPECT_EQ(read(masked(kText, "01234", false) + masked(kContinuation, "56789"), rules), (Lines{"text:0123456789"}));
  EXPECT_EQ(read(masked(kText, "01234", false) + masked(kContinuation, "56789a"), rules), (Lines{"error:1009"}));
  // Control frames do not count, and the limit is for each message.
  EXPECT_EQ(read(masked(kText, "01234", false) + masked(kPing, "0123456789ab") + masked(kContinuation, "56789") +
                     masked(kText, "0123456789"),
                 rules),
            (Lines{"ping:0123456789ab", "text:0123456789", "text:0123456789"}));
}

TEST(MessageReader, RefusesTooBigBeforeItArrives) {
  // A frame of 2^62 bytes: its header and the first byte of its payload are enough.
  const std::string input("\x82\xff\x40\0\0\0\0\0\0\0\1\2\3\4x", 15);
  EXPECT_EQ(read(input), (Lines{"error:1009"}));
}

TEST(MessageReader, RefusesBadTextAtItsFirstBadByte) {
  const std::string text = "\xCE\xBA\xE1\xBD\xB9\xED\xA0\x80 more text";  // the byte at 6 is the first impossible one
  const std::string whole = masked(kText, text);
  EXPECT_EQ(bytes_until_error(whole), 6u + 7u);
  EXPECT_EQ(read(whole), (Lines{"error:1007"}));
  // Across fragments, and although the message has not ended.
  const std::string first = masked(kText, "\xCE\xBA\xE1", false);
  EXPECT_EQ(bytes_until_error(first + masked(kContinuation, "(rest", false)), first.size() + 6 + 1);
  // Binary messages may hold anything.
  EXPECT_EQ(read(masked(kBinary, text)), (Lines{"binary:" + text}));
}

TEST(MessageReader, LetsCharactersSpanFragmentsButNotMessages) {
  EXPECT_EQ(read(masked(kText, "\xE2", false) + masked(kContinuation, "\x82", false) + masked(kContinuation, "\xAC")),
            (Lines{"text:\xE2\x82\xAC"}));
  EXPECT_EQ(read(masked(kText, "\xE2\x82")), (Lines{"error:1007"}));
  EXPECT_EQ(read(masked(kText, "\xE2", false) + masked(kContinuation, "")), (Lines{"error:1007"}));
}

TEST(MessageReader, Inflates) {
  const std::string text(50'000, 'z');
  EXPECT_EQ(read(masked(kText, deflate_message("Hello"), true, kRsv1) + masked(kText, "plain") +
                     masked(kBinary, deflate_message(text), true, kRsv1) +
                     masked(kText, std::string(1, '\0'), true, kRsv1) + masked(kText, "", true, kRsv1),
                 deflate_rules()),
            (Lines{"text:Hello", "text:plain", "binary:" + text, "text:", "text:"}));
}

TEST(MessageReader, InflatesFragments) {
  const std::string compressed = deflate_message("a compressed message, cut into three");
  std::string input = masked(kText, compressed.substr(0, 5), false, kRsv1) + masked(kPing, "p") +
                      masked(kContinuation, compressed.substr(5, 10), false) +
                      masked(kContinuation, compressed.substr(15));
  EXPECT_EQ(read(input, deflate_rules()), (Lines{"ping:p", "text:a compressed message, cut into three"}));
  // The bit stands on the first frame only (RFC 7692 section 6).
  input =
      masked(kText, compressed.substr(0, 5), false, kRsv1) + masked(kContinuation, compressed.substr(5), true, kRsv1);
  EXPECT_EQ(read(input, deflate_rules()), (Lines{"error:1002"}));
}

TEST(MessageReader, RefusesCorruptCompression) {
  EXPECT_EQ(read(masked(kText, "\xFF\xFF\xFF", true, kRsv1), deflate_rules()), (Lines{"error:1007"}));
  const std::string whole = deflate_message("a message that is cut short");
  EXPECT_EQ(read(masked(kText, whole.substr(0, 9), true, kRsv1), deflate_rules()), (Lines{"error:1007"}));
  EXPECT_EQ(read(masked(kText, whole + "\xFF\xFF", true, kRsv1), deflate_rules()), (Lines{"error:1007"}));
}

TEST(MessageReader, LimitsWhatIsInflated) {
  ReaderRules rules = deflate_rules();
  EXPECT_EQ(read(masked(kText, deflate_message(std::string(100'000, 'a')), true, kRsv1), rules).at(0).size(), 100'005u);
  EXPECT_EQ(read(masked(kText, deflate_message(std::string(100'001, 'a')), true, kRsv1), rules), (Lines{"error:1009"}));
  const std::string bomb = deflate_message(std::string(30'000'000, 'a'));
  EXPECT_EQ(read(masked(kText, bomb, true, kRsv1), rules), (Lines{"error:1009"}));
}

TEST(MessageReader, RefusesBadCompressedText) {
  test::PeerDeflate peer;
  const std::string bad = peer.raw("good \xC0\x80");
  const std::string rest = peer.message(std::string(3000, 'x'));
  EXPECT_EQ(read(masked(kText, bad, false, kRsv1) + masked(kContinuation, rest), deflate_rules()),
            (Lines{"error:1007"}));
  EXPECT_EQ(read(masked(kText, deflate_message("cut \xE2\x82"), true, kRsv1), deflate_rules()), (Lines{"error:1007"}));
}

TEST(MessageReader, ForgetsHistoryBetweenMessagesOfAServersPeer) {
  test::PeerDeflate keeping;
  const std::string first = keeping.message("the same words again and again");
  const std::string second = keeping.message("the same words again and again");
  ASSERT_LT(second.size(), first.size());
  EXPECT_EQ(read(masked(kText, first, true, kRsv1) + masked(kText, second, true, kRsv1), deflate_rules()),
            (Lines{"text:the same words again and again", "error:1007"}));
}

TEST(MessageReader, KeepsHistoryWhereAgreed) {
  Inflater history;
  ReaderRules rules = deflate_rules();
  rules.history = &history;
  test::PeerDeflate keeping;
  ReaderLog log(rules);
  Lines expected;
  for (int i = 0; i < 20; ++i) {
    const std::string text = "the same words again and again, number " + std::to_string(i);
    log.feed(masked(kText, keeping.message(text), true, kRsv1));
    if (i % 3 == 0) log.feed(masked(kText, "plain"));
    expected.push_back("text:" + text);
    if (i % 3 == 0) expected.push_back("text:plain");
  }
  EXPECT_EQ(log.lines(), expected);
}

TEST(MessageReader, SharesOneInflaterAmongMessagesThatAreHalfRead) {
  Inflater shared;
  MessageReader one(shared);
  MessageReader two(shared);
  const std::string first = deflate_message("the first of two messages");
  const std::string second = deflate_message("another text");
  const std::vector<std::string> pieces = {
      masked(kText, first.substr(0, 9), false, kRsv1), masked(kText, second.substr(0, 4), false, kRsv1),
      masked(kContinuation, first.substr(9)), masked(kContinuation, second.substr(4))};
  one.feed(pieces[0], deflate_rules());
  EXPECT_EQ(test::shown(one.next()), "more");
  EXPECT_EQ(one.held(), 9u);
  two.feed(pieces[1], deflate_rules());
  EXPECT_EQ(test::shown(two.next()), "more");
  one.feed(pieces[2], deflate_rules());
  EXPECT_EQ(test::shown(one.next()), "text:the first of two messages");
  two.feed(pieces[3], deflate_rules());
  EXPECT_EQ(test::shown(two.next()), "text:another text");
}

TEST(MessageReader, LimitsWhatIsKeptOfACompressedMessage) {
  const std::string junk(65'000, '\xFF');
  ReaderLog log(deflate_rules());
  log.feed(masked(kBinary, junk, false, kRsv1));
  EXPECT_EQ(log.held(), 65'000u);
  EXPECT_FALSE(log.ended());
  log.feed(masked(kContinuation, junk, false));
  EXPECT_EQ(log.lines(), (Lines{"error:1009"}));
}

TEST(MessageReader, TakesACompressedMessageThatDidNotGetShorter) {
  std::string noise;
  for (uint32_t i = 0, x = 1; i < 100'000; ++i) noise += static_cast<char>((x = x * 1'664'525 + 1'013'904'223) >> 24);
  const std::string compressed = deflate_message(noise);
  ASSERT_GT(compressed.size(), noise.size());
  EXPECT_EQ(ReaderLog(deflate_rules()).feed(masked(kBinary, compressed, true, kRsv1)).lines(),
            (Lines{"binary:" + noise}));
}

TEST(MessageReader, RefusesByTheHeaderWhatIsTooBig) {
  const std::string frame = masked(kText, std::string(100'001, 'a'));
  EXPECT_EQ(bytes_until_error(frame), 14u);
  EXPECT_EQ(ReaderLog(plain_rules()).feed(frame.substr(0, 14)).lines(), (Lines{"error:1009"}));
  EXPECT_TRUE(ReaderLog(plain_rules()).feed(frame.substr(0, 13)).lines().empty());
  const std::string start = masked(kText, "0123456789", false);
  const std::string rest = masked(kContinuation, std::string(99'991, 'a'));
  EXPECT_EQ(bytes_until_error(start + rest), start.size() + 14);
}

TEST(MessageReader, IsIdleOnlyBetweenMessages) {
  const std::string whole = masked(kText, "He", false) + masked(kPing, "") + masked(kContinuation, "llo");
  ReaderLog log(plain_rules());
  for (size_t i = 0; i < whole.size(); ++i) {
    EXPECT_EQ(log.idle(), i == 0) << i;
    log.feed(whole.substr(i, 1));
  }
  EXPECT_TRUE(log.idle());
}

TEST(MessageReader, IsNotIdleWhileMoreIsToBeReadThanOneMessage) {
  Inflater shared;
  MessageReader reader(shared);
  const std::string input = masked(kText, "a") + masked(kText, "b");
  reader.feed(input, plain_rules());
  EXPECT_EQ(test::shown(reader.next()), "text:a");
  EXPECT_FALSE(reader.idle());
  EXPECT_EQ(test::shown(reader.next()), "text:b");
  EXPECT_TRUE(reader.idle());
  reader.clean();
  EXPECT_EQ(test::shown(reader.next()), "more");
}

}  // namespace
}  // namespace matchbus::ws
