#include "app/secret_arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace matchbus::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::array<SecretFlag, 2> kFlags = {
    {{.flag = "--key", .environment = "KEY"}, {.flag = "--url", .environment = "URL", .only_with_user = true}}};

class SecretArguments : public ::testing::Test {
 protected:
  // Takes them; what is left of them is in `left`.
  Arguments take(std::vector<std::string> texts) {
    texts.insert(texts.begin(), "program");
    std::vector<std::vector<char>> memory;
    std::vector<char*> argv;
    for (const std::string& text : texts) {
      memory.emplace_back(text.begin(), text.end());
      memory.back().push_back('\0');
    }
    for (auto& text : memory) argv.push_back(text.data());
    Arguments taken = take_arguments(static_cast<int>(argv.size()), argv.data(), kFlags);
    left.clear();
    for (const auto& text : memory) left += std::string(text.begin(), text.end());
    EXPECT_EQ(taken.texts, texts);
    return taken;
  }
  std::string left;
};

TEST_F(SecretArguments, AreWipedInBothForms) {
  for (const std::vector<std::string>& texts : {std::vector<std::string>{"--key", "s3cret", "--other", "x"},
                                                {"--key=s3cret", "--other", "x"},
                                                {"--other", "x", "--key", "s3cret", "--key=s3cret"},
                                                {"--url", "redis://me:s3cret@host"}}) {
    EXPECT_EQ(take(texts).secrets.size(), 1U);
    EXPECT_THAT(left, Not(HasSubstr("s3cret")));
    EXPECT_THAT(left, Not(HasSubstr("3")));
  }
  EXPECT_THAT(left, HasSubstr("--url"));
}

TEST_F(SecretArguments, EverythingElseStays) {
  for (const std::vector<std::string>& texts : {std::vector<std::string>{},
                                                {"--keys", "visible"},
                                                {"--other=--key", "visible"},
                                                {"--key="},
                                                {"--key", ""},
                                                {"--key"},
                                                {"--url", "redis://visible"},
                                                {"--url=redis://visible"}}) {
    EXPECT_TRUE(take(texts).secrets.empty());
    for (const std::string& text : texts) EXPECT_THAT(left, HasSubstr(text));
  }
}

TEST_F(SecretArguments, ABetterPlaceIsNamed) {
  const Arguments taken = take({"--key", "x"});
  ASSERT_EQ(taken.secrets.size(), 1U);
  EXPECT_THAT(advice_on(taken.secrets[0]), HasSubstr("set KEY in the environment"));
  EXPECT_THAT(taken.argv(), ElementsAre(::testing::StrEq("program"), ::testing::StrEq("--key"), ::testing::StrEq("x"),
                                        ::testing::IsNull()));
}

}  // namespace
}  // namespace matchbus::app
