#include "hft/telemetry/page_reader.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <system_error>

#include "hft/base/descriptor.hpp"
#include "page_memory.hpp"

namespace hft::telemetry {

/// A page as others see it: read-only and checked, so that every offset of its directory may be followed.
class PageReader::Mapping {
 public:
  explicit Mapping(const std::filesystem::path& path) : file_{::open(path.c_str(), O_RDONLY | O_CLOEXEC)} {
    if (!file_.is_open() || ::fstat(file_.get(), &stat_) != 0) {
      const std::error_code reason{errno, std::generic_category()};
      throw PageError(path.string() + ": the telemetry page cannot be read: " + reason.message());
    }
    n_bytes_ = static_cast<std::size_t>(stat_.st_size);
    if (n_bytes_ < sizeof(PageHeader)) refuse(path, "is no telemetry page: " + std::to_string(n_bytes_) + " bytes");
    void* memory = ::mmap(nullptr, n_bytes_, PROT_READ, MAP_SHARED, file_.get(), 0);
    if (memory == MAP_FAILED) refuse(path, "the telemetry page cannot be mapped");
    bytes_ = static_cast<const std::byte*>(memory);
    if (const std::string why = defect(); !why.empty()) {
      ::munmap(memory, n_bytes_);
      refuse(path, why);
    }
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { ::munmap(const_cast<std::byte*>(bytes_), n_bytes_); }

  template <class T>
  [[nodiscard]] const T& at(std::uint64_t offset) const noexcept {
    return *std::launder(reinterpret_cast<const T*>(bytes_ + offset));
  }
  [[nodiscard]] const PageHeader& header() const noexcept { return at<PageHeader>(0); }
  [[nodiscard]] std::span<const SlotRow> rows() const noexcept {
    return {&at<SlotRow>(sizeof(PageHeader)), header().n_slots};
  }
  [[nodiscard]] bool is_file_at(const std::filesystem::path& path) const noexcept {
    struct stat now {};
    const bool exists = ::stat(path.c_str(), &now) == 0;
    return !exists || (now.st_ino == stat_.st_ino && now.st_dev == stat_.st_dev);  // gone: the old one is all there is
  }
  [[nodiscard]] Writer writer(std::int64_t beat_age_ns) const noexcept {
    if (::flock(file_.get(), LOCK_SH | LOCK_NB) == 0) {  // the writer holds it exclusively for as long as it lives
      ::flock(file_.get(), LOCK_UN);
      return Writer::kGone;
    }
    return beat_age_ns > kSilentNs ? Writer::kSilent : Writer::kAlive;
  }

 private:
  [[noreturn]] static void refuse(const std::filesystem::path& path, const std::string& why) {
    throw PageError(path.string() + ": " + why);
  }

  [[nodiscard]] std::string defect() const {
    const PageHeader& found = header();
    if (found.magic != kPageMagic) return "is no telemetry page: must begin with \"HFTPAGE1\"";
    if (found.version != kPageVersion) {
      return "telemetry page of version " + std::to_string(found.version) + ", written by " +
             std::string{text_of(found.writer)} + "; this program reads version " + std::to_string(kPageVersion);
    }
    const std::uint64_t n_slots = found.n_slots;
    if (found.header_bytes != sizeof(PageHeader) || found.page_bytes > n_bytes_ ||
        n_slots > (n_bytes_ - sizeof(PageHeader)) / sizeof(SlotRow)) {
      return "the telemetry page is cut short or damaged";
    }
    if (found.layout_hash != layout_hash(rows())) {
      return "the telemetry page has another layout, written by " + std::string{text_of(found.writer)} +
             "; use the hftcore that belongs to it";
    }
    const bool fits = std::ranges::all_of(rows(), [&](const SlotRow& row) {
      return row.kind <= SlotKind::kText && row.offset % 8 == 0 && row.offset <= n_bytes_ &&
             slot_bytes(row.kind) <= n_bytes_ - row.offset;
    });
    return fits ? "" : "the telemetry page's directory points outside of it";
  }

  base::Descriptor file_;
  struct stat stat_ {};
  std::size_t n_bytes_ = 0;
  const std::byte* bytes_ = nullptr;
};

PageReader::PageReader(std::filesystem::path path)
    : path_{std::move(path)}, mapping_{std::make_shared<const Mapping>(path_)} {}

PageCopy PageReader::read() {
  if (!mapping_->is_file_at(path_)) mapping_ = std::make_shared<const Mapping>(path_);
  const PageHeader& header = mapping_->header();
  PageCopy copy;
  copy.name = text_of(header.name);
  copy.writer = text_of(header.writer);
  copy.pid = header.pid;
  copy.start_unix_ns = header.start_unix_ns;
  copy.read_monotonic_ns = clock_ns(CLOCK_MONOTONIC);
  copy.beat_age_ns = copy.read_monotonic_ns - read_live(header.beat_monotonic_ns);
  copy.state = text_of(header.boot_id) == boot_id() ? mapping_->writer(copy.beat_age_ns) : Writer::kGone;
  for (const SlotRow& row : mapping_->rows()) {
    const std::string group{text_of(row.group)};
    const std::string name{text_of(row.name)};
    switch (row.kind) {
      case SlotKind::kCounter:
        copy.counters.push_back({group, name, read_live(mapping_->at<std::uint64_t>(row.offset))});
        break;
      case SlotKind::kGauge:
        copy.gauges.push_back({group, name, read_live(mapping_->at<std::int64_t>(row.offset))});
        break;
      case SlotKind::kHistogram:
        copy.histograms.push_back(
            {group, name, LatencyHistogram::copy_of_live(mapping_->at<LatencyHistogram>(row.offset))});
        break;
      case SlotKind::kText: copy.texts.push_back({name, read_text(mapping_->at<TextSlot>(row.offset))}); break;
    }
  }
  return copy;
}

PageCopy between(const PageCopy& earlier, PageCopy later) {
  const bool is_same_run = earlier.pid == later.pid && earlier.start_unix_ns == later.start_unix_ns &&
                           earlier.counters.size() == later.counters.size() &&
                           earlier.histograms.size() == later.histograms.size();
  if (!is_same_run) return later;
  for (std::size_t i = 0; i < later.counters.size(); ++i) {
    later.counters[i].value -= std::min(earlier.counters[i].value, later.counters[i].value);
  }
  for (std::size_t i = 0; i < later.histograms.size(); ++i) {
    later.histograms[i].value = later.histograms[i].value.since(earlier.histograms[i].value);
  }
  return later;
}

}  // namespace hft::telemetry
