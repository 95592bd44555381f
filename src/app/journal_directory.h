// The directory of the journals as files: private to the owner, used by one server at a time.
//
// Blocking calls, so only for the start and for libuv's pool; safe from several threads, as long as one of them only
// calls `open`. Errors are errno values.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace matchbus::app {

class JournalDirectory {
 public:
  explicit JournalDirectory(std::string path) : path_(std::move(path)) {}
  ~JournalDirectory();
  JournalDirectory(const JournalDirectory&) = delete;
  JournalDirectory& operator=(const JournalDirectory&) = delete;

  enum class Opening : uint8_t {
    kOpen,
    kTaken,        // by another server
    kUnsafe,       // others could put anything there (private_directory.h)
    kUnavailable,  // cannot be made, or not be entered: errno says why
  };
  // Makes the directory (0700) if it is missing, and locks it for the life of this object (flock(2) on the directory
  // itself: nothing is left behind when a process dies). Nothing happens if that is done, unless somebody has removed
  // the directory since.
  Opening open();
  bool is_open() const { return fd_ >= 0; }
  const std::string& path() const { return path_; }

  // A new file (0600), or -1 with EEXIST.
  int create(const std::string& name) const;
  // An existing one for writing, or -1.
  int open_file(const std::string& name) const;
  // The whole content. 0 or an errno.
  int read(const std::string& name, std::string& text) const;
  // Writes a file (0600) aside and renames it into place; `sync`: on disk before it is. 0 or an errno.
  int write_whole(const std::string& name, const std::string& aside, std::string_view text, bool sync) const;
  // 0 or an errno; removing what is not there is fine.
  int remove(const std::string& name) const;
  int rename(const std::string& from, const std::string& to) const;
  // Has new and vanished names survive a power failure.
  int sync_names() const;
  // Has a file's content survive it.
  int sync_file(const std::string& name) const;

  struct Entry {
    std::string name;
    uint64_t bytes = 0;
    int64_t changed_ms = 0;  // epoch
  };
  // All regular files, in no order. 0 or an errno.
  int list(std::vector<Entry>& entries) const;

 private:
  std::string path_;
  std::atomic<int> fd_ = -1;
};

// Writes all of `text` at `offset`; `written` says how much got there, also when it fails. 0 or an errno.
int write_at(int fd, std::string_view text, uint64_t offset, size_t& written);

}  // namespace matchbus::app
