#include "ws/inflater.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "unit/ws/wire.h"

namespace matchbus::ws {
namespace {

using Status = Inflater::Status;
using test::deflate_message;
using test::PeerDeflate;

constexpr size_t kNoLimit = 1 << 30;

struct Inflated {
  Status status;
  std::string text;
};

// A whole message, in pieces of `step` bytes.
Inflated inflate_all(Inflater& inflater, std::string_view compressed, size_t limit = kNoLimit, size_t step = SIZE_MAX,
                     bool keep_history = false) {
  BytesWriter out;
  inflater.begin(keep_history);
  Status status = Status::kOk;
  while (!compressed.empty() && status == Status::kOk) {
    const size_t size = std::min(step, compressed.size());
    status = inflater.feed(compressed.substr(0, size), out, limit);
    compressed.remove_prefix(size);
  }
  if (status == Status::kOk) status = inflater.finish(out, limit);
  return {status, std::string(out.view())};
}

void expect_text(std::string_view compressed, const std::string& text) {
  Inflater inflater;
  for (const size_t step : {size_t{1}, size_t{3}, SIZE_MAX}) {
    const Inflated result = inflate_all(inflater, compressed, kNoLimit, step);
    EXPECT_EQ(result.status, Status::kOk);
    EXPECT_EQ(result.text, text);
  }
}

void expect_corrupt(std::string_view compressed) {
  Inflater inflater;
  for (const size_t step : {size_t{1}, SIZE_MAX}) {
    EXPECT_EQ(inflate_all(inflater, compressed, kNoLimit, step).status, Status::kCorrupt)
        << testing::PrintToString(std::string(compressed));
  }
  // It is good for the next message.
  EXPECT_EQ(inflate_all(inflater, deflate_message("next")).text, "next");
}

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

// The examples of RFC 7692 section 7.2.3.
TEST(Inflater, ReadsTheExamplesOfTheStandard) {
  expect_text(bytes({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}), "Hello");
  expect_text(bytes({0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00}), "Hello");
  expect_text(bytes({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00}), "Hello");
  expect_text(bytes({0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00}), "Hello");
  expect_text(bytes({0x00}), "");
}

TEST(Inflater, KeepsHistoryOnlyIfAsked) {
  const std::string second = bytes({0xf2, 0x00, 0x11, 0x00, 0x00});  // section 7.2.3.2, refers to the first "Hello"
  PeerDeflate peer;
  const std::string first = peer.message("Hello");
  Inflater inflater;
  EXPECT_EQ(inflate_all(inflater, first, kNoLimit, SIZE_MAX, true).text, "Hello");
  EXPECT_EQ(inflate_all(inflater, second, kNoLimit, SIZE_MAX, true).text, "Hello");
  EXPECT_EQ(inflate_all(inflater, second, kNoLimit, 1, true).text, "Hello");
  EXPECT_EQ(inflate_all(inflater, first).text, "Hello");
  EXPECT_EQ(inflate_all(inflater, second).status, Status::kCorrupt);
}

TEST(Inflater, ReadsOnBehindFinalBlocks) {
  std::string three;
  for (int i = 0; i < 3; ++i) three += PeerDeflate().raw("part ", Z_FINISH);
  expect_text(three + std::string(1, '\0'), "part part part ");
  // Some senders leave out the empty block that follows.
  expect_text(three, "part part part ");
  // What follows a final block may refer to what came before it.
  const std::string hello_again = bytes({0xf2, 0x00, 0x11, 0x00, 0x00});
  expect_text(bytes({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}) + hello_again, "HelloHello");
}

TEST(Inflater, StartsAfreshBehindAMessageThatEndedWithAFinalBlock) {
  Inflater inflater;
  EXPECT_EQ(inflate_all(inflater, PeerDeflate().raw("one", Z_FINISH)).text, "one");
  EXPECT_EQ(inflate_all(inflater, deflate_message("two")).text, "two");
  EXPECT_EQ(inflate_all(inflater, PeerDeflate().raw("three", Z_FINISH), kNoLimit, SIZE_MAX, true).text, "three");
  EXPECT_EQ(inflate_all(inflater, deflate_message("four"), kNoLimit, SIZE_MAX, true).text, "four");
}

TEST(Inflater, TakesNoBytesAsNoText) { expect_text("", ""); }

TEST(Inflater, RefusesGarbage) {
  expect_corrupt(bytes({0xff, 0xff, 0xff, 0xff}));                    // block type 3
  expect_corrupt(bytes({0x00, 0x05, 0x00, 0xfa, 0xfe, 0x48}));        // stored lengths that do not agree
  expect_corrupt(deflate_message("Hello") + "\xff\xff");              // garbage behind the message
  expect_corrupt(PeerDeflate().raw("Hello", Z_FINISH) + "\xff\xff");  // and behind a final block
  expect_corrupt(bytes({0xf2, 0x00, 0x11, 0x00, 0x00}));              // refers to what never was
}

TEST(Inflater, RefusesMessagesCutShort) {
  std::string text;
  for (int i = 0; i < 500; ++i) text += std::to_string(i * i);
  const std::string whole = deflate_message(text);
  Inflater inflater;
  for (size_t size = 1; size < whole.size(); ++size) {
    ASSERT_EQ(inflate_all(inflater, std::string_view(whole).substr(0, size)).status, Status::kCorrupt) << size;
  }
  EXPECT_EQ(inflate_all(inflater, whole).text, text);
}

TEST(Inflater, StopsAtTheLimit) {
  const std::string compressed = deflate_message(std::string(10'000, 'a'));
  Inflater inflater;
  EXPECT_EQ(inflate_all(inflater, compressed, 10'000).status, Status::kOk);
  EXPECT_EQ(inflate_all(inflater, compressed, 10'000, 1).text.size(), 10'000u);
  EXPECT_EQ(inflate_all(inflater, compressed, 9'999).status, Status::kTooBig);
  EXPECT_EQ(inflate_all(inflater, compressed, 9'999, 1).status, Status::kTooBig);
  EXPECT_EQ(inflate_all(inflater, compressed, 1).status, Status::kTooBig);
}

TEST(Inflater, LetsNoBombGoOff) {
  const std::string bomb = deflate_message(std::string(50'000'000, '\0'));
  ASSERT_LT(bomb.size(), 60'000u);
  Inflater inflater;
  const Inflated result = inflate_all(inflater, bomb, 100'000);
  EXPECT_EQ(result.status, Status::kTooBig);
  EXPECT_EQ(result.text.size(), 100'001u);
}

TEST(Inflater, GivesBackWhatWasDeflatedHoweverItIsCut) {
  std::mt19937 random(11);
  Inflater inflater;
  for (int round = 0; round < 300; ++round) {
    std::string text;
    const size_t size = random() % 20'000;
    const unsigned letters = 1 + random() % 256;
    while (text.size() < size) text += static_cast<char>(random() % letters);
    PeerDeflate peer(9 + static_cast<int>(random() % 7), static_cast<int>(random() % 10));
    const std::string compressed = peer.message(text);
    const Inflated result = inflate_all(inflater, compressed, text.size(), 1 + random() % 5000);
    ASSERT_EQ(result.status, Status::kOk);
    ASSERT_EQ(result.text, text);
  }
}

}  // namespace
}  // namespace matchbus::ws
