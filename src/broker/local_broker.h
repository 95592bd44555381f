// The broker of a process that is alone.
#pragma once

#include "broker/broker.h"

namespace matchbus::broker {

class LocalBroker final : public Broker {
 public:
  bool is_shared() const override;
  void publish(std::string_view channel, Bytes payload) override;
};

}  // namespace matchbus::broker
