#include "broker/local_broker.h"

namespace matchbus::broker {

bool LocalBroker::is_shared() const { return false; }
void LocalBroker::publish(std::string_view, Bytes) {}

}  // namespace matchbus::broker
