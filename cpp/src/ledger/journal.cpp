#include "hft/ledger/journal.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "hft/base/descriptor.hpp"
#include "hft/base/fault.hpp"
#include "hft/ledger/journal_reader.hpp"

namespace hft::ledger {
namespace {

using base::Descriptor;

constexpr std::size_t kTornBytes = 5;  // no frame ends that far before another one's end

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
  const std::error_code reason{errno, std::generic_category()};
  throw JournalError(path.string() + ": " + what + ": " + reason.message());
}

Descriptor open_alone(const std::filesystem::path& path, int flags) {
  Descriptor file{::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | flags, 0644)};
  if (file.get() < 0) fail(path, "cannot be opened for writing");
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) fail(path, "is being written by another process");
  return file;
}

void sync_folder_of(const std::filesystem::path& path) {
  const auto folder = std::filesystem::absolute(path).parent_path();
  if (!base::sync_folder(folder.c_str())) fail(path, "its folder cannot be synchronised");
}

void cut(const Descriptor& file, const std::filesystem::path& path, std::uint64_t n_bytes) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail(path, "has no status");
  if (!S_ISREG(status.st_mode)) return;  // a device or a pipe has no length
  if (::ftruncate(file.get(), static_cast<off_t>(n_bytes)) != 0) fail(path, "cannot be cut");
}

/// That the file begins as a journal does and reaches to `from_bytes`, where a frame of it begins or it ends.
void check_beginning(const std::filesystem::path& path, std::uint64_t from_bytes) {
  std::array<std::byte, sizeof(FileHeader)> header{};
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  const ::ssize_t n_read = file.get() < 0 ? -1 : ::pread(file.get(), header.data(), header.size(), 0);
  if (n_read < 0) fail(path, "cannot be read");
  const FrameScanner names_what_is_wrong{std::span{header}.first(static_cast<std::size_t>(n_read)), path.string()};
  const std::uint64_t n_bytes = std::filesystem::file_size(path);
  if (from_bytes < sizeof(FileHeader) || n_bytes < from_bytes) {
    throw JournalError(path.string() + ": must reach to byte " + std::to_string(from_bytes) + ", had " +
                       std::to_string(n_bytes) + ": its end was lost, or it is another journal");
  }
}

}  // namespace

Journal::Journal(int fd, std::size_t buffer_bytes)
    : fd_{fd},
      capacity_{std::max(buffer_bytes, kMaxRecordFrameBytes)},
      buffer_{std::make_unique<std::byte[]>(capacity_)} {}  // zeroed, so its pages are there before the first tick

Journal Journal::create(const std::filesystem::path& path, Existing existing, std::size_t buffer_bytes) {
  Descriptor file = open_alone(path, existing == Existing::kRefuse ? O_EXCL : 0);
  cut(file, path, 0);
  sync_folder_of(path);
  Journal journal{file.get(), buffer_bytes};
  (void)file.release();  // only now: the buffer may have thrown
  const FileHeader header = make_file_header();
  journal.put(std::as_bytes(std::span{&header, 1}));
  return journal;
}

Journal Journal::open_for_append(const std::filesystem::path& path, std::size_t buffer_bytes) {
  return open(path, 0, buffer_bytes).journal;
}

Resumed Journal::resume(const std::filesystem::path& path, std::uint64_t from_bytes, std::size_t buffer_bytes) {
  Resumed resumed = open(path, from_bytes, buffer_bytes);
  // What a killed process wrote may still be on its way: a snapshot may count on it only once it has arrived.
  if (!resumed.journal.sync()) fail(path, "cannot be synchronised");
  return resumed;
}

