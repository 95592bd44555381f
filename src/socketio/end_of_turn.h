// A task that an object asks for again and again, and that runs once at the end of a loop turn: how things that ended
// inside their own callbacks are taken away when nobody stands on them any more.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "net/loop.h"

namespace matchbus::socketio {

class EndOfTurn {
 public:
  // Borrows `loop`. `task` is not called any more once this object is gone.
  EndOfTurn(net::Loop& loop, std::function<void()> task)
      : loop_(loop), task_(std::make_shared<Task>(Task{std::move(task)})) {}

  // Has the task called at the end of this turn, once however often it is asked for. Asked for by the task itself, it
  // is called again in the next turn.
  void request() {
    if (task_->requested) return;
    task_->requested = true;
    loop_.post([weak = std::weak_ptr<Task>(task_)] {
      const std::shared_ptr<Task> task = weak.lock();
      if (!task) return;
      task->requested = false;
      task->run();
    });
  }

 private:
  struct Task {
    std::function<void()> run;
    bool requested = false;
  };
  net::Loop& loop_;
  std::shared_ptr<Task> task_;
};

}  // namespace matchbus::socketio
