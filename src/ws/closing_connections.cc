#include "ws/closing_connections.h"

#include <span>
#include <utility>

namespace matchbus::ws {

class ClosingConnections::Closing final : public Handler, public net::Deferred {
 public:
  Closing(ClosingConnections& owner, std::unique_ptr<Connection> connection, size_t place)
      : index(place), owner_(owner), connection_(std::move(connection)) {
    connection_->set_handler(this);
  }
  void close(uint16_t code, std::string_view reason) { connection_->close(code, reason); }

  void on_ws_message(Opcode, std::span<char>) override {}
  void on_ws_closed(uint16_t, std::string_view) override { owner_.remove(*this); }

  size_t index;  // in the owner's list

 private:
  ClosingConnections& owner_;
  std::unique_ptr<Connection> connection_;
};

ClosingConnections::ClosingConnections(net::Loop& loop) : loop_(loop) {}
ClosingConnections::~ClosingConnections() = default;

void ClosingConnections::close(std::unique_ptr<Connection> connection, uint16_t code, std::string_view reason) {
  closing_.push_back(std::make_unique<Closing>(*this, std::move(connection), closing_.size()));
  closing_.back()->close(code, reason);
}

void ClosingConnections::remove(Closing& closing) {
  const size_t index = closing.index;
  std::unique_ptr<Closing> gone = std::move(closing_[index]);
  closing_[index] = std::move(closing_.back());
  if (closing_[index]) closing_[index]->index = index;
  closing_.pop_back();
  loop_.defer(std::move(gone));
}

}  // namespace matchbus::ws
