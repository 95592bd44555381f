#include "broker/local_broker.h"

#include <gtest/gtest.h>

namespace matchbus::broker {
namespace {

TEST(LocalBroker, HasNobodyToTell) {
  LocalBroker broker;
  EXPECT_FALSE(broker.is_shared());
  broker.publish("channel", Bytes::copy("payload"));
}

}  // namespace
}  // namespace matchbus::broker
