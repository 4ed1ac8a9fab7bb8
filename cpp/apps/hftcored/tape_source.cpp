#include "tape_source.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "exit_code.hpp"
#include "hft/event/packed.hpp"

namespace hft::daemon {
namespace {

constexpr std::size_t kBufferBytes = 1U << 20U;  // longer than any record
constexpr std::chrono::milliseconds kPreambleWait{60'000};

int open_tape(const std::filesystem::path& path) {
  const int fd = path.empty() ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd >= 0) return fd;
  throw Fatal(ExitCode::kConfig, "input.path: " + path.string() + ": cannot be read: " +
                                     std::error_code{errno, std::generic_category()}.message());
}

}  // namespace

TapeSource::TapeSource(const std::filesystem::path& path, event::Format format,
                       std::span<const event::Instrument> instruments, std::uint64_t begin)
    : name_{path.empty() ? "stdin" : path.filename().string()},
      format_{format},
      file_{open_tape(path)},
      begin_{begin},
      buffer_(kBufferBytes) {
  if (format == event::Format::kAvro) {
    throw Fatal(ExitCode::kConfig, "input.format: avro is for Kafka; a file must be packed or json");
  }
  if (format == event::Format::kPacked) read_preamble(instruments);
}

std::size_t TapeSource::poll(std::span<RawInput> out, std::chrono::milliseconds timeout) {
  std::size_t n = 0;
  bool waited = false;
  while (n < out.size() && !ended_) {
    const auto record = take_record();
    if (record.data() != nullptr) {
      if (next_ >= begin_) out[n++] = {{}, record, next_};
      ++next_;
      continue;
    }
    // What was handed out lies in the buffer, and filling it moves it.
    if (n != 0 || waited || ended_) break;
    waited = !fill(timeout);
  }
  return n;
}

std::span<const std::byte> TapeSource::left() const noexcept {
  return std::span{buffer_}.subspan(at_, filled_ - at_);
}

/// True when something came, be it the end.
bool TapeSource::fill(std::chrono::milliseconds timeout) {
  if (at_end_) {
    ended_ = true;
    return true;
  }
  std::memmove(buffer_.data(), buffer_.data() + at_, filled_ - at_);
  filled_ -= at_;
  at_ = 0;
  if (filled_ == buffer_.size()) throw Fatal(ExitCode::kConfig, name_ + ": a record of more than 1 MiB");
  pollfd waiting{file_.get(), POLLIN, 0};
  if (::poll(&waiting, 1, static_cast<int>(timeout.count())) <= 0) return false;
  const ::ssize_t n = ::read(file_.get(), buffer_.data() + filled_, buffer_.size() - filled_);
  if (n < 0 && errno == EINTR) return false;
  if (n < 0) throw Fatal(ExitCode::kConfig, name_ + ": " + std::error_code{errno, std::generic_category()}.message());
  filled_ += static_cast<std::size_t>(n);
  at_end_ = n == 0;
  return true;
}

std::span<const std::byte> TapeSource::take_record() {
  return format_ == event::Format::kPacked ? take_packed() : take_line();
}

std::span<const std::byte> TapeSource::take_packed() {
  const auto bytes = left();
  if (bytes.size() < sizeof(event::Event)) {
    // Torn: what is left is handed out once, and the decoder says that it is truncated.
    if (!at_end_ || bytes.empty()) return {};
    at_ = filled_;
    return bytes;
  }
  const auto record = bytes.first(sizeof(event::Event));
  if (std::memcmp(record.data(), event::kPackedEndMagic.data(), event::kPackedEndMagic.size()) == 0) {
    ended_ = true;
    return {};
  }
  at_ += record.size();
  return record;
}

std::span<const std::byte> TapeSource::take_line() {
  for (;;) {
    const auto bytes = left();
    const auto end = std::find(bytes.begin(), bytes.end(), std::byte{'\n'});
    if (end == bytes.end() && (!at_end_ || bytes.empty())) return {};
    const auto line = bytes.first(static_cast<std::size_t>(end - bytes.begin()));
    at_ += std::min(line.size() + 1, bytes.size());
    if (!line.empty()) return line;
  }
}

void TapeSource::read_preamble(std::span<const event::Instrument> instruments) {
  const std::string wanted = event::packed_preamble(instruments);
  const auto deadline = std::chrono::steady_clock::now() + kPreambleWait;
  while (left().size() < wanted.size() && !ended_ && std::chrono::steady_clock::now() < deadline) {
    fill(std::chrono::milliseconds{100});
  }
  const auto head = left().first(std::min(left().size(), wanted.size()));
  const auto expected = std::as_bytes(std::span{wanted});
  if (!std::equal(head.begin(), head.end(), expected.begin(), expected.end())) {
    throw Fatal(ExitCode::kConfig,
                name_ + ": no packed tape of the instruments that `instruments` lists, in that order");
  }
  at_ += wanted.size();
}

}  // namespace hft::daemon
