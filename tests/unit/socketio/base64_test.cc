#include "socketio/base64.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace matchbus::socketio {
namespace {

std::string encode(std::string_view data) {
  BytesWriter out;
  append_base64(out, data);
  return std::string(out.view());
}

std::optional<std::string> decode(std::string text) {
  const std::optional<size_t> size = decode_base64_in_place(text);
  if (!size) return std::nullopt;
  return text.substr(0, *size);
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
  for (const auto& [data, text] : vectors) {
    EXPECT_EQ(encode(data), text);
    EXPECT_EQ(decode(text), data);
  }
}

TEST(Base64, PaddingMayBeMissing) {
  EXPECT_EQ(decode("Zg"), "f");
  EXPECT_EQ(decode("Zm8"), "fo");
}

TEST(Base64, OtherTextsAreRefused) {
  for (const char* text : {"Z", "Zm9vZ", "Zg=", "Zg===", "=", "====", "Zm9v====", "Z=g=", "Zm 9v", "Zm9v\n", "Zm-_",
                           "Zh==", "Zm9=", "\xff\xff\xff\xff"}) {
    EXPECT_EQ(decode(text), std::nullopt) << text;
  }
}

TEST(Base64, AppendsBehindWhatIsThere) {
  BytesWriter out;
  out.append("b");
  append_base64(out, "foo");
  append_base64(out, "bar");
  EXPECT_EQ(out.view(), "bZm9vYmFy");
}

TEST(Base64, EveryByteSurvives) {
  std::mt19937 random(1);
  for (size_t size = 0; size < 600; ++size) {
    std::string data(size, '\0');
    for (char& c : data) c = static_cast<char>(random());
    EXPECT_EQ(decode(encode(data)), data);
  }
}

}  // namespace
}  // namespace matchbus::socketio
