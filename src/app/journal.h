// The journal: everything that happens to live matches, written before anybody sees it.
//
// Events are appended to a buffer of their match as they are applied. Once a tick `flush` hands all buffers with
// news to one job on libuv's pool, which makes one write per file; meanwhile a second buffer of each match takes what
// comes in. So the loop never waits for a disk, and a steady state allocates nothing. The server's tick is
//
//     output.publish();   // what a slow disk has held back for a whole tick
//     output.prepare();   // encodes the states as of now
//     journal.flush();    // calls `written` when all that led to these states is in the files: output.publish()
//
// A batch is begun before that for somebody who waits for what happened just now (`record_soon`): the answer to a
// logon.
//
// When writing fails (full disk, read-only directory) events stay in memory and are tried again every tick, within
// a bound for all matches together; a match that would pass it has its journal given up: what is there stays a
// readable prefix, the file beside it goes, so that no later start takes the prefix for the match. So has one that
// would grow beyond what a match may take. Matches go on in any case, and new ones start with a new journal.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "app/journal_file.h"
#include "app/journal_sync.h"
#include "app/pool_job.h"
#include "base/bytes.h"
#include "base/timer_wheel.h"
#include "gateway/record_gate.h"
#include "gateway/show_gate.h"
#include "match/registry.h"
#include "net/loop.h"

namespace matchbus::app {

struct JournalOptions {
  std::string directory;
  std::string server_version;
  SyncPolicy sync;
  size_t buffer_bytes = 32 * 1024 * 1024;  // waiting to be written, all matches together; 0: no limit
  size_t max_open_files = 256;
  size_t match_bytes = 0;  // of one match's journal; 0: no limit
};

struct JournalStats {
  uint64_t events = 0;  // taken
  uint64_t bytes = 0;   // written
  uint64_t batches = 0;
  uint64_t failed = 0;     // batches in which something could not be written
  uint64_t late = 0;       // ticks whose states were shown before they were recorded, since the disk was slower
  uint64_t given_up = 0;   // journals, since too much waited for the disk
  uint64_t too_large = 0;  // journals given up, since their matches sent too much
  size_t pending_bytes = 0;
  int64_t longest_batch_us = 0;  // since it was last taken
};

class Journal final : public match::EventSink,
                      public gateway::ShowGate,
                      public gateway::RecordGate,
                      private Timer::Handler {
 public:
  // Borrows `loop`. `written`: see above; called on the loop, never inside `flush` of a job that had to be started.
  Journal(net::Loop& loop, JournalOptions options, std::function<void()> written);
  ~Journal() override;

  // Before everything else. An error means that another server uses the directory; a directory that cannot be used
  // is logged, and tried again later.
  Result<void> open();
  // A match brought back from the journal `stem`, of which the first `size` bytes are good.
  void adopt(const match::Match& match, std::string stem, uint64_t size);

  void on_created(const match::Match& match, const match::ObserverLogon& logon, const match::Organization& organization,
                  std::string_view secret, int64_t now_ms) override;
  void on_event(const match::Match& match, const match::Envelope& event) override;
  void on_removed(const match::Match& match) override;

  // Auxiliary clients may not fill what an observer needs: the last quarter of a match's journal is the observers'.
  bool has_room(const match::Match& match, match::Writer writer) const override;

  bool may_show(const match::Match& match) const override;
  // Whoever waits for the same few milliseconds' news waits for one batch.
  uint64_t record_soon() override;
  // Called with the number of a batch that is done, before anything else is.
  void set_on_recorded(std::function<void(uint64_t)> on_recorded) { on_recorded_ = std::move(on_recorded); }

  // Has what came in until now written, and `written` called.
  void flush();
  // Writes all there is and waits for it; nothing may come in afterwards. For the end of the program.
  void close();

  JournalDirectory& directory() { return directory_; }
  const JournalStats& stats() const { return stats_; }
  const SyncStats& sync_stats() const { return sync_.stats(); }
  int64_t take_longest_batch_us();
  // Live matches that would not come back after a crash as they are.
  size_t degraded() const;
  // Of live matches' journals, with what waits to be written.
  uint64_t live_bytes() const;
  // Stems of live matches' journals.
  std::unordered_set<std::string> live_stems() const;

 private:
  struct Entry;
  // One file's share of a batch.
  struct Item {
    Entry* entry;
    JournalFile* file;
    std::string_view text;  // still to be appended
    bool append;
    bool retire;
    size_t written = 0;
    int append_error = 0;
    int retire_error = 0;
  };

  Entry* find(const match::Match& match) const;
  // Has the entry be part of the next batch.
  void mark(Entry& entry);
  // So many bytes came into its buffer.
  void count(Entry& entry, size_t size);
  void give_up(Entry& entry, std::string_view why);
  void drop(BytesWriter& buffer, size_t written);
  void on_timer(Timer& timer) override;
  // Starts the next batch; false: there is nothing to do.
  bool start_batch();
  // Makes the next batch; false: there is nothing to do.
  bool collect();
  void collect(Entry& entry);
  void run_batch();
  void on_batch_done();
  void settle(const Item& item);
  // Has the files go of ended matches that had to stay for a while.
  void retire_due();
  // Its match has gone and so have its files: the end of it.
  void forget(Entry& entry);
  void report(int error);
  void sync_in_background();
  void add_unsynced();

  net::Loop& loop_;
  JournalOptions options_;
  std::function<void()> written_;
  std::function<void(uint64_t)> on_recorded_ = [](uint64_t) {};
  JournalDirectory directory_;
  JournalFiles files_;
  JournalStats stats_;
  BackgroundSync sync_;
  std::unordered_map<const match::Match*, std::unique_ptr<Entry>> live_;
  std::vector<std::unique_ptr<Entry>> ended_;  // their matches have gone, their files are to be closed
  std::vector<Entry*> marked_;                 // for the next batch, in order
  std::vector<Item> batch_;                    // the job's while it runs
  int64_t batch_us_ = 0;
  uint64_t batches_begun_ = 0;
  bool flushing_ = false;  // a flush waits for the job, or for the one after it
  bool again_ = false;     // it is the one after it
  bool soon_ = false;      // somebody waits for the next batch, whenever this one is done
  Timer gather_{*this};
  bool failing_ = false;
  bool closing_ = false;
  PoolJob job_;
};

}  // namespace matchbus::app
