// An overlay over Engine.IO's long polling, on one connection: what it has to say goes out as a POST between two GETs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "load/viewer.h"
#include "net/http_exchange.h"

namespace matchbus::load {

class PollingViewer final : public Viewer {
 public:
  using Viewer::Viewer;

 private:
  void begin() override { poll(); }
  void take_bytes(std::string_view bytes) override;
  void poll();
  void post();
  void take_answer(const net::HttpAnswer& answer);
  void take_payload(std::string_view payload);
  void take_packet(std::string_view packet);
  void say(std::string_view packet);
  std::string request_line(std::string_view method) const;

  std::optional<net::HttpAnswerReader> reader_;
  size_t answer_bytes_ = 0;  // of the answer under way; 0 once they are counted
  bool posting_ = false;
  std::string sid_;
  std::string out_;  // packets to be posted
};

}  // namespace matchbus::load