Resumed Journal::open(const std::filesystem::path& path, std::uint64_t from_bytes, std::size_t buffer_bytes) {
  Descriptor file = open_alone(path, 0);  // the lock first: nobody appends while we read
  std::vector<std::byte> bytes = read_file(path, from_bytes);
  if (from_bytes != 0) check_beginning(path, from_bytes);
  FrameScanner frames = from_bytes == 0 ? FrameScanner{bytes, path.string()}
                                        : FrameScanner{bytes, path.string(), from_bytes};
  const std::uint64_t tail_begins_at = frames.offset_bytes();
  Recovery recovery;
  while (frames.next()) ++recovery.n_frames;
  recovery.n_bytes_cut = frames.torn_bytes();
  if (recovery.n_bytes_cut != 0) cut(file, path, frames.offset_bytes());
  if (bytes.empty() && from_bytes == 0) sync_folder_of(path);

  Journal journal{file.get(), buffer_bytes};
  (void)file.release();  // only now: the buffer may have thrown
  journal.recovery_ = recovery;
  journal.n_written_ = frames.offset_bytes();
  bytes.resize(bytes.size() - recovery.n_bytes_cut);
  if (journal.n_written_ == 0) {
    const FileHeader header = make_file_header();
    journal.put(std::as_bytes(std::span{&header, 1}));
    return {std::move(journal), {}, sizeof header};
  }
  if (from_bytes == 0) bytes.erase(bytes.begin(), bytes.begin() + sizeof(FileHeader));
  return {std::move(journal), std::move(bytes), tail_begins_at};
}

Journal::Journal(Journal&& other) noexcept
    : fd_{std::exchange(other.fd_, -1)},
      errno_{std::exchange(other.errno_, EBADF)},
      closed_well_{other.closed_well_},
      capacity_{other.capacity_},
      used_{std::exchange(other.used_, 0)},
      n_written_{other.n_written_},
      n_synced_{other.n_synced_},
      buffer_{std::move(other.buffer_)},
      recovery_{other.recovery_} {}

Journal& Journal::operator=(Journal&& other) noexcept {
  if (this != &other) {
    static_cast<void>(close());
    fd_ = std::exchange(other.fd_, -1);
    errno_ = std::exchange(other.errno_, EBADF);
    closed_well_ = other.closed_well_;
    capacity_ = other.capacity_;
    used_ = std::exchange(other.used_, 0);
    n_written_ = other.n_written_;
    n_synced_ = other.n_synced_;
    buffer_ = std::move(other.buffer_);
    recovery_ = other.recovery_;
  }
  return *this;
}

Journal::~Journal() { static_cast<void>(close()); }

bool Journal::append_text(FrameKind kind, std::string_view json) {
  check_text(kind, json);
  std::vector<std::byte> frame(frame_bytes(json.size()));
  encode_frame(kind, std::as_bytes(std::span{json}), frame.data());
  put(frame);
  return !failed();
}

void Journal::put(std::span<const std::byte> bytes) noexcept {
  while (!bytes.empty() && !failed()) {
    if (used_ == capacity_ && !flush()) return;
    const std::size_t n = std::min(bytes.size(), capacity_ - used_);
    std::memcpy(buffer_.get() + used_, bytes.data(), n);
    used_ += n;
    bytes = bytes.subspan(n);
  }
}

bool Journal::flush() noexcept {
  for (std::size_t done = 0; !failed() && used_ != 0;) {
    // A crash in the middle of a write needs one with a middle: the last frame's last bytes stay behind.
    const bool leave_rest = base::is_armed(base::FaultPoint::kMidJournal) && used_ - done > kTornBytes;
    const ::ssize_t n = ::write(fd_, buffer_.get() + done, used_ - done - (leave_rest ? kTornBytes : 0));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      errno_ = n == 0 ? EIO : errno;  // a device that takes nothing would be asked for ever
      break;
    }
    done += static_cast<std::size_t>(n);
    n_written_ += static_cast<std::uint64_t>(n);
    if (done == used_) used_ = 0;
    if (leave_rest) base::fault_point(base::FaultPoint::kMidJournal);
  }
  return !failed();
}

bool Journal::sync() noexcept {
  if (!flush()) return false;
  // a failed fdatasync may have dropped the pages, so a second one that succeeds would prove nothing: it latches
  if (::fdatasync(fd_) != 0) errno_ = errno;
  if (!failed()) n_synced_ = n_written_;
  return !failed();
}

bool Journal::close() noexcept {
  if (fd_ < 0) return closed_well_;
  closed_well_ = flush();
  if (::close(fd_) != 0) closed_well_ = false;  // NFS and quotas report late writes here
  fd_ = -1;
  if (errno_ == 0) errno_ = EBADF;
  used_ = 0;
  return closed_well_;
}

}  // namespace hft::ledger
