// Players' commands, forwarded to the game's backend: POST COMMAND_URL/<name> (realtime-bus section 3). The bus neither
// understands nor repeats them.
#pragma once

#include <memory>
#include <string>

#include "base/log.h"
#include "bus/commands.h"
#include "json/document.h"
#include "net/http_client.h"

namespace matchbus::gateway {

struct CommandOptions {
  std::string url;    // "": players are told that there is no backend
  std::string token;  // what the backend knows the server by; "": none
};

struct CommandStats {
  uint64_t answered = 0;  // with 2xx
  uint64_t refused = 0;   // with another status
  uint64_t failed = 0;    // not at all
};

class BusCommands final : public bus::Commands {
 public:
  // `client` has the time limit. Borrows `log`.
  BusCommands(std::unique_ptr<net::HttpClient> client, Log& log, CommandOptions options);
  // Commands under way are never answered.
  ~BusCommands();
  BusCommands(const BusCommands&) = delete;
  BusCommands& operator=(const BusCommands&) = delete;

  bool configured() const override { return !options_.url.empty(); }
  void run(const Request& request, Done done) override;

  const CommandStats& stats() const { return stats_; }

 private:
  Answer read(const Result<net::HttpAnswer>& result);
  // `text` as JSON: as it is, or as a text of JSON, or nothing.
  std::string json_of(const std::string& text);

  Log& log_;
  CommandOptions options_;
  CommandStats stats_;
  bool closing_ = false;
  std::string text_;
  json::Document document_;
  std::unique_ptr<net::HttpClient> client_;
};

}  // namespace matchbus::gateway
