#include "bus/token_base64.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace matchbus::bus {
namespace {

std::optional<std::string> decode(std::string_view text) {
  std::string out(text.size() / 4 * 3 + 3, '\0');
  const auto size = decode_base64url(text, out);
  if (!size) return std::nullopt;
  out.resize(*size);
  return out;
}

TEST(TokenBase64, KnowsTheTextsOfTheStandard) {
  // RFC 4648, section 10, without the padding.
  const std::pair<const char*, const char*> pairs[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : pairs) {
    std::string encoded;
    append_base64url(encoded, bytes);
    EXPECT_EQ(encoded, text);
    EXPECT_EQ(decode(text), bytes);
  }
  EXPECT_EQ(decode("-_8"), "\xfb\xff");
}

TEST(TokenBase64, EveryTextComesBack) {
  for (size_t size = 0; size < 200; ++size) {
    std::string bytes(size, '\0');
    random_bytes(bytes);
    std::string text;
    append_base64url(text, bytes);
    EXPECT_EQ(decode(text), bytes);
  }
}

TEST(TokenBase64, TakesOneTextOnlyForTheSameBytes) {
  size_t taken = 0;
  for (int a = 0; a < 256; ++a) {
    const std::string text = {'Z', static_cast<char>(a)};
    if (decode(text)) ++taken;
  }
  EXPECT_EQ(taken, 4u) << "two characters are one byte and four bits that must be zero";
  for (const char* text : {"Zh", "Zm9", "Zm9vYmF", "Zm9vYmG"}) EXPECT_EQ(decode(text), std::nullopt) << text;
}

TEST(TokenBase64, RefusesWhatIsNone) {
  for (const char* text :
       {"Z", "Zm9vY", "Zg==", "Zg=", "Zm+v", "Zm/v", "Zm v", "Zm9v\n", " Zm9", "Zm9v.", "Zm\x80v", "===="})
    EXPECT_EQ(decode(text), std::nullopt) << text;
}

}  // namespace
}  // namespace matchbus::bus
