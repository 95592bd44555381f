#include "app/private_directory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/tls_peer.h"

namespace matchbus::app {
namespace {

struct stat directory_of(uid_t owner, mode_t mode) {
  struct stat info {};
  info.st_uid = owner;
  info.st_mode = S_IFDIR | mode;
  return info;
}

TEST(PrivateDirectory, BelongsToTheServersUserOrToRoot) {
  EXPECT_TRUE(check_private("d", directory_of(1000, 0700), 1000).ok());
  EXPECT_TRUE(check_private("d", directory_of(1000, 0755), 1000).ok());
  EXPECT_TRUE(check_private("d", directory_of(0, 0755), 1000).ok());
  const Result<void> other = check_private("d", directory_of(1001, 0700), 1000);
  ASSERT_FALSE(other.ok());
  EXPECT_NE(other.error().message.find("belongs to another user (1001, this one is 1000)"), std::string::npos);
}

TEST(PrivateDirectory, RootTakesAnybodysAsVolumesAre) {
  for (const uid_t owner : {0U, 1000U, 65534U}) EXPECT_TRUE(check_private("d", directory_of(owner, 0755), 0).ok());
  EXPECT_FALSE(check_private("d", directory_of(1000, 0777), 0).ok());
}

TEST(PrivateDirectory, NobodyElseMayWriteToIt) {
  for (const mode_t mode : {0777, 01777, 0775, 0720, 0702, 02775}) {
    for (const uid_t self : {0U, 1000U}) {
      const Result<void> checked = check_private("/x", directory_of(self, mode), self);
      ASSERT_FALSE(checked.ok()) << mode;
      EXPECT_NE(checked.error().message.find("chmod go-w"), std::string::npos);
      EXPECT_NE(checked.error().message.find("'/x/matchbus'"), std::string::npos);
    }
  }
}

TEST(PrivateDirectory, IsADirectory) {
  const test::TemporaryDirectory home;
  EXPECT_TRUE(check_private_directory(home.file("")).ok());
  EXPECT_FALSE(check_private_directory(home.file("missing")).ok());
  test::write_file(home.file("file"), "x");
  EXPECT_FALSE(check_private_directory(home.file("file")).ok());
}

}  // namespace
}  // namespace matchbus::app
