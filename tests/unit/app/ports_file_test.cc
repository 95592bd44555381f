#include "app/ports_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/tls_peer.h"

namespace matchbus::app {
namespace {

class PortsFileTest : public ::testing::Test {
 protected:
  test::TemporaryDirectory home_;
  std::string path_ = home_.file("ports.json");
  PortsFile file_{path_};
};

TEST_F(PortsFileTest, IsThereWhileItIsNeeded) {
  EXPECT_TRUE(file_.remove().ok());
  ASSERT_TRUE(file_.write(1, 2, 3).ok());
  EXPECT_EQ(test::read_file(path_), "{\"ingest\":1,\"output\":2,\"extras\":3}\n");
  ASSERT_TRUE(file_.write(4, 5, 6).ok());
  EXPECT_EQ(test::read_file(path_), "{\"ingest\":4,\"output\":5,\"extras\":6}\n");
  EXPECT_TRUE(file_.remove().ok());
  EXPECT_NE(access(path_.c_str(), F_OK), 0);
  EXPECT_FALSE(PortsFile(home_.file("no/such")).write(1, 2, 3).ok());
  EXPECT_TRUE(PortsFile("").write(1, 2, 3).ok());
}

// In a directory that others write to, they may have put a link where the file, or the one before it, is to be.
TEST_F(PortsFileTest, NoLinkIsFollowed) {
  const std::string victim = home_.file("victim");
  test::write_file(victim, "precious");
  for (const std::string& trap : {path_, path_ + ".new"}) {
    ASSERT_EQ(symlink(victim.c_str(), trap.c_str()), 0);
    ASSERT_TRUE(file_.write(1, 2, 3).ok());
    EXPECT_EQ(test::read_file(victim), "precious");
    EXPECT_EQ(test::read_file(path_), "{\"ingest\":1,\"output\":2,\"extras\":3}\n");
    EXPECT_TRUE(file_.remove().ok());
    ASSERT_EQ(symlink(victim.c_str(), path_.c_str()), 0);
    EXPECT_TRUE(file_.remove().ok());
    EXPECT_EQ(test::read_file(victim), "precious");
  }
}

}  // namespace
}  // namespace matchbus::app
