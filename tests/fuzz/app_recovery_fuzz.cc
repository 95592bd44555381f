// A data directory as any crash, editor or attacker may have left it, and a start of the server in it: a match comes
// back that can be shown and goes on, or its files are put aside or left; another start after that finds the same
// match.
//
// The input's first line is what lies beside the journal, the rest the journal.
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/journal.h"
#include "app/journal_recovery.h"
#include "match/journal_name.h"
#include "match/snapshot.h"

namespace {

using namespace matchbus;

void require(bool holds) {
  if (!holds) std::abort();
}

class SilentLog final : public Log {
 public:
  using Log::Log;

 protected:
  void emit(LogLevel, std::string_view) override {}
};

// In memory where there is such a place, and gone with the process.
class Directory {
 public:
  Directory() {
    std::string base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    path_ = base + "/matchbus-fuzz-XXXXXX";
    require(mkdtemp(path_.data()) != nullptr);
  }
  ~Directory() {
    clear();
    rmdir(path_.c_str());
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  const std::string& path() const { return path_; }
  void write(const std::string& name, std::string_view text) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << text;
  }
  void clear() const {
    app::JournalDirectory directory(path_);
    std::vector<app::JournalDirectory::Entry> files;
    if (directory.open() != app::JournalDirectory::Opening::kOpen || directory.list(files) != 0) return;
    for (const auto& file : files) (void)directory.remove(file.name);
  }

 private:
  std::string path_;
};

// What a start brings back, as its viewers see it; a few events go on in it.
std::string start(const Directory& directory, int64_t now_ms) {
  FakeClock clock;
  clock.advance(now_ms);
  SilentLog log(clock, LogLevel::kOff);
  net::Loop loop(clock, log);
  match::MatchRegistry registry(match::Names::built_in(), {.matches = 5});
  app::Journal journal(loop, {.directory = directory.path(), .server_version = "1", .sync = {}}, [] {});
  require(journal.open().ok());
  const app::RecoveryStats stats = app::recover_matches(journal, registry, log);
  require(stats.matches == registry.size() && stats.matches <= 1);
  std::string seen;
  registry.for_each([&](match::Match& match) {
    BytesWriter out;
    match::write_snapshot(out, match);
    seen = out.view();
    std::string copy = seen;
    json::Document document;
    require(document.parse_in_place(copy).ok());
  });
  registry.set_sink(&journal);
  registry.resume(clock.wall_ms());
  journal.close();
  registry.set_sink(nullptr);
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Directory directory;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(input.find('\n'), input.size());
  directory.clear();
  const std::string stem = match::journal_stem("G", 1'700'000'000'000);
  directory.write(stem + std::string(match::kSidecarSuffix), input.substr(0, end));
  directory.write(stem + std::string(match::kJournalSuffix), input.substr(std::min(end + 1, input.size())));
  const std::string first = start(directory, 1'000);
  const std::string second = start(directory, 1'000);
  require(first == second);
  return 0;
}
