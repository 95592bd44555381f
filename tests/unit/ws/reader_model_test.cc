// MessageReader against a naive model of RFC 6455 and 7692 that reads whole frames from whole input, on random traffic,
// good and bad, cut at random.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "unit/ws/reader_log.h"
#include "unit/ws/wire.h"
#include "ws/utf8_validator.h"

namespace matchbus::ws {
namespace {

using test::Lines;
using test::WireFrame;

constexpr size_t kMaxMessage = 3000;

bool valid_close_code(unsigned code) {
  if (code < 1000 || code == 1004 || code == 1005 || code == 1006) return false;
  return code <= 1014 || (code >= 3000 && code <= 4999);
}

// What must be said about these frames, given as they were made: no parsing here.
class Model {
 public:
  explicit Model(bool deflate) : deflate_(deflate) {}

  Lines run(const std::vector<WireFrame>& frames) {
    for (const WireFrame& frame : frames) {
      const std::string line = frame.opcode >= 8 ? control(frame) : data(frame);
      if (!line.empty()) lines_.push_back(line);
      if (line.starts_with("error") || line.starts_with("close")) break;
    }
    return lines_;
  }

 private:
  std::string control(const WireFrame& frame) {
    if (!frame.fin || frame.payload.size() > 125 || !frame.masked || frame.rsv != 0) return "error:1002";
    if (frame.opcode == 9) return "ping:" + frame.payload;
    if (frame.opcode == 10) return "pong:" + frame.payload;
    if (frame.opcode != 8 || frame.payload.size() == 1) return "error:1002";
    if (frame.payload.empty()) return "close:1005:";
    const unsigned code = static_cast<uint8_t>(frame.payload[0]) * 256u + static_cast<uint8_t>(frame.payload[1]);
    if (!valid_close_code(code)) return "error:1002";
    if (!is_utf8(frame.payload.substr(2))) return "error:1007";
    return "close:" + std::to_string(code) + ":" + frame.payload.substr(2);
  }

  std::string data(const WireFrame& frame) {
    if (!frame.masked || (frame.rsv & (deflate_ ? 3 : 7)) != 0) return "error:1002";
    if (frame.opcode == 0 ? !open_ || frame.rsv != 0 : frame.opcode > 2 || open_) return "error:1002";
    if (frame.opcode != 0) {
      open_ = true;
      text_ = frame.opcode == 1;
      compressed_ = frame.rsv != 0;
      wire_.clear();
    }
    wire_ += frame.payload;
    if (wire_.size() > (compressed_ ? kMaxMessage + kMaxMessage / 8 + 64 : kMaxMessage)) return "error:1009";
    if (!compressed_ && text_ && !could_become_utf8(wire_)) return "error:1007";
    if (!frame.fin) return "";
    open_ = false;
    std::string message = wire_;
    if (compressed_) {
      if (!inflate(message)) return "error:1007";
    }
    if (message.size() > kMaxMessage) return "error:1009";
    if (text_ && !is_utf8(message)) return "error:1007";
    return (text_ ? "text:" : "binary:") + message;
  }

  // Whole and good, as a further block behind it shows.
  bool inflate(std::string& message) const {
    if (wire_.empty()) return true;
    try {
      test::PeerInflate peer;
      message = peer.message(wire_);
      return peer.message(std::string("\x00\x03\x00\xfc\xff"
                                      "END\x00",
                                      9)) == "END";
    } catch (const std::runtime_error&) {
      return false;
    }
  }

  // Some ending makes it valid.
  static bool could_become_utf8(const std::string& text) {
    for (const char* ending : {"", "\x80", "\x80\x80", "\x80\x80\x80", "\xA0\x80", "\x90\x80\x80"}) {
      if (is_utf8(text + ending)) return true;
    }
    return false;
  }

  bool deflate_;
  bool open_ = false;
  bool text_ = false;
  bool compressed_ = false;
  std::string wire_;
  Lines lines_;
};

class Traffic {
 public:
  Traffic(unsigned seed, bool deflate) : random_(seed), deflate_(deflate) {}

  std::vector<WireFrame> frames() {
    std::vector<WireFrame> frames;
    const size_t messages = 1 + pick(8);
    for (size_t i = 0; i < messages; ++i) add_message(frames);
    if (pick(3) == 0) frames.push_back(frame(8, close_payload()));
    if (pick(2) == 0) spoil(frames[pick(frames.size())]);
    return frames;
  }
  size_t pick(size_t below) { return random_() % below; }

