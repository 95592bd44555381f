// Bodies of POST /api/v1/bus/publish: an entry, or an array of them, answered in order.
//
// A body is parsed once, where it stands; its messages go to the bus as parsed values. A long array is published a few
// milliseconds per loop turn, so that it delays nobody; arrays that come meanwhile wait for it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "bus/bus.h"
#include "gateway/bus_publish.h"
#include "json/document.h"
#include "json/writer.h"
#include "net/loop.h"

namespace matchbus::gateway {

class BusPublisher {
 public:
  // Status and body of the HTTP answer. For one entry {"event_id", "receivers"} or {"error", "field"}; for an array
  // always 200 and an array of these, each with its "status".
  using Done = std::function<void(int status, std::string_view json)>;

  // Borrows both.
  BusPublisher(net::Loop& loop, bus::Bus& bus);
  ~BusPublisher();
  BusPublisher(const BusPublisher&) = delete;
  BusPublisher& operator=(const BusPublisher&) = delete;

  // `done` is called once, in this call or later, but not after the end of this object. Tells how many entries the
  // body has; 0: it is none.
  size_t publish(std::string body, Done done);

  uint64_t accepted() const { return accepted_; }
  uint64_t refused() const { return refused_; }

 private:
  struct Batch;
  int publish_entry(json::Value entry, json::Writer& answer, bool with_status);
  void run();
  // Publishes until it is done or `end` (of uv_hrtime); true when it is done.
  bool run_slice(Batch& batch, uint64_t end);

  net::Loop& loop_;
  bus::Bus& bus_;
  PublishEntry entry_;
  std::deque<std::unique_ptr<Batch>> batches_;
  std::unique_ptr<Batch> spare_;
  bool posted_ = false;
  std::shared_ptr<BusPublisher*> self_;  // for the loop's task, which may run when this is gone
  uint64_t accepted_ = 0;
  uint64_t refused_ = 0;
};

}  // namespace matchbus::gateway
