// One match's journal on the disk, and what lies beside it for recovery.
//
// Blocking; used by one thread at a time (a batch on libuv's pool). Every step can fail and be tried again: what got
// into the file is remembered, so that trying again neither loses nor repeats a byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app/journal_directory.h"

namespace matchbus::app {

// What all files of a journal share.
struct JournalFiles {
  JournalDirectory& directory;
  bool sync_each = false;     // everything written survives a power failure before it counts as written
  bool sync_secrets = false;  // so do the files beside the journals
  size_t max_open = 256;      // descriptors; beyond, a file is opened for each batch
  size_t open = 0;            // right now
};

class JournalFile {
 public:
  // A journal to be: made with the first bytes. `sidecar`: the content of the file beside it, written once the first
  // bytes are in. Borrows `files`.
  JournalFile(JournalFiles& files, std::string_view group_code, int64_t start_ms, std::string sidecar);
  // One that is there, to be continued behind its first `size` bytes; what follows them is cut off.
  JournalFile(JournalFiles& files, std::string stem, uint64_t size);
  ~JournalFile();
  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;

  // Appends; `written` says how much of `text` is in the file now, also when it fails. 0 or an errno.
  int append(std::string_view text, size_t& written);
  // No recovery from now on: removes the file beside it, and closes. 0 or an errno.
  int retire();
  // Whether something is left to do even if nothing is to be appended.
  bool is_settled() const { return exists_ && !cut_ && sidecar_.empty(); }

  // File name without the suffix. A new file's may change when it is made.
  const std::string& stem() const { return stem_; }

 private:
  int ensure_open();
  int create();
  void close();

  JournalFiles& files_;
  std::string group_code_;  // until the file is made
  int64_t start_ms_ = 0;    // until the file is made
  std::string stem_;
  std::string name_;
  std::string sidecar_;  // until it is written
  bool exists_ = false;
  bool cut_ = false;  // what follows `size_` is to be cut off
  int fd_ = -1;
  uint64_t size_ = 0;
};

}  // namespace matchbus::app
