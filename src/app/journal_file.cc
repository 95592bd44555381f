#include "app/journal_file.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "match/journal_name.h"

namespace matchbus::app {

using match::journal_stem;
using match::kJournalSuffix;
using match::kSidecarSuffix;
using match::kTemporarySuffix;

JournalFile::JournalFile(JournalFiles& files, std::string_view group_code, int64_t start_ms, std::string sidecar)
    : files_(files),
      group_code_(group_code),
      start_ms_(start_ms),
      stem_(journal_stem(group_code, start_ms)),
      name_(stem_ + std::string(kJournalSuffix)),
      sidecar_(std::move(sidecar)) {}

JournalFile::JournalFile(JournalFiles& files, std::string stem, uint64_t size)
    : files_(files),
      stem_(std::move(stem)),
      name_(stem_ + std::string(kJournalSuffix)),
      exists_(true),
      cut_(true),
      size_(size) {}

JournalFile::~JournalFile() { close(); }

int JournalFile::create() {
  switch (files_.directory.open()) {
    case JournalDirectory::Opening::kOpen:
      break;
    case JournalDirectory::Opening::kTaken:
      return EBUSY;
    case JournalDirectory::Opening::kUnsafe:
      return EPERM;
    case JournalDirectory::Opening::kUnavailable:
      return errno;
  }
  // The same group at the same millisecond: a clock that was set back.
  constexpr int kTries = 1000;
  for (int i = 0; i < kTries; ++i, ++start_ms_) {
    stem_ = journal_stem(group_code_, start_ms_);
    name_ = stem_ + std::string(kJournalSuffix);
    fd_ = files_.directory.create(name_);
    if (fd_ >= 0) {
      exists_ = true;
      ++files_.open;
      return 0;
    }
    if (errno != EEXIST) return errno;
  }
  return EEXIST;
}

int JournalFile::ensure_open() {
  if (!exists_) return create();
  if (fd_ < 0) {
    fd_ = files_.directory.open_file(name_);
    if (fd_ < 0) return errno;
    ++files_.open;
  }
  if (cut_ && ftruncate(fd_, static_cast<off_t>(size_)) != 0) return errno;
  cut_ = false;
  return 0;
}

int JournalFile::append(std::string_view text, size_t& written) {
  written = 0;
  if (text.empty() && is_settled()) return 0;
  if (const int error = ensure_open(); error != 0) return error;
  const int error = write_at(fd_, text, size_, written);
  size_ += written;
  if (error != 0) return error;
  if (files_.sync_each && fdatasync(fd_) != 0) return errno;
  if (!sidecar_.empty()) {
    const int failed = files_.directory.write_whole(
        stem_ + std::string(kSidecarSuffix), stem_ + std::string(kTemporarySuffix), sidecar_, files_.sync_secrets);
    if (failed != 0) return failed;
    sidecar_.clear();
    if (files_.sync_each) {
      if (const int unsynced = files_.directory.sync_names(); unsynced != 0) return unsynced;
    }
  }
  if (files_.open > files_.max_open) close();
  return 0;
}

int JournalFile::retire() {
  close();
  sidecar_.clear();
  return exists_ ? files_.directory.remove(stem_ + std::string(kSidecarSuffix)) : 0;
}

void JournalFile::close() {
  if (fd_ < 0) return;
  ::close(std::exchange(fd_, -1));
  --files_.open;
}

}  // namespace matchbus::app
