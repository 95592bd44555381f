#include "match/journal_sidecar.h"

#include <gtest/gtest.h>

namespace matchbus::match {
namespace {

Result<Sidecar> read(std::string text) {
  json::Document document;
  if (const auto parsed = document.parse_in_place(text); !parsed) return parsed.error();
  return read_sidecar(document.root());
}

TEST(Sidecar, IsReadBack) {
  BytesWriter out;
  write_sidecar(out, {"SECRET123456", "cam \"secret\"\n", {"id", "N\xc3\xa4me", true}});
  const auto sidecar = read(std::string(out.view()));
  ASSERT_TRUE(sidecar) << sidecar.error().message;
  EXPECT_EQ(sidecar->group_secret, "SECRET123456");
  EXPECT_EQ(sidecar->player_cam_secret, "cam \"secret\"\n");
  EXPECT_EQ(sidecar->organization.id, "id");
  EXPECT_EQ(sidecar->organization.name, "N\xc3\xa4me");
  EXPECT_TRUE(sidecar->organization.is_supporter);
  EXPECT_EQ(out.view().back(), '\n');
}

TEST(Sidecar, WhatIsNotOneIsRefused) {
  const std::string good =
      R"({"version":1,"groupSecret":"S","playercamSecret":"","organization":{"id":"","name":"","isSupporter":false}})";
  EXPECT_TRUE(read(good));
  EXPECT_FALSE(read(""));
  EXPECT_FALSE(read("[]"));
  EXPECT_FALSE(read("{}"));
  EXPECT_FALSE(read(good.substr(0, good.size() - 1)));
  const auto with = [&](std::string_view before, std::string_view after) {
    std::string text = good;
    return text.replace(text.find(before), before.size(), after);
  };
  EXPECT_FALSE(read(with("\"version\":1", "\"version\":2"))) << "a newer form may mean something else";
  EXPECT_FALSE(read(with("\"version\":1,", "")));
  EXPECT_FALSE(read(with("\"groupSecret\":\"S\"", "\"groupSecret\":\"\""))) << "an empty secret would let everybody in";
  EXPECT_FALSE(read(with("\"groupSecret\":\"S\"", "\"groupSecret\":5")));
  EXPECT_FALSE(read(with("\"isSupporter\":false", "\"isSupporter\":0")));
  EXPECT_FALSE(read(with("\"playercamSecret\":\"\",", "")));
}

}  // namespace
}  // namespace matchbus::match
