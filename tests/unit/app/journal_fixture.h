// What the tests of the journal share: a directory of its own, a loop with a clock turned by hand, and matches that are
// recorded as the server records them.
#pragma once

#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "app/journal.h"
#include "app/journal_recovery.h"
#include "match/snapshot.h"
#include "support/tls_peer.h"
#include "unit/match/match_fixture.h"

namespace matchbus::test {

inline std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return names;
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  closedir(directory);
  std::sort(names.begin(), names.end());
  return names;
}

inline mode_t mode_of(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_mode & 07777U : 0;
}

// No file of this process grows beyond `bytes` while it lives: a full disk, without one.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

// Keeps every thread of libuv's pool busy while it lives: a disk that does not answer.
class StuckPool {
 public:
  explicit StuckPool(uv_loop_t* loop) {
    for (int i = 0; i < kThreads; ++i) {
      auto* work = std::make_unique<uv_work_t>().release();  // libuv's until it has run
      work->data = gate_.get();
      uv_queue_work(
          loop, work, [](uv_work_t* started) { static_cast<Gate*>(started->data)->wait(); },
          [](uv_work_t* done, int) { std::unique_ptr<uv_work_t> freed(done); });
    }
  }
  ~StuckPool() { gate_->open(); }
  StuckPool(const StuckPool&) = delete;
  StuckPool& operator=(const StuckPool&) = delete;

 private:
  static constexpr int kThreads = 4;  // libuv's default
  class Gate {
   public:
    void wait() {
      std::unique_lock lock(mutex_);
      opened_.wait(lock, [this] { return is_open_; });
    }
    void open() {
      const std::lock_guard lock(mutex_);
      is_open_ = true;
      opened_.notify_all();
    }

   private:
    std::mutex mutex_;
    std::condition_variable opened_;
    bool is_open_ = false;
  };
  // Threads may still be leaving it when the test goes on.
  static inline std::vector<std::unique_ptr<Gate>> gates_;
  Gate* make() {
    gates_.push_back(std::make_unique<Gate>());
    return gates_.back().get();
  }
  struct Handle {
    Gate* gate;
    Gate* get() const { return gate; }
    Gate* operator->() const { return gate; }
  };
  Handle gate_{make()};
};

class JournalTest : public testing::Test {
 protected:
  JournalTest() : directory_(home_.file("journals")) {}

  // A server's parts from here on; what was before ends as a process does that is killed.
  void start(size_t buffer_bytes = 1'000'000, app::SyncPolicy sync = {app::SyncPolicy::Mode::kNever, 0},
             size_t max_open_files = 256) {
    start(options(buffer_bytes, sync, max_open_files));
  }
  void start(const app::JournalOptions& options) {
    kill();
    registry_ = std::make_unique<match::MatchRegistry>(match::Names::built_in());
    journal_ = std::make_unique<app::Journal>(*loop_, options, [this] { ++written_; });
    const Result<void> opened = journal_->open();
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().message);
    recovery_ = app::recover_matches(*journal_, *registry_, log_);
    registry_->set_sink(journal_.get());
  }
  app::JournalOptions options(size_t buffer_bytes, app::SyncPolicy sync = {app::SyncPolicy::Mode::kNever, 0},
                              size_t max_open_files = 256) const {
    app::JournalOptions options;
    options.directory = directory_;
    options.server_version = "1.2.3";
    options.sync = sync;
    options.buffer_bytes = buffer_bytes;
    options.max_open_files = max_open_files;
    return options;
  }
  void kill() {
    if (registry_) registry_->set_sink(nullptr);
    journal_.reset();
    registry_.reset();
    loop_ = std::make_unique<net::Loop>(clock_, log_);
  }

  match::Match& admit(std::string_view group, std::string tools = {}) {
    auto admission = registry_->admit(make_logon(group, std::move(tools)), {"org", "Org", true}, clock_.wall_ms());
    EXPECT_EQ(admission.entry, match::MatchRegistry::Entry::kCreated);
    secret_ = admission.reason;
    return *admission.match;
  }
  match::Verdict send(std::string_view group, std::string_view type, std::string_view data) {
    const Parsed parsed(json_of(data));
    match::Envelope event;
    event.observer = "Observer";
    event.group_code = group;
    event.type = match::event_type(type);
    event.type_name = type;
    event.data = parsed.root();
    event.timestamp = clock_.wall_ms();
    return registry_->receive_observer(group, event).verdict;
  }
  match::Verdict score(std::string_view group, int left) {
    return send(group, "score", "{'team_0':" + std::to_string(left) + ",'team_1':0}");
  }
  // Runs the loop until a flush is done.
  void flush() {
    const int before = written_;
    journal_->flush();
    run_until([&] { return written_ != before; });
  }
  void run_until(const std::function<bool()>& done) {
    const uint64_t end = uv_hrtime() + 10'000'000'000;
    while (!done() && uv_hrtime() < end) {
      uv_run(loop_->uv(), UV_RUN_NOWAIT);
      uv_sleep(1);
    }
    EXPECT_TRUE(done());
  }
  std::string snapshot(std::string_view group) {
    const match::Match* match = registry_->find_group(group);
    if (match == nullptr) return "(none)";
    BytesWriter out;
    match::write_snapshot(out, *match);
    return std::string(out.view());
  }
  std::vector<std::string> files() { return names_in(directory_); }
  std::string file(const std::string& name) { return directory_ + "/" + name; }
  std::string stem(std::string_view group) {
    return "Match_" + std::string(group) + "_" + std::to_string(clock_.wall_ms());
  }
  // The entries of a journal, which must be a JSON array between brackets.
  size_t entries(const std::string& name) {
    const Parsed parsed("[" + read_file(file(name)) + "]");
    return parsed.root().size();
  }

  TemporaryDirectory home_;
  std::string directory_;
  FakeClock clock_;
  RecordingLog log_{clock_};
  std::unique_ptr<net::Loop> loop_;
  std::unique_ptr<match::MatchRegistry> registry_;
  std::unique_ptr<app::Journal> journal_;
  app::RecoveryStats recovery_;
  std::string secret_;
  int written_ = 0;
};

}  // namespace matchbus::test
