#include "image.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <system_error>

#include "hft/base/crc32c.hpp"
#include "hft/base/descriptor.hpp"
#include "hft/base/fault.hpp"

namespace hft::snapshot {
namespace {

constexpr std::string_view kPrefix = "snapshot-";
constexpr std::size_t kChunkBytes = std::size_t{1} << 20U;  // summed while it is in the cache for the copy

std::uint32_t header_crc(const ImageHeader& header) noexcept {
  return base::crc32c(std::as_bytes(std::span{&header, 1}).first(offsetof(ImageHeader, crc32c)));
}

std::string errno_text() { return std::error_code{errno, std::generic_category()}.message(); }

/// As many bytes as there are up to the length asked for; less than 0 with errno set.
ssize_t read_chunk(int fd, std::byte* out, std::size_t n_bytes) noexcept {
  for (;;) {
    const ssize_t n = ::read(fd, out, n_bytes);
    if (n >= 0 || errno != EINTR) return n;
  }
}

/// Empty when the header is one of ours and fits the file.
std::string defect_of(const ImageHeader& header, std::uint64_t number, std::uint64_t file_bytes) {
  const ImageHeader ours;
  if (header.magic != ours.magic) return "bad magic: is no snapshot, or its header was never written";
  if (header.crc32c != header_crc(header)) return "the header's checksum does not fit";
  if (header.version != ours.version) {
    return "version " + std::to_string(header.version) + ", this program reads version " + std::to_string(ours.version);
  }
  if (header.header_bytes != sizeof header) return "header of " + std::to_string(header.header_bytes) + " bytes";
  if (header.number != number) return "is snapshot " + std::to_string(header.number) + " under another's name";
  const std::uint64_t has_bytes = file_bytes - sizeof header;
  if (header.payload_bytes == has_bytes) return "";
  return std::string{header.payload_bytes > has_bytes ? "torn" : "too long"} + ": " + std::to_string(has_bytes) +
         " of " + std::to_string(header.payload_bytes) + " payload bytes";
}

}  // namespace

std::string image_name(std::uint64_t number) {
  return std::string{kPrefix} + std::to_string(number) + std::string{kSuffix};
}

std::optional<std::uint64_t> number_in(std::string_view name) noexcept {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix) || name.size() <= kPrefix.size() + kSuffix.size())
    return {};
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(kSuffix.size());
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool is_whole = parsed.ec == std::errc{} && parsed.ptr == name.data() + name.size();
  return is_whole && name.front() != '0' ? std::optional{number} : std::nullopt;
}

bool write_image(int fd, std::uint64_t number, std::span<const std::span<const std::byte>> pieces) noexcept {
  ImageHeader header;
  header.number = number;
  for (const auto& piece : pieces) header.payload_bytes += piece.size();
  const std::uint64_t file_bytes = sizeof header + header.payload_bytes;
  // Room for all of it first: a disk that is too full says so before we take its last bytes from the journal.
  if (::fallocate(fd, 0, 0, static_cast<off_t>(file_bytes)) != 0 && errno != EOPNOTSUPP && errno != ENOSYS)
    return false;
  if (::lseek(fd, sizeof header, SEEK_SET) < 0) return false;

  std::uint64_t n_written = 0;
  bool is_past_half = false;
  for (const auto& piece : pieces) {
    for (std::size_t at = 0; at < piece.size(); at += kChunkBytes) {
      const auto chunk = piece.subspan(at, std::min(kChunkBytes, piece.size() - at));
      header.payload_crc32c = base::crc32c(chunk, header.payload_crc32c);
      if (!base::write_all(fd, chunk)) return false;
      n_written += chunk.size();
      if (!is_past_half && 2 * n_written >= header.payload_bytes) {
        is_past_half = true;
        base::fault_point(base::FaultPoint::kMidSnapshot);
      }
    }
  }
  header.crc32c = header_crc(header);
  const auto* raw = reinterpret_cast<const char*>(&header);
  ssize_t n = 0;
  do n = ::pwrite(fd, raw, sizeof header, 0);
  while (n < 0 && errno == EINTR);
  if (n >= 0 && n != sizeof header) errno = EIO;
  return n == sizeof header && ::fdatasync(fd) == 0;
}

ReadImage read_image(const std::filesystem::path& path, std::uint64_t number) {
  const base::Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat found {};
  if (!file.is_open() || ::fstat(file.get(), &found) != 0) return {{}, "cannot be read: " + errno_text()};
  const auto file_bytes = static_cast<std::uint64_t>(found.st_size);
  ImageHeader header;
  if (file_bytes < sizeof header)
    return {{}, "torn: " + std::to_string(file_bytes) + " bytes, shorter than its header"};
  if (read_chunk(file.get(), reinterpret_cast<std::byte*>(&header), sizeof header) != sizeof header) {
    return {{}, "cannot be read: " + errno_text()};
  }
  if (std::string why = defect_of(header, number, file_bytes); !why.empty()) return {{}, std::move(why)};

  // Read, not mapped: a bad sector is then an errno and an older snapshot, not a SIGBUS.
  Loaded image{number, path, std::make_unique_for_overwrite<std::byte[]>(header.payload_bytes), header.payload_bytes};
  std::uint32_t crc = 0;
  for (std::size_t at = 0; at < image.n_bytes;) {
    const ssize_t n = read_chunk(file.get(), image.bytes.get() + at, std::min(kChunkBytes, image.n_bytes - at));
    if (n < 0) return {{}, "cannot be read: " + errno_text()};
    if (n == 0) return {{}, "torn: became shorter while it was read"};
    crc = base::crc32c({image.bytes.get() + at, static_cast<std::size_t>(n)}, crc);
    at += static_cast<std::size_t>(n);
  }
  if (crc != header.payload_crc32c) return {{}, "the payload's checksum does not fit"};
  return {std::move(image), ""};
}

}  // namespace hft::snapshot
