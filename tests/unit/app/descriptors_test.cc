#include "app/descriptors.h"

#include <gtest/gtest.h>

namespace matchbus::app {
namespace {

TEST(Descriptors, ManyAreMoreThanThereMayBeConnections) {
  const Options options;
  const auto shares = share_descriptors(1'000'000, options);
  ASSERT_TRUE(shares.ok());
  EXPECT_EQ(shares->journals, 256u);
  EXPECT_EQ(shares->services, 0u);
  EXPECT_EQ(connection_limit(*shares, options), options.max_connections);
}

TEST(Descriptors, WithoutALimitNothingIsLess) {
  Options options;
  options.max_connections = 0;
  const auto shares = share_descriptors(std::nullopt, options);
  ASSERT_TRUE(shares.ok());
  EXPECT_EQ(connection_limit(*shares, options), 0u);
}

TEST(Descriptors, ConnectionsGetWhatOthersLeave) {
  Options options;
  options.max_matches = 100;
  options.use_backend = true;
  const auto shares = share_descriptors(1'024, options);
  ASSERT_TRUE(shares.ok());
  EXPECT_EQ(shares->journals, 100u);
  EXPECT_EQ(shares->services, 64u);
  EXPECT_EQ(*shares->connections, 1'024u - 52 - 100 - 64);
  EXPECT_EQ(connection_limit(*shares, options), *shares->connections);
  options.max_connections = 0;
  EXPECT_EQ(connection_limit(*shares, options), *shares->connections) << "no limit but this one";
  options.max_connections = 20;
  EXPECT_EQ(connection_limit(*shares, options), 20u);
}

TEST(Descriptors, OfFewMostAreForConnections) {
  Options options;
  options.command_url = "http://localhost";
  const auto shares = share_descriptors(152, options);
  ASSERT_TRUE(shares.ok());
  EXPECT_EQ(shares->journals, 25u);
  EXPECT_EQ(shares->services, 25u);
  EXPECT_EQ(*shares->connections, 50u);
}

TEST(Descriptors, EveryAddressNeedsItsOwn) {
  Options options;
  options.journal = false;
  options.bind = {"127.0.0.1"};
  const auto one = share_descriptors(200, options);
  options.bind = {"127.0.0.1", "127.0.0.2", "::1"};
  const auto three = share_descriptors(200, options);
  ASSERT_TRUE(one.ok() && three.ok());
  EXPECT_EQ(one->journals, 0u);
  EXPECT_EQ(*one->connections, *three->connections + 12);
}

TEST(Descriptors, TooFewAreAnError) {
  for (const size_t limit : {0, 20, 55}) {
    const auto shares = share_descriptors(limit, Options{});
    ASSERT_FALSE(shares.ok());
    EXPECT_EQ(shares.error().message,
              std::to_string(limit) + " file descriptors leave none for connections (see ulimit -n)");
  }
}

}  // namespace
}  // namespace matchbus::app
