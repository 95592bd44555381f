#include "app/pool_job.h"

#include <memory>
#include <semaphore>
#include <utility>

namespace matchbus::app {

// libuv refers to it until its after-work callback, which may come when its owner has waited for it or has gone.
struct PoolJob::Request {
  uv_work_t uv{};
  PoolJob* owner = nullptr;  // null: nobody wants to hear; the callback frees this
  std::binary_semaphore worked{0};
};

PoolJob::PoolJob(net::Loop& loop, std::function<void()> work, std::function<void()> done)
    : loop_(loop), work_(std::move(work)), done_(std::move(done)), request_(std::make_unique<Request>().release()) {
  request_->uv.data = request_;
  request_->owner = this;
}

PoolJob::~PoolJob() {
  if (running_) {
    abandon();
  } else {
    std::unique_ptr<Request> freed(request_);
  }
}

void PoolJob::start() {
  running_ = true;
  uv_queue_work(
      loop_.uv(), &request_->uv,
      [](uv_work_t* uv) {
        Request& request = *static_cast<Request*>(uv->data);
        request.owner->work_();
        request.worked.release();
      },
      [](uv_work_t* uv, int /*status*/) {
        Request* request = static_cast<Request*>(uv->data);
        if (request->owner == nullptr) {
          std::unique_ptr<Request> freed(request);
          return;
        }
        request->worked.acquire();
        request->owner->finish();
      });
}

void PoolJob::abandon() {
  request_->worked.acquire();
  request_->owner = nullptr;
}

void PoolJob::wait() {
  if (!running_) return;
  abandon();
  request_ = std::make_unique<Request>().release();
  request_->uv.data = request_;
  request_->owner = this;
  finish();
}

void PoolJob::finish() {
  running_ = false;
  done_();
}

}  // namespace matchbus::app
