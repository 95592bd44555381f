// Blocking work on libuv's pool, one run at a time: started on the loop, done on a thread of the pool, reported on the
// loop. Starting allocates nothing.
//
// What `work` uses belongs to it while `running()`. Unlike a bare uv_work_t this may end at any time: the destructor
// waits for the work, but `done` is not called then.
#pragma once

#include <functional>

#include "net/loop.h"

namespace matchbus::app {

class PoolJob {
 public:
  // Borrows `loop`.
  PoolJob(net::Loop& loop, std::function<void()> work, std::function<void()> done);
  ~PoolJob();
  PoolJob(const PoolJob&) = delete;
  PoolJob& operator=(const PoolJob&) = delete;

  // Not while running().
  void start();
  bool running() const { return running_; }
  // Blocks until the run under way has ended, and calls `done`. For the end of a program.
  void wait();

 private:
  struct Request;
  void abandon();
  void finish();

  net::Loop& loop_;
  std::function<void()> work_;
  std::function<void()> done_;
  Request* request_ = nullptr;  // libuv holds it, beyond the end of this object
  bool running_ = false;
};

}  // namespace matchbus::app
