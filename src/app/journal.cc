#include "app/journal.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <numeric>
#include <utility>

#include "app/private_directory.h"
#include "match/journal_name.h"
#include "match/journal_sidecar.h"
#include "match/logon_header.h"

namespace matchbus::app {
namespace {

constexpr std::string_view kSeparator = ",\n";
// A buffer that a burst made larger than this is given back.
constexpr size_t kKeptBuffer = 16 * 1024;
// From a match's removal, until everybody who is told of its end has been told (match::RegistryTiming::stats_ms). A
// server that dies before that brings the ended match back, tells them, and removes it again.
constexpr int64_t kAfterlifeMs = 15'000;
// Whoever cannot wait for the tick waits so long for others, so that a thousand logons a second are two hundred
// batches.
constexpr int64_t kGatherMs = 5;

bool has_afterlife(const match::Match& match) {
  const match::MatchState& state = match.state();
  return state.hidden.has_ended && state.org_is_supporter && !match.match_id().empty();
}

}  // namespace

// A match's journal as the loop sees it.
struct Journal::Entry {
  Entry(JournalFiles& files, std::string_view group, int64_t start_ms, std::string sidecar)
      : file(files, group, start_ms, std::move(sidecar)), group_code(group), stem(file.stem()) {}
  Entry(JournalFiles& files, std::string_view group, std::string the_stem, uint64_t the_size)
      : file(files, std::move(the_stem), the_size), group_code(group), stem(file.stem()), size(the_size) {}

  BytesWriter& filling() { return buffers[fills]; }
  BytesWriter& writing() { return buffers[1 - fills]; }

