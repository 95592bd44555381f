#include "net/connection_counter.h"

#include <gtest/gtest.h>

namespace matchbus::net {
namespace {

void enter(ConnectionCounter& counter, PortConnections& port, int times) {
  for (int i = 0; i < times; ++i) ASSERT_TRUE(counter.enter(port, "192.0.2.1").ok()) << i;
}

TEST(ConnectionCounter, CountsAddressesApart) {
  ConnectionCounter counter(ConnectionLimits{.total = 4, .per_address = 2});
  PortConnections& port = counter.add_port();
  EXPECT_TRUE(counter.enter(port, "192.0.2.1"));
  EXPECT_TRUE(counter.enter(port, "192.0.2.1"));
  EXPECT_FALSE(counter.enter(port, "192.0.2.1"));
  EXPECT_TRUE(counter.enter(port, "192.0.2.2"));
  EXPECT_TRUE(counter.enter(port, "192.0.2.3"));
  EXPECT_FALSE(counter.enter(port, "192.0.2.4"));
  counter.leave(port, "192.0.2.1");
  EXPECT_TRUE(counter.enter(port, "192.0.2.1"));
  EXPECT_EQ(counter.stats().open, 4u);
  EXPECT_EQ(counter.stats().accepted, 5u);
  EXPECT_EQ(counter.stats().refused_address, 1u);
  EXPECT_EQ(counter.stats().refused_total, 1u);
  EXPECT_EQ(port.open, 4u);
  EXPECT_EQ(port.refused, 2u);
}

TEST(ConnectionCounter, APortKeepsItsPart) {
  ConnectionCounter counter(ConnectionLimits{.total = 100});
  PortConnections& observers = counter.add_port(10);
  PortConnections& viewers = counter.add_port(5);
  PortConnections& operators = counter.add_port(2);
  enter(counter, viewers, 88);
  auto refused = counter.enter(viewers, "192.0.2.1");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, "too many connections (all together: 100)");
  enter(counter, observers, 10);
  enter(counter, operators, 2);
  EXPECT_FALSE(counter.has_place(observers));
  EXPECT_FALSE(counter.has_place(operators));
  EXPECT_EQ(counter.stats().open, 100u);
  // Its own part again, which a viewer may not have.
  counter.leave(observers, "192.0.2.1");
  EXPECT_FALSE(counter.has_place(viewers));
  EXPECT_TRUE(counter.has_place(observers));
  // What is for all goes to whoever comes.
  counter.leave(viewers, "192.0.2.1");
  enter(counter, observers, 2);
  EXPECT_FALSE(counter.has_place(viewers));
  EXPECT_EQ(viewers.open, 87u);
  EXPECT_EQ(viewers.refused, 1u);
}

TEST(ConnectionCounter, OfFewPlacesAPortKeepsFew) {
  ConnectionCounter counter(ConnectionLimits{.total = 100'000});
  PortConnections& observers = counter.add_port(1'000);
  PortConnections& viewers = counter.add_port(1'000);
  counter.limit_total(16);
  enter(counter, viewers, 14);
  EXPECT_FALSE(counter.has_place(viewers));
  enter(counter, observers, 2);
  counter.limit_total(7);
  while (viewers.open > 0) counter.leave(viewers, "192.0.2.1");
  enter(counter, viewers, 5);
  EXPECT_FALSE(counter.has_place(observers)) << "an eighth of seven is none";
}

TEST(ConnectionCounter, NoLimitIsNone) {
  ConnectionCounter counter(ConnectionLimits{.total = 0});
  PortConnections& port = counter.add_port();
  counter.add_port(1'000);
  enter(counter, port, 2'000);
}

TEST(ConnectionCounter, RoomIsMadeForWhoeverMayComeIn) {
  ConnectionCounter counter(ConnectionLimits{.total = 3, .per_address = 2});
  PortConnections& port = counter.add_port();
  int asked = 0;
  const auto make_room = [&](const std::string& address) {
    ++asked;
    if (address == "192.0.2.3") return false;
    counter.leave(port, "192.0.2.1");
    return true;
  };
  EXPECT_TRUE(counter.enter(port, "192.0.2.1", make_room));
  EXPECT_TRUE(counter.enter(port, "192.0.2.1", make_room));
  EXPECT_TRUE(counter.enter(port, "192.0.2.2", make_room));
  EXPECT_EQ(asked, 0);
  EXPECT_FALSE(counter.enter(port, "192.0.2.1", make_room)) << "of its address there are enough";
  EXPECT_EQ(asked, 0) << "nobody has to go for one that is refused";
  EXPECT_FALSE(counter.enter(port, "192.0.2.3", make_room));
  EXPECT_TRUE(counter.enter(port, "192.0.2.2", make_room));
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(port.displaced, 1u);
  EXPECT_EQ(port.open, 3u);
}

}  // namespace
}  // namespace matchbus::net
