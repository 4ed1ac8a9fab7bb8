#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace hft::event {

/// Writes whole buffers to a file descriptor that somebody else opened: a file, a pipe, a terminal.
///
/// A reader that went away is an end, not an error: write() returns false. The process must ignore SIGPIPE (Python
/// does). Other failures throw std::system_error. `on_wait` runs whenever a write is interrupted or must wait; what it
/// throws stops the writing.
class FdWriter {
 public:
  explicit FdWriter(int fd, std::function<void()> on_wait = {}) : fd_{fd}, on_wait_{std::move(on_wait)} {}

  [[nodiscard]] bool write(std::string_view bytes);
  [[nodiscard]] std::uint64_t n_bytes() const noexcept { return n_bytes_; }

 private:
  int fd_;
  std::function<void()> on_wait_;
  std::uint64_t n_bytes_ = 0;
};

/// Calls `fill` with a descriptor of a new file beside `path`, then gives it that name: no reader sees half a file.
void write_file(const std::string& path, const std::function<void(int fd)>& fill);

}  // namespace hft::event
