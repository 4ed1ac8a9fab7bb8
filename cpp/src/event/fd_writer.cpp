#include "hft/event/fd_writer.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace hft::event {

bool FdWriter::write(std::string_view bytes) {
  constexpr int kWaitMs = 100;
  while (!bytes.empty()) {
    const ::ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n > 0) {
      n_bytes_ += static_cast<std::uint64_t>(n);
      bytes.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (n == 0) errno = EIO;  // a device that takes nothing would be asked for ever
    if (errno == EPIPE) return false;
    if (errno == EAGAIN) {
      ::pollfd ready{fd_, POLLOUT, 0};
      ::poll(&ready, 1, kWaitMs);
    } else if (errno != EINTR) {
      throw std::system_error(errno, std::generic_category(), "write");
    }
    if (on_wait_) on_wait_();
  }
  return true;
}

void write_file(const std::string& path, const std::function<void(int fd)>& fill) {
  const std::string partial = path + ".partial";
  const int fd = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), partial);
  try {
    fill(fd);
  } catch (...) {
    ::close(fd);
    ::unlink(partial.c_str());
    throw;
  }
  const bool closed = ::close(fd) == 0;  // a full disk may show only here
  if (!closed || std::rename(partial.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(partial.c_str());
    throw std::system_error(error, std::generic_category(), path);
  }
}

}  // namespace hft::event
