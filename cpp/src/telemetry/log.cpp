#include "hft/telemetry/log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <functional>
#include <mutex>
#include <system_error>
#include <utility>

#include "hft/base/descriptor.hpp"
#include "log_line.hpp"
#include "page_memory.hpp"

namespace hft::telemetry {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames{"debug", "info", "warning", "error"};

/// Holds SIGPIPE back from this thread and takes the one that our own write may have caused, so that a reader who left
/// is an errno here whatever the process does with the signal.
class NoSigpipe {
 public:
  NoSigpipe() noexcept {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    ::sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;  // another's: not ours to take
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;
  ~NoSigpipe() {
    if (!was_pending_) {
      const std::timespec now{};
      while (::sigtimedwait(&pipe_, nullptr, &now) < 0 && errno == EINTR) {
      }
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_;
  sigset_t before_;
  bool was_pending_ = false;
};

/// False where the reader left, stands still, or the disk is full: the line is lost.
bool put_line(int fd, std::string_view line) noexcept {
  const NoSigpipe no_sigpipe;
  pollfd ready{fd, POLLOUT, 0};
  const int n = ::poll(&ready, 1, static_cast<int>(Log::kMaxWait.count()));
  if (n == 0) return false;
  // A pipe that is ready takes PIPE_BUF bytes at once, which is the most that a line has: this does not block.
  return base::write_all(fd, std::as_bytes(std::span{line}));
}

/// Which messages spoke how often of late. A fixed table: a message that finds no place shares the last one, so that
/// texts without end cannot make it grow.
class RateLimit {
 public:
  struct Verdict {
    bool may_pass;
    std::uint64_t n_suppressed;  // of this message before this line
  };

  Verdict ask(std::string_view msg, std::int64_t now_ns) noexcept {
    Entry& entry = entry_of(std::hash<std::string_view>{}(msg) | 1U);
    constexpr std::int64_t kWindowNs = std::chrono::nanoseconds{Log::kWindow}.count();
    if (now_ns - entry.window_start_ns >= kWindowNs || entry.n_passed == 0) {
      entry.window_start_ns = now_ns;
      entry.n_passed = 0;
    }
    if (entry.n_passed >= Log::kBurst) {
      ++entry.n_suppressed;
      return {false, 0};
    }
    ++entry.n_passed;
    return {true, std::exchange(entry.n_suppressed, 0)};
  }

 private:
  struct Entry {
    std::size_t hash = 0;
    std::int64_t window_start_ns = 0;
    std::uint32_t n_passed = 0;
    std::uint64_t n_suppressed = 0;
  };

  Entry& entry_of(std::size_t hash) noexcept {
    for (std::size_t i = 0; i + 1 < entries_.size(); ++i) {
      Entry& entry = entries_[(hash + i) % (entries_.size() - 1)];
      if (entry.hash == 0) entry.hash = hash;
      if (entry.hash == hash) return entry;
    }
    return entries_.back();
  }

  std::array<Entry, 256> entries_{};
};

}  // namespace

std::optional<Level> parse_level(std::string_view text) noexcept {
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (kLevelNames[i] == text) return static_cast<Level>(i);
  }
  return std::nullopt;
}

class Log::Sink {
 public:
  Sink(std::string name, Level least, int fd, base::Descriptor owned)
      : least_{least}, name_{std::move(name)}, fd_{fd}, owned_{std::move(owned)} {}

  void write(Level level, std::string_view msg, Fields fields) noexcept {
    const std::lock_guard lock{mutex_};
    const RateLimit::Verdict verdict = limit_.ask(msg, clock_ns(CLOCK_MONOTONIC));
    if (!verdict.may_pass) return;
    LogLine line;
    line.add_time(clock_ns(CLOCK_REALTIME));
    line.add({"level", kLevelNames[static_cast<std::size_t>(level)]});
    line.add({"name", name_});
    line.add({"msg", msg});
    if (verdict.n_suppressed != 0) line.add({"suppressed", verdict.n_suppressed});
    if (n_dropped_ != 0) line.add({"dropped", n_dropped_});
    for (const Field& field : fields) line.add(field);
    n_dropped_ = put_line(fd_, line.finish()) ? 0 : n_dropped_ + 1;
  }

  std::atomic<Level> least_;  // relaxed: a line more or less while it changes does not matter

 private:
  const std::string name_;
  const int fd_;
  const base::Descriptor owned_;
  std::mutex mutex_;  // guards what follows, and the order of lines
  RateLimit limit_;
  std::uint64_t n_dropped_ = 0;
};

Log::Log(std::string name, Level least, int fd)
    : sink_{std::make_unique<Sink>(std::move(name), least, fd, base::Descriptor{})} {}

Log::Log(std::string name, Level least, const std::filesystem::path& path) {
  base::Descriptor file{::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)};
  if (!file.is_open())
    throw std::system_error(errno, std::generic_category(), path.string() + ": the log cannot be opened");
  const int fd = file.get();
  sink_ = std::make_unique<Sink>(std::move(name), least, fd, std::move(file));
}

Log::~Log() = default;

void Log::write(Level level, std::string_view msg, Fields fields) noexcept {
  if (takes(level)) sink_->write(level, msg, fields);
}

void Log::set_least(Level least) noexcept { sink_->least_.store(least, std::memory_order_relaxed); }

bool Log::takes(Level level) const noexcept { return level >= sink_->least_.load(std::memory_order_relaxed); }

}  // namespace hft::telemetry
