#include "base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

namespace matchbus {
namespace {

TEST(Random, FillsAllBytes) {
  std::array<char, 1000> bytes{};
  random_bytes(bytes);
  // All zero in the last 16 has a chance of 2^-128.
  EXPECT_NE(std::string(bytes.end() - 16, bytes.end()), std::string(16, '\0'));
  random_bytes({});
}

TEST(Random, TextHasTheLengthAndTheAlphabet) {
  for (const size_t length : {0U, 1U, 63U, 64U, 65U, 1000U}) {
    const std::string text = random_text(length, "abc");
    EXPECT_EQ(text.size(), length);
    EXPECT_EQ(text.find_first_not_of("abc"), std::string::npos);
  }
}

// Each of 36 characters is expected 10,000 times with a deviation of about 100; a modulo without rejection would give
// the first four 14 % more than the others.
TEST(Random, TextIsUniform) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::array<int, 256> counts{};
  for (const char c : random_text(360'000, kAlphabet)) ++counts[static_cast<unsigned char>(c)];
  for (const char c : kAlphabet) {
    EXPECT_GT(counts[static_cast<unsigned char>(c)], 9'300) << c;
    EXPECT_LT(counts[static_cast<unsigned char>(c)], 10'700) << c;
  }
}

TEST(Random, AlphabetOfAllBytes) {
  std::string alphabet;
  for (int c = 0; c < 256; ++c) alphabet += static_cast<char>(c);
  const std::string text = random_text(20'000, alphabet);
  EXPECT_EQ(std::set<char>(text.begin(), text.end()).size(), 256U);
}

TEST(Random, IdsAreUrlSafeAndDiffer) {
  std::set<std::string> ids;
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = random_id();
    ASSERT_EQ(id.size(), 20U);
    ASSERT_EQ(id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 10'000U);
}

}  // namespace
}  // namespace matchbus
