// What a feed brings to its members: one state, in every form that they take.
#pragma once

#include <memory>

#include "hub/message.h"

namespace matchbus::hub {

class Update {
 public:
  virtual ~Update() = default;
  // The message that takes a member here, valid as long as the update. `follows_changes`: the member asked for changes
  // instead of whole states; `has_previous`: it has got the update before this one. Null: it can no longer be made, but
  // another update is coming.
  virtual const Message* message_for(bool follows_changes, bool has_previous) = 0;
};

using UpdatePtr = std::shared_ptr<Update>;

}  // namespace matchbus::hub
