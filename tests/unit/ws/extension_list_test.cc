#include "ws/extension_list.h"

#include <gtest/gtest.h>

namespace matchbus::ws {
namespace {

// "name;parameter=value;parameter|name...", or "malformed".
std::string shown(std::string_view header) {
  const std::optional<ExtensionList> list = parse_extensions(header);
  if (!list) return "malformed";
  std::string text;
  for (const Extension& extension : *list) {
    if (!text.empty()) text += '|';
    text += extension.name;
    for (const ExtensionParameter& parameter : extension.parameters) {
      text += ';' + parameter.name;
      if (parameter.value) text += '=' + *parameter.value;
    }
  }
  return text;
}

TEST(ExtensionList, ReadsNamesParametersAndValues) {
  EXPECT_EQ(shown("foo"), "foo");
  EXPECT_EQ(shown("foo, bar; baz=2"), "foo|bar;baz=2");
  EXPECT_EQ(shown("permessage-deflate; client_max_window_bits"), "permessage-deflate;client_max_window_bits");
  EXPECT_EQ(shown("a;b=1;b=2;c , a"), "a;b=1;b=2;c|a");
}

TEST(ExtensionList, PassesOverSpaceAndEmptyElements) {
  EXPECT_EQ(shown(" \tfoo ; a = 1 ,\t bar "), "foo;a=1|bar");
  EXPECT_EQ(shown(",foo,,bar,"), "foo|bar");
}

TEST(ExtensionList, TakesQuotedValuesThatAreTokens) {
  EXPECT_EQ(shown("foo; a=\"10\"; b=\"x\\y\""), "foo;a=10;b=xy");
  for (const char* header : {"foo; a=\"1 0\"", "foo; a=\"1,0\"", "foo; a=\"\"", "foo; a=\"10", "foo; a=\"10\\"}) {
    EXPECT_EQ(shown(header), "malformed") << header;
  }
}

TEST(ExtensionList, RefusesWhatTheGrammarDoesNotKnow) {
  for (const char* header : {"", " ", ",", ";", "foo;", "foo;;a", "foo; =1", "foo; a=", "foo bar", "foo; a b", "foo/1",
                             "foo; a=1=2", "\"foo\"", "foo; a=\"1\"2", "f\xC3\xB6o", "foo, bar;"}) {
    EXPECT_EQ(shown(header), "malformed") << header;
  }
  EXPECT_FALSE(parse_extensions(std::string_view("fo\0o", 4)));
}

}  // namespace
}  // namespace matchbus::ws