 private:
  WireFrame frame(uint8_t opcode, std::string payload) {
    return {.opcode = opcode,
            .payload = std::move(payload),
            .fin = true,
            .rsv = 0,
            .masked = true,
            .key = static_cast<uint32_t>(random_())};
  }

  std::string text() {
    static const std::vector<std::string> kParts = {"a", "plain ASCII text ", "\xC3\xA9", "\xE2\x82\xAC",
                                                    "\xF0\x9F\x98\x80"};
    const std::vector<size_t> sizes = {0, 1, 10, 125, 130, 1000, 2900};
    const size_t size = sizes[pick(sizes.size())];
    std::string result;
    while (result.size() < size) result += kParts[pick(kParts.size())];
    return result;
  }

  std::string close_payload() {
    const std::vector<uint16_t> codes = {1000, 1001, 1005, 1011, 3000, 4999, 5000, 0};
    if (pick(6) == 0) return pick(2) == 0 ? "" : "x";
    return test::close_body(codes[pick(codes.size())], pick(5) == 0 ? "\xC3" : "reason");
  }

  void add_message(std::vector<WireFrame>& frames) {
    std::string payload = text();
    uint8_t opcode = static_cast<uint8_t>(1 + pick(2));
    uint8_t rsv = 0;
    if (deflate_ && pick(2) == 0) {
      payload = test::deflate_message(payload);
      rsv = 4;
    }
    while (pick(3) == 0) {
      const size_t cut = pick(payload.size() + 1);
      frames.push_back(frame(opcode, payload.substr(0, cut)));
      frames.back().fin = false;
      frames.back().rsv = rsv;
      payload.erase(0, cut);
      opcode = 0;
      rsv = 0;
      if (pick(3) == 0) frames.push_back(frame(static_cast<uint8_t>(9 + pick(2)), std::string(pick(126), 'c')));
    }
    frames.push_back(frame(opcode, payload));
    frames.back().rsv = rsv;
  }

  void spoil(WireFrame& frame) {
    switch (pick(7)) {
      case 0:
        frame.masked = false;
        break;
      case 1:
        frame.rsv = static_cast<uint8_t>(pick(8));
        break;
      case 2:
        frame.opcode = static_cast<uint8_t>(pick(16));
        break;
      case 3:
        frame.fin = !frame.fin;
        break;
      case 4:
        if (!frame.payload.empty()) frame.payload[pick(frame.payload.size())] ^= static_cast<char>(1 + pick(255));
        break;
      case 5:
        frame.payload += std::string(pick(4000), 'y');
        break;
      default:
        frame.payload.resize(pick(frame.payload.size() + 1));
        break;
    }
  }

  std::mt19937 random_;
  bool deflate_;
};

void compare(bool deflate) {
  size_t errors = 0;
  size_t messages = 0;
  for (unsigned seed = 1; seed <= 6000; ++seed) {
    Traffic traffic(seed, deflate);
    const std::vector<WireFrame> frames = traffic.frames();
    std::string bytes;
    for (const WireFrame& frame : frames) bytes += encode(frame);
    const Lines expected = Model(deflate).run(frames);
    const ReaderRules rules{.expect_masked = true, .deflate = deflate, .max_message = kMaxMessage, .history = nullptr};
    const size_t most = 1 + traffic.pick(300);
    test::ReaderLog log(rules);
    log.feed_cut(bytes, [&] { return 1 + traffic.pick(most); });
    if (deflate && !expected.empty() && expected.back().starts_with("error:")) {
      // The model inflates whole messages. The reader may know earlier, and then of another of several errors.
      ASSERT_TRUE(log.ended()) << "seed " << seed;
      const Lines& lines = log.lines();
      ASSERT_TRUE(lines.back().starts_with("error:")) << "seed " << seed;
      ASSERT_LE(lines.size(), expected.size()) << "seed " << seed;
      ASSERT_TRUE(std::equal(lines.begin(), lines.end() - 1, expected.begin())) << "seed " << seed;
    } else {
      ASSERT_EQ(log.lines(), expected) << "seed " << seed;
    }
    ASSERT_EQ(test::ReaderLog(rules).feed(bytes).lines(), log.lines()) << "seed " << seed;
    errors += !expected.empty() && expected.back().starts_with("error");
    messages += expected.size();
  }
  EXPECT_GT(errors, 1000u);
  EXPECT_GT(messages, 10'000u);
}

TEST(ReaderModel, AgreesWithoutCompression) { compare(false); }
TEST(ReaderModel, AgreesWithCompression) { compare(true); }

}  // namespace
}  // namespace matchbus::ws