  JournalFile file;  // the job's while in_batch
  std::string group_code;
  std::string stem;
  std::array<BytesWriter, 2> buffers;  // one takes events, the other is the job's while in_batch
  size_t fills = 0;
  size_t written = 0;  // of `writing`, in the file
  uint64_t size = 0;   // of the journal, with what waits
  bool is_marked = false;
  bool in_batch = false;
  bool retire = false;       // the match has gone, or the journal is given up
  int64_t retire_at_ms = 0;  // monotonic; 0: not waiting for it
  bool is_given_up = false;
  bool is_failing = false;
  bool is_unsynced = false;
};

Journal::Journal(net::Loop& loop, JournalOptions options, std::function<void()> written)
    : loop_(loop),
      options_(std::move(options)),
      written_(std::move(written)),
      directory_(options_.directory),
      files_{.directory = directory_,
             .sync_each = options_.sync.mode == SyncPolicy::Mode::kTick,
             .sync_secrets = options_.sync.mode != SyncPolicy::Mode::kNever,
             .max_open = options_.max_open_files},
      sync_(loop, directory_, options_.sync),
      job_(
          loop, [this] { run_batch(); }, [this] { on_batch_done(); }) {}

Journal::~Journal() = default;

Result<void> Journal::open() {
  // A file that reaches the process's size limit is an error like a full disk, no reason to die.
  std::signal(SIGXFSZ, SIG_IGN);
  switch (directory_.open()) {
    case JournalDirectory::Opening::kOpen:
      return {};
    case JournalDirectory::Opening::kTaken:
      return Error{"'" + directory_.path() + "' is in use by another server: give each its own --data-dir"};
    case JournalDirectory::Opening::kUnsafe:
      if (Result<void> checked = check_private_directory(directory_.path()); !checked) return checked;
      break;
    case JournalDirectory::Opening::kUnavailable:
      break;
  }
  report(errno);
  return {};
}

Journal::Entry* Journal::find(const match::Match& match) const {
  const auto found = live_.find(&match);
  return found == live_.end() ? nullptr : found->second.get();
}

void Journal::adopt(const match::Match& match, std::string stem, uint64_t size) {
  auto entry = std::make_unique<Entry>(files_, match.group_code(), std::move(stem), size);
  mark(*entry);
  live_[&match] = std::move(entry);
}

void Journal::on_created(const match::Match& match, const match::ObserverLogon& logon,
                         const match::Organization& organization, std::string_view secret, int64_t now_ms) {
  BytesWriter sidecar;
  match::write_sidecar(sidecar, {std::string(secret), match::player_cam_secret(logon.tools), organization});
  auto created = std::make_unique<Entry>(files_, logon.group_code, now_ms, std::string(sidecar.view()));
  Entry& entry = *created;
  live_[&match] = std::move(created);
  match::write_logon_header(entry.filling(), logon, options_.server_version, now_ms);
  count(entry, entry.filling().size());
}

void Journal::on_event(const match::Match& match, const match::Envelope& event) {
  Entry* entry = find(match);
  if (entry == nullptr || entry->is_given_up) return;
  BytesWriter& buffer = entry->filling();
  const size_t before = buffer.size();
  buffer.append(kSeparator);
  match::write_event(buffer, event);
  ++stats_.events;
  count(*entry, buffer.size() - before);
}

void Journal::on_removed(const match::Match& match) {
  const auto found = live_.find(&match);
  if (found == live_.end()) return;
  Entry& entry = *found->second;
  ended_.push_back(std::move(found->second));
  live_.erase(found);
  if (has_afterlife(match)) {
    entry.retire_at_ms = loop_.clock().monotonic_ms() + kAfterlifeMs;
    return;
  }
  entry.retire = true;
  mark(entry);
}

void Journal::retire_due() {
  const int64_t now = loop_.clock().monotonic_ms();
  for (const std::unique_ptr<Entry>& entry : ended_) {
    if (entry->retire_at_ms == 0 || entry->retire_at_ms > now) continue;
    entry->retire_at_ms = 0;
    entry->retire = true;
    mark(*entry);
  }
}

bool Journal::may_show(const match::Match& match) const {
  const Entry* entry = find(match);
  return entry == nullptr || entry->is_given_up || (!entry->is_marked && !entry->in_batch);
}

void Journal::mark(Entry& entry) {
  if (std::exchange(entry.is_marked, true)) return;
  marked_.push_back(&entry);
}

void Journal::count(Entry& entry, size_t size) {
  stats_.pending_bytes += size;
  entry.size += size;
  mark(entry);
  if (options_.buffer_bytes != 0 && stats_.pending_bytes > options_.buffer_bytes) {
    ++stats_.given_up;
    give_up(entry, "since the disk takes no more");
  } else if (options_.match_bytes != 0 && entry.size > options_.match_bytes) {
    ++stats_.too_large;
    give_up(entry, "which is larger than --journal-match-bytes (JOURNAL_MATCH_BYTES)");
  }
}

bool Journal::has_room(const match::Match& match, match::Writer writer) const {
  if (options_.match_bytes == 0 || writer != match::Writer::kAuxiliary) return true;
  const Entry* const entry = find(match);
  return entry == nullptr || entry->is_given_up || entry->size < options_.match_bytes - options_.match_bytes / 4;
}

void Journal::give_up(Entry& entry, std::string_view why) {
  entry.is_given_up = true;
  entry.retire = true;
  drop(entry.filling(), 0);
  if (!entry.in_batch) drop(entry.writing(), std::exchange(entry.written, 0));
  mark(entry);
  loop_.log().limited(LogLevel::kError, "journal given up",
                      "gave up the journal of group '" + entry.group_code + "', " + std::string(why) +
                          ": the match goes on, but would not come back after a crash");
}

// Forgets what is in `buffer`, of which so many bytes are not pending any more.
void Journal::drop(BytesWriter& buffer, size_t written) {
  stats_.pending_bytes -= buffer.size() - written;
  (void)buffer.take();
}

void Journal::flush() {
  if (closing_) return;
  if (job_.running()) {
    again_ = true;
    // A batch for somebody who could not wait is no sign of a slow disk.
    if (!std::exchange(flushing_, true)) return;
    ++stats_.late;
    loop_.log().limited(
        LogLevel::kWarning, "journal late",
        "the disk under '" + directory_.path() + "' is slow: states are shown before they are in the journal");
    return;
  }
  sync_in_background();
  retire_due();
  if (start_batch()) {
    flushing_ = true;
  } else {
    written_();
  }
}

uint64_t Journal::record_soon() {
  if (marked_.empty()) return job_.running() ? batches_begun_ : 0;
  if (job_.running()) {
    soon_ = true;
  } else if (!gather_.is_set()) {
    loop_.timers().set(gather_, kGatherMs);
  }
  return batches_begun_ + 1;
}

void Journal::on_timer(Timer& /*gather*/) {
  if (!closing_ && !job_.running()) start_batch();
}

bool Journal::start_batch() {
  gather_.cancel();
  soon_ = false;
  if (!collect()) {
    // What the next batch was to have has been seen to.
    on_recorded_(batches_begun_ + 1);
    return false;
  }
  ++batches_begun_;
  job_.start();
  return true;
}

bool Journal::collect() {
  batch_.clear();
  for (Entry* entry : marked_) {
    entry->is_marked = false;
    collect(*entry);
  }
  marked_.clear();
  return !batch_.empty();
}

void Journal::collect(Entry& entry) {
  BytesWriter& before = entry.writing();
  if (before.size() == 0) {
    entry.fills = 1 - entry.fills;
  } else {
    // The last batch could not write it all.
    before.append(entry.filling().view());
    entry.filling().truncate(0);
  }
  const std::string_view text = entry.writing().view().substr(entry.written);
  if (text.empty() && !entry.retire && entry.file.is_settled()) return;
  entry.in_batch = true;
  batch_.push_back(
      {.entry = &entry, .file = &entry.file, .text = text, .append = !entry.is_given_up, .retire = entry.retire});
}

void Journal::run_batch() {
  const uint64_t start = uv_hrtime();
  for (Item& item : batch_) {
    if (item.append) item.append_error = item.file->append(item.text, item.written);
    if (item.retire) item.retire_error = item.file->retire();
  }
  batch_us_ = static_cast<int64_t>((uv_hrtime() - start) / 1000);
}

void Journal::on_batch_done() {
  ++stats_.batches;
  stats_.longest_batch_us = std::max(stats_.longest_batch_us, batch_us_);
  int error = 0;
  for (const Item& item : batch_) {
    if (error == 0) error = item.append_error != 0 ? item.append_error : item.retire_error;
    settle(item);
  }
  batch_.clear();
  report(error);
  if (closing_) return;
  on_recorded_(batches_begun_);
  if (std::exchange(again_, false) && start_batch()) return;
  const bool is_awaited = std::exchange(soon_, false);
  if (std::exchange(flushing_, false)) written_();
  // Not at once: on a fast disk others may come along.
  if (is_awaited && !job_.running()) loop_.timers().set(gather_, kGatherMs);
}

void Journal::settle(const Item& item) {
  Entry& entry = *item.entry;
  entry.in_batch = false;
  entry.stem = entry.file.stem();
  entry.is_failing = item.append_error != 0;
  entry.is_unsynced |= item.written != 0;
  entry.written += item.written;
  stats_.bytes += item.written;
  stats_.pending_bytes -= item.written;
  if (item.append_error == 0 || item.retire || entry.is_given_up) {
    BytesWriter& buffer = entry.writing();
    const size_t written = std::exchange(entry.written, 0);
    if (written == buffer.size() && written <= kKeptBuffer) {
      buffer.truncate(0);
    } else {
      drop(buffer, written);
    }
  }
  const bool is_to_be_tried_again = item.retire ? item.retire_error != 0 : item.append_error != 0;
  if (is_to_be_tried_again) return mark(entry);
  if (item.retire) forget(entry);
}

void Journal::forget(Entry& entry) {
  const auto found = std::find_if(ended_.begin(), ended_.end(),
                                  [&](const std::unique_ptr<Entry>& ended) { return ended.get() == &entry; });
  if (found == ended_.end()) return;  // given up while its match goes on
  if (sync_.is_on() && entry.is_unsynced) sync_.add(entry.stem + std::string(match::kJournalSuffix));
  ended_.erase(found);
}

void Journal::report(int error) {
  if (error != 0) ++stats_.failed;
  if (failing_ == (error != 0)) return;
  failing_ = error != 0;
  // A disk that is just about full takes one batch and not the next, and what fills it comes from clients.
  constexpr int kAtOnce = 5;
  if (failing_) {
    loop_.log().limited(LogLevel::kError, "journals fail",
                        "cannot write journals in '" + directory_.path() + "': " + std::strerror(error) +
                            "; matches go on, their events wait in memory",
                        kAtOnce);
  } else {
    loop_.log().limited(LogLevel::kInfo, "journals written", "journals are written again", kAtOnce);
  }
}

void Journal::sync_in_background() {
  if (!sync_.is_due()) return;
  add_unsynced();
  sync_.start();
}

void Journal::add_unsynced() {
  for (const auto& [match, entry] : live_) {
    if (std::exchange(entry->is_unsynced, false)) sync_.add(entry->stem + std::string(match::kJournalSuffix));
  }
}

void Journal::close() {
  if (std::exchange(closing_, true)) return;
  job_.wait();
  if (collect()) {
    run_batch();
    on_batch_done();
  }
  if (!sync_.is_on()) return;
  add_unsynced();
  sync_.finish();
}

int64_t Journal::take_longest_batch_us() { return std::exchange(stats_.longest_batch_us, 0); }

size_t Journal::degraded() const {
  return static_cast<size_t>(std::count_if(live_.begin(), live_.end(), [](const auto& live) {
    return live.second->is_failing || live.second->is_given_up;
  }));
}

uint64_t Journal::live_bytes() const {
  return std::accumulate(live_.begin(), live_.end(), uint64_t{0}, [](uint64_t sum, const auto& live) {
    return sum + (live.second->is_given_up ? 0 : live.second->size);
  });
}

std::unordered_set<std::string> Journal::live_stems() const {
  std::unordered_set<std::string> stems;
  for (const auto& [match, entry] : live_) stems.insert(entry->stem);
  return stems;
}

}  // namespace matchbus::app
