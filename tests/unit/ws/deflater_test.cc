#include "ws/deflater.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "unit/ws/wire.h"

namespace matchbus::ws {
namespace {

std::string compress(Deflater& deflater, std::string_view text, int level = 3) {
  BytesWriter out;
  deflater.compress(text, level, out);
  return std::string(out.view());
}

// Text whose repetitions lie `distance` bytes apart: a compressor with a larger window refers back to them.
std::string repeating(size_t distance, size_t size) {
  std::mt19937 random(3);
  std::string text;
  for (size_t i = 0; i < size; ++i) text += i < distance ? static_cast<char>(random()) : text[i - distance];
  return text;
}

TEST(Deflater, GivesTheExampleOfTheStandard) {
  Deflater deflater(15);
  // RFC 7692 section 7.2.3.1.
  EXPECT_EQ(compress(deflater, "Hello"), "\xf2\x48\xcd\xc9\xc9\x07" + std::string(1, '\0'));
  // Section 7.2.3.6: an empty message is one byte.
  EXPECT_EQ(compress(deflater, ""), std::string(1, '\0'));
}

TEST(Deflater, KeepsNothingBetweenMessages) {
  Deflater deflater(15);
  const std::string text = repeating(100, 5000);
  const std::string first = compress(deflater, text);
  EXPECT_EQ(compress(deflater, text), first);
  EXPECT_EQ(test::PeerInflate().message(first), text);
}

TEST(Deflater, RefersToTheMessageBefore) {
  Deflater deflater(15);
  for (const size_t size : {5'000u, 30'000u, 32'768u, 80'000u}) {
    // Random, so that only the message before makes it small.
    std::string first = repeating(size, size);
    const std::string compressed = compress(deflater, first);
    std::string second = first;
    second[size / 2] = static_cast<char>(second[size / 2] + 1);
    BytesWriter out;
    deflater.compress(second, 3, out, first);
    // Of a longer one than the window only the end can be referred to, and that lies too far back.
    if (size < 32'000) {
      EXPECT_LT(out.size(), size / 10);
    }
    test::PeerInflate peer;
    EXPECT_EQ(peer.message(compressed), first);
    EXPECT_EQ(peer.message(out.view()), second) << size;
    EXPECT_EQ(compress(deflater, first), compressed) << "and forgets it";
  }
}

TEST(Deflater, ChangesLevels) {
  Deflater deflater(15);
  const std::string text = repeating(3000, 100'000);
  const std::string fast = compress(deflater, text, 1);
  const std::string best = compress(deflater, text, 9);
  const std::string stored = compress(deflater, text, 0);
  EXPECT_LT(best.size(), fast.size());
  EXPECT_GT(stored.size(), text.size());
  for (const std::string& form : {fast, best, stored}) EXPECT_EQ(test::PeerInflate().message(form), text);
  EXPECT_EQ(compress(deflater, text, 1), fast);
}

TEST(Deflater, KeepsToItsWindow) {
  for (int bits = 9; bits <= 15; ++bits) {
    Deflater deflater(static_cast<uint8_t>(bits));
    for (const size_t distance : {100u, 400u, 700u, 1500u, 3000u, 6000u, 12'000u, 25'000u}) {
      const std::string text = repeating(distance, 80'000);
      // The peer has no larger window, so a reference beyond it would not inflate.
      EXPECT_EQ(test::PeerInflate(bits).message(compress(deflater, text)), text) << bits << ' ' << distance;
    }
  }
}

TEST(Deflater, SurvivesEverySizeOfRoom) {
  Deflater deflater(15);
  std::mt19937 random(5);
  for (size_t size = 0; size < 3000; size += 7) {
    std::string text;
    for (size_t i = 0; i < size; ++i) text += static_cast<char>(random());
    BytesWriter out;
    out.append("before");
    deflater.compress(text, 3, out);
    ASSERT_EQ(out.view().substr(0, 6), "before");
    ASSERT_EQ(test::PeerInflate().message(out.view().substr(6)), text) << size;
  }
}

}  // namespace
}  // namespace matchbus::ws
