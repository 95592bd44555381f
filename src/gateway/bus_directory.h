// Where a player's row comes from once the token has told who it is (realtime-bus section 1).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/timer_wheel.h"
#include "bus/row.h"
#include "bus/token.h"
#include "gateway/service_caller.h"
#include "json/document.h"
#include "net/http_client.h"

namespace matchbus::gateway {

// A row, a refusal (the player may not come in), or neither (try again later).
struct DirectoryAnswer {
  enum class Kind : uint8_t { kRow, kRefused, kFailed };
  Kind kind = Kind::kFailed;
  bus::PlayerRow row = {};                // kRow
  std::string_view reason = "forbidden";  // kRefused: what the client is told; a fixed text
};

class BusDirectory {
 public:
  using Done = std::function<void(DirectoryAnswer)>;
  virtual ~BusDirectory() = default;
  // `token` is borrowed for the call. `done` is called once, in this call or later; never once this object is gone.
  virtual void look_up(const bus::Token& token, Done done) = 0;
};

// The row stands in the token: needs nothing else, and answers at once.
class ClaimsDirectory final : public BusDirectory {
 public:
  void look_up(const bus::Token& token, Done done) override;
};

// The backend's connect hook: POST of {"user_id", "claims"}; the answer is the row as an object, or a refusal (4xx).
class HttpDirectory final : public BusDirectory {
 public:
  // `token`: what the backend knows the server by, "" is none. At most `max_lookups` at a time (0: no limit), further
  // ones fail. Borrows `timers` and `log`.
  HttpDirectory(std::unique_ptr<net::HttpClient> client, TimerWheel& timers, Log& log, std::string url,
                std::string token, size_t max_lookups);
  void look_up(const bus::Token& token, Done done) override;
  const ServiceStats& stats() const { return caller_.stats(); }

 private:
  DirectoryAnswer read(const std::string& user_id, const Result<net::HttpAnswer>& result);

  ServiceCaller caller_;
  std::string url_;
  std::string token_;
  std::string text_;
  json::Document document_;
};

}  // namespace matchbus::gateway
