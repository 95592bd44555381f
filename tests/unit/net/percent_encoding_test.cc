#include "net/percent_encoding.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace matchbus::net {
namespace {

TEST(PercentEncoding, AreEncodedAsOneStepOfAPath) {
  EXPECT_EQ(percent_encode_segment("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(percent_encode_segment("a/b?c#d e%"), "a%2Fb%3Fc%23d%20e%25");
  EXPECT_EQ(percent_encode_segment("\xC3\xA4\n"), "%C3%A4%0A");
  EXPECT_EQ(percent_encode_segment(std::string_view("\0", 1)), "%00");
  EXPECT_EQ(percent_encode_segment(".."), "%2E%2E");
  EXPECT_EQ(percent_encode_segment("."), "%2E");
}

TEST(PercentEncoding, AreDecodedOrRefused) {
  EXPECT_EQ(percent_decode("a%2Fb%20+"), "a/b +");
  EXPECT_EQ(percent_decode(""), "");
  for (const char* text : {"%", "%2", "a%", "%2G", "%G2", "%-1", "%+1", "% 1", "%%41"}) {
    EXPECT_FALSE(percent_decode(text)) << text;
  }
}

TEST(PercentEncoding, AnyBytesComeBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(percent_decode(percent_encode_segment(all)), all);
}

}  // namespace
}  // namespace matchbus::net
