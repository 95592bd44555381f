#include "app/memory_limit.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/tls_peer.h"

namespace matchbus::app {
namespace {

constexpr size_t kMb = 1024 * 1024;

TEST(MemoryLimit, IsReadFromText) {
  EXPECT_EQ(read_memory_limit("0"), 0U);
  EXPECT_EQ(read_memory_limit("268435456"), 268'435'456U);
  EXPECT_GT(read_memory_limit("auto").value_or(0), 16 * kMb);
  for (const char* text : {"", "-1", "1M", "half", "1 ", "99999999999999999999999"})
    EXPECT_FALSE(read_memory_limit(text)) << text;
}

class ControlGroupTest : public testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) {
    const std::filesystem::path file = root() + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text << '\n';
  }
  std::string root() const { return directory_.path(); }
  test::TemporaryDirectory directory_;
};

TEST_F(ControlGroupTest, VersionTwo) {
  EXPECT_EQ(control_group_limit("0::/a/b\n", root()), UINT64_MAX);
  put("/a/b/memory.max", "max");
  EXPECT_EQ(control_group_limit("0::/a/b\n", root()), UINT64_MAX);
  put("/a/memory.max", "268435456");
  EXPECT_EQ(control_group_limit("0::/a/b\n", root()), 268'435'456U);
  put("/a/b/memory.max", "1000000");
  EXPECT_EQ(control_group_limit("0::/a/b\n", root()), 1'000'000U);
  EXPECT_EQ(control_group_limit("0::/\n", root()), UINT64_MAX);
  put("/memory.max", "500000");
  EXPECT_EQ(control_group_limit("0::/of/the/machine/outside\n", root()), 500'000U);
}

TEST_F(ControlGroupTest, VersionOne) {
  const std::string groups = "12:cpu,cpuacct:/x\n4:memory:/docker/abc\n0::/y\n";
  EXPECT_EQ(control_group_limit(groups, root()), UINT64_MAX);
  put("/memory/memory.limit_in_bytes", "9223372036854771712");
  put("/memory/docker/abc/memory.limit_in_bytes", "268435456");
  EXPECT_EQ(control_group_limit(groups, root()), 268'435'456U);
}

TEST_F(ControlGroupTest, WhatMakesNoSenseIsNoLimit) {
  for (const char* groups : {"", "\n", "0", "0:", "0::", "0::a", "::::", "memory"})
    EXPECT_EQ(control_group_limit(groups, root()), UINT64_MAX) << groups;
}

}  // namespace
}  // namespace matchbus::app
