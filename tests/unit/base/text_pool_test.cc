#include "base/text_pool.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace matchbus {
namespace {

TEST(TextPool, SameTextSameId) {
  Arena arena(100'000);
  TextPool pool(arena);
  const TextId a = pool.intern("a");
  const TextId b = pool.intern("b");
  EXPECT_NE(a, b);
  EXPECT_EQ(pool.intern("a"), a);
  EXPECT_EQ(pool.find("b"), b);
  EXPECT_EQ(pool.find("c"), kNoText);
  EXPECT_EQ(pool.view(a), "a");
  EXPECT_EQ(pool.size(), 2U);
}

TEST(TextPool, KnowsTheEmptyTextAndNone) {
  Arena arena(100'000);
  TextPool pool(arena);
  EXPECT_EQ(pool.find("x"), kNoText);
  EXPECT_EQ(pool.intern(""), kEmptyText);
  EXPECT_EQ(pool.find(""), kEmptyText);
  EXPECT_EQ(pool.view(kEmptyText), "");
  EXPECT_EQ(pool.view(kNoText), "");
  EXPECT_NE(pool.view(kNoText).data(), nullptr);
  EXPECT_TRUE(pool.is_plain(kEmptyText));
  EXPECT_EQ(pool.size(), 0U);
}

TEST(TextPool, TellsWhatNeedsEscapes) {
  Arena arena(100'000);
  TextPool pool(arena);
  EXPECT_TRUE(pool.is_plain(pool.intern("Päul #1 \x7f")));
  for (const char* text : {"a\"b", "a\\b", "a\nb", "\x1f"}) EXPECT_FALSE(pool.is_plain(pool.intern(text))) << text;
  EXPECT_FALSE(pool.is_plain(pool.intern(std::string_view("\0", 1))));
}

TEST(TextPool, CopiesWhatItKeeps) {
  Arena arena(100'000);
  TextPool pool(arena);
  std::string text = "first";
  const TextId id = pool.intern(text);
  text[0] = 'x';
  EXPECT_EQ(pool.view(id), "first");
}

TEST(TextPool, RefusesAtTheArenasLimit) {
  Arena arena(8'000, 1'000);
  TextPool pool(arena);
  std::map<std::string, TextId> kept;
  for (int i = 0; i < 5'000; ++i) {
    const std::string text = "text " + std::to_string(i);
    const TextId id = pool.intern(text);
    if (id != kNoText) kept[text] = id;
  }
  EXPECT_GT(kept.size(), 50U);
  EXPECT_LT(kept.size(), 2'000U);
  for (const auto& [text, id] : kept) {
    EXPECT_EQ(pool.intern(text), id);
    EXPECT_EQ(pool.view(id), text);
  }
  EXPECT_LE(pool.used(), 8'000U);
}

// Against a map, over several growths.
TEST(TextPool, Model) {
  std::mt19937 random(7);
  Arena arena(10'000'000);
  TextPool pool(arena);
  std::map<std::string, TextId> model;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = "k" + std::to_string(random() % 3'000);
    const auto known = model.find(text);
    EXPECT_EQ(pool.find(text), known == model.end() ? kNoText : known->second);
    const TextId id = pool.intern(text);
    if (known != model.end()) {
      EXPECT_EQ(id, known->second);
    }
    model[text] = id;
  }
  EXPECT_EQ(pool.size(), model.size());
  for (const auto& [text, id] : model) EXPECT_EQ(pool.view(id), text);
}

}  // namespace
}  // namespace matchbus
