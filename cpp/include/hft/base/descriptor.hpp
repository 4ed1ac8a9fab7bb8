#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <span>
#include <utility>

namespace hft::base {

/// Owns a file descriptor. Closing cannot report: sync() what must be on the disk.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) noexcept : fd_{fd} {}
  Descriptor(Descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const noexcept { return fd_; }
  /// Somebody else closes it from here on.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

/// False with errno set when not all of it could be written. Goes on after signals and short writes.
[[nodiscard]] inline bool write_all(int fd, std::span<const std::byte> bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = EIO;
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

/// A name is on the disk only when its folder is. False with errno set; true where the file system cannot sync folders.
[[nodiscard]] inline bool sync_folder(const char* folder) noexcept {
  const Descriptor fd{::open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  return fd.is_open() && (::fsync(fd.get()) == 0 || errno == EINVAL);
}

}  // namespace hft::base
