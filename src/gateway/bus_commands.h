// Players' commands, forwarded to the game's backend: POST COMMAND_URL/<name> (realtime-bus section 3). The bus neither
// understands nor repeats them. A user's commands wait for each other beyond a few at a time, so that those that the
// backend is slow with hold up nobody else's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/log.h"
#include "bus/commands.h"
#include "json/document.h"
#include "net/http_client.h"

namespace matchbus::gateway {

struct CommandOptions {
  std::string url;          // "": players are told that there is no backend
  std::string token;        // what the backend knows the server by; "": none
  size_t max_at_once = 16;  // calls of one user under way
  size_t max_waiting = 64;  // of one user beside those; further ones fail at once
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
  struct Job {
    net::HttpCall call;
    Done done;
  };
  // A user's commands; exists while there are any.
  struct Lane {
    size_t under_way = 0;
    std::deque<Job> waiting;
  };
  void start(const std::string& user_id, Lane& lane, Job job);
  void on_end(const std::string& user_id);
  Answer read(const Result<net::HttpAnswer>& result);
  // `text` as JSON: as it is, or as a text of JSON, or nothing.
  std::string json_of(const std::string& text);

  Log& log_;
  CommandOptions options_;
  CommandStats stats_;
  bool closing_ = false;
  std::unordered_map<std::string, Lane> lanes_;  // by user
  std::string text_;
  json::Document document_;
  std::unique_ptr<net::HttpClient> client_;
};

}  // namespace matchbus::gateway
