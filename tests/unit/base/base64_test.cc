#include "base/base64.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "base/random.h"

namespace matchbus {
namespace {

template <typename Decoder>
std::optional<std::string> decoded(Decoder decoder, std::string_view text) {
  std::string out(text.size() * 3 / 4, '\0');
  const std::optional<size_t> size = decoder(text, out);
  if (!size) return std::nullopt;
  out.resize(*size);
  return out;
}
std::optional<std::string> decode(std::string_view text) { return decoded(decode_base64, text); }
std::optional<std::string> decode_url(std::string_view text) { return decoded(decode_base64url, text); }

std::string encode(std::string_view bytes) {
  BytesWriter out;
  append_base64(out, bytes);
  EXPECT_EQ(out.view(), base64(bytes));
  return std::string(out.view());
}
std::string encode_url(std::string_view bytes) {
  std::string out;
  append_base64url(out, bytes);
  return out;
}

// RFC 4648 section 10.
TEST(Base64, TestVectors) {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(encode(bytes), text);
    EXPECT_EQ(decode(text), bytes);
    const std::string unpadded(text, std::string_view(text).find_last_not_of('=') + 1);
    EXPECT_EQ(decode(unpadded), bytes) << "padding may be missing";
    EXPECT_EQ(encode_url(bytes), unpadded);
    EXPECT_EQ(decode_url(unpadded), bytes);
  }
}

TEST(Base64, EachAlphabetHasItsOwnLastTwoCharacters) {
  EXPECT_EQ(encode("\xfb\xff"), "+/8=");
  EXPECT_EQ(decode("+/8="), "\xfb\xff");
  EXPECT_EQ(decode("-_8="), std::nullopt);
  EXPECT_EQ(encode_url("\xfb\xff"), "-_8");
  EXPECT_EQ(decode_url("-_8"), "\xfb\xff");
  EXPECT_EQ(decode_url("+/8"), std::nullopt);
}

TEST(Base64, OtherTextsAreRefused) {
  for (const char* text : {"Z", "Zm9vZ", "Zg=", "Zg===", "=", "==", "====", "Zm9v====", "Z=g=", "Zm 9v", "Zm9v\n",
                           " Zm9", "Zm-_", "Zm9v.", "Zm\x80v", "\xff\xff\xff\xff"}) {
    EXPECT_EQ(decode(text), std::nullopt) << text;
  }
  for (const char* text :
       {"Z", "Zm9vY", "Zg==", "Zg=", "Zm+v", "Zm/v", "Zm v", "Zm9v\n", " Zm9", "Zm9v.", "Zm\x80v", "===="}) {
    EXPECT_EQ(decode_url(text), std::nullopt) << text;
  }
}

TEST(Base64, TakesOneTextOnlyForTheSameBytes) {
  size_t taken = 0;
  for (int a = 0; a < 256; ++a) {
    const std::string text = {'Z', static_cast<char>(a)};
    EXPECT_EQ(decode(text).has_value(), decode_url(text).has_value());
    if (decode(text)) ++taken;
  }
  EXPECT_EQ(taken, 4u) << "two characters are one byte and four bits that must be zero";
  for (const char* text : {"Zh", "Zm9", "Zm9vYmF", "Zm9vYmG"}) {
    EXPECT_EQ(decode(text), std::nullopt) << text;
    EXPECT_EQ(decode_url(text), std::nullopt) << text;
  }
  for (const char* text : {"Zh==", "Zm9="}) EXPECT_EQ(decode(text), std::nullopt) << text;
}

TEST(Base64, AppendsBehindWhatIsThere) {
  BytesWriter out;
  out.append("b");
  append_base64(out, "foo");
  append_base64(out, "bar");
  EXPECT_EQ(out.view(), "bZm9vYmFy");
  std::string text = "b";
  append_base64url(text, "foo");
  append_base64url(text, "ba");
  EXPECT_EQ(text, "bZm9vYmE");
}

TEST(Base64, DecodesOverTheTextItself) {
  std::string text = "Zm9vYmFyZm9vYmE=";
  const std::optional<size_t> size = decode_base64(text, text);
  ASSERT_TRUE(size);
  EXPECT_EQ(text.substr(0, *size), "foobarfooba");
}

TEST(Base64, EveryByteSurvives) {
  for (size_t size = 0; size < 600; ++size) {
    std::string bytes(size, '\0');
    random_bytes(bytes);
    EXPECT_EQ(decode(encode(bytes)), bytes);
    EXPECT_EQ(decode_url(encode_url(bytes)), bytes);
  }
}

}  // namespace
}  // namespace matchbus
