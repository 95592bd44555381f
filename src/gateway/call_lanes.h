// Calls to a service about many matches: one at a time for each match, in order, and few of them waiting.
//
// A lane is named by whoever uses it (a group code) and exists while it has calls. Calls that tell a newer state of the
// same thing take the place of the waiting one, so that a slow service costs a match one state, not a queue of them.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "gateway/service_caller.h"

namespace matchbus::gateway {

class CallLanes {
 public:
  // What a call is about: `kind` is a fixed text ("update"), `subject` a match id.
  struct Label {
    std::string_view kind;
    std::string subject;
    bool operator==(const Label&) const = default;
  };

  // At most `max_waiting` calls wait in a lane (0: no limit) beside the one under way; further ones are dropped.
  // Borrows `caller`, and must not outlive it while calls are under way.
  CallLanes(ServiceCaller& caller, size_t max_waiting) : caller_(caller), max_waiting_(max_waiting) {}
  CallLanes(const CallLanes&) = delete;
  CallLanes& operator=(const CallLanes&) = delete;

  // `done` is called once unless the call is dropped, discarded or replaced.
  void add(std::string_view lane, Label label, ServiceCall call, ServiceCaller::Done done);
  // The same, in the place of a waiting call with the same label if there is one.
  void add_or_replace(std::string_view lane, Label label, ServiceCall call, ServiceCaller::Done done);
  // Whether such a call waits or is under way.
  bool holds(std::string_view lane, const Label& label) const;
  // Forgets the waiting calls about `subject`, but not one under way.
  void discard(std::string_view lane, std::string_view subject);

 private:
  struct Job {
    Label label;
    ServiceCall call;
    ServiceCaller::Done done;
  };
  struct Lane {
    Label running;
    std::deque<Job> waiting;
  };
  void run(const std::string& name, Lane& lane, Job job);
  void on_done(const std::string& name, const ServiceCaller::Done& done, const Result<net::HttpAnswer>& result);

  ServiceCaller& caller_;
  size_t max_waiting_;
  std::unordered_map<std::string, Lane> lanes_;
};

}  // namespace matchbus::gateway
