#include "app/journal_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

#include "app/private_directory.h"

namespace matchbus::app {
namespace {

constexpr mode_t kOwnerOnly = 0700;
constexpr mode_t kOwnerReadsAndWrites = 0600;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  explicit operator bool() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// What a descriptor refers to may have been renamed away or removed since it was opened.
bool is_still_there(int fd, const std::string& path) {
  struct stat opened {};
  struct stat named {};
  return fstat(fd, &opened) == 0 && stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

}  // namespace

JournalDirectory::~JournalDirectory() {
  if (fd_ >= 0) ::close(fd_);
}

JournalDirectory::Opening JournalDirectory::open() {
  if (fd_ >= 0 && is_still_there(fd_, path_)) return Opening::kOpen;
  if (mkdir(path_.c_str(), kOwnerOnly) != 0 && errno != EEXIST) return Opening::kUnavailable;
  Descriptor directory(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return Opening::kUnavailable;
  struct stat info {};
  if (fstat(directory.get(), &info) != 0) return Opening::kUnavailable;
  if (!check_private(path_, info, geteuid())) return Opening::kUnsafe;
  // A file system that knows no locks gives no protection, and no reason to refuse either.
  if (flock(directory.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return Opening::kTaken;
  // Under the old number, since another thread may be about to use it.
  if (fd_ >= 0) return dup3(directory.get(), fd_, O_CLOEXEC) >= 0 ? Opening::kOpen : Opening::kUnavailable;
  fd_ = directory.release();
  return Opening::kOpen;
}

int JournalDirectory::create(const std::string& name) const {
  return openat(fd_, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kOwnerReadsAndWrites);
}

int JournalDirectory::open_file(const std::string& name) const {
  return openat(fd_, name.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
}

int JournalDirectory::read(const std::string& name, std::string& text) const {
  const Descriptor file(openat(fd_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info {};
  if (!file || fstat(file.get(), &info) != 0) return errno;
  text.assign(static_cast<size_t>(info.st_size), '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  text.resize(size);
  return 0;
}

int JournalDirectory::write_whole(const std::string& name, const std::string& aside, std::string_view text,
                                  bool sync) const {
  // Left behind by a process that died here.
  if (const int error = remove(aside); error != 0) return error;
  int error = 0;
  {
    const Descriptor file(create(aside));
    if (!file) return errno;
    size_t written = 0;
    error = write_at(file.get(), text, 0, written);
    if (error == 0 && sync && fdatasync(file.get()) != 0) error = errno;
  }
  if (error == 0) error = rename(aside, name);
  if (error != 0) (void)remove(aside);
  return error;
}

int JournalDirectory::remove(const std::string& name) const {
  return unlinkat(fd_, name.c_str(), 0) == 0 || errno == ENOENT ? 0 : errno;
}

int JournalDirectory::rename(const std::string& from, const std::string& to) const {
  return renameat(fd_, from.c_str(), fd_, to.c_str()) == 0 ? 0 : errno;
}

int JournalDirectory::sync_names() const { return fsync(fd_) == 0 ? 0 : errno; }

int JournalDirectory::sync_file(const std::string& name) const {
  const Descriptor file(open_file(name));
  return file && fdatasync(file.get()) == 0 ? 0 : errno;
}

int JournalDirectory::list(std::vector<Entry>& entries) const {
  entries.clear();
  Descriptor copy(openat(fd_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!copy) return errno;
  const auto close = [](DIR* directory) { closedir(directory); };
  const std::unique_ptr<DIR, decltype(close)> directory(fdopendir(copy.get()), close);
  if (!directory) return errno;
  copy.release();  // closedir closes it
  while (const dirent* entry = readdir(directory.get())) {
    struct stat info {};
    if (fstatat(fd_, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) continue;
    entries.push_back({entry->d_name, static_cast<uint64_t>(info.st_size),
                       int64_t{info.st_mtim.tv_sec} * 1000 + info.st_mtim.tv_nsec / 1'000'000});
  }
  return 0;
}

int write_at(int fd, std::string_view text, uint64_t offset, size_t& written) {
  written = 0;
  while (written < text.size()) {
    const ssize_t size = pwrite(fd, text.data() + written, text.size() - written, static_cast<off_t>(offset + written));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno;
    if (size == 0) return EIO;
    written += static_cast<size_t>(size);
  }
  return 0;
}

}  // namespace matchbus::app
