#include "hft/telemetry/page.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <system_error>

#include "hft/base/descriptor.hpp"
#include "page_memory.hpp"
#include "page_plan.hpp"

namespace hft::telemetry {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
  const std::error_code reason{errno, std::generic_category()};
  throw PageError(path.string() + ": " + what + ": " + reason.message());
}

template <std::size_t N>
void put(std::array<char, N>& out, std::string_view text) noexcept {
  std::memcpy(out.data(), text.data(), std::min(text.size(), N - 1));
}

PageHeader make_header(const PagePlan& plan, const Layout& layout) {
  PageHeader header;
  header.header_bytes = sizeof header;
  header.page_bytes = plan.n_bytes;
  header.layout_hash = layout_hash(plan.rows);
  header.n_slots = static_cast<std::uint32_t>(plan.rows.size());
  header.pid = ::getpid();
  header.start_unix_ns = clock_ns(CLOCK_REALTIME);
  put(header.boot_id, boot_id());
  put(header.name, layout.name);
  put(header.writer, layout.writer);
  header.beat_monotonic_ns = clock_ns(CLOCK_MONOTONIC);
  return header;
}

/// The file under its temporary name, locked and with all its memory taken.
base::Descriptor make_file(const std::filesystem::path& path, const std::filesystem::path& temporary,
                           std::size_t n_bytes) {
  base::Descriptor file{::open(temporary.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)};
  if (!file.is_open()) fail(temporary, "the telemetry page cannot be made");
  const base::Descriptor old{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  const bool is_taken = old.is_open() && ::flock(old.get(), LOCK_SH | LOCK_NB) != 0;
  if (is_taken || ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    throw PageError(path.string() + ": the telemetry page belongs to a process that runs");
  }
  if (::ftruncate(file.get(), 0) != 0) fail(temporary, "the telemetry page cannot be made");
  if (const int reason = ::posix_fallocate(file.get(), 0, static_cast<off_t>(n_bytes)); reason != 0) {
    ::unlink(temporary.c_str());
    errno = reason;
    fail(temporary, "no room for a telemetry page of " + std::to_string(n_bytes) + " bytes");
  }
  return file;
}

}  // namespace

/// The page's memory and, through the descriptor, the lock that says that its writer lives.
class Page::Mapping {
 public:
  Mapping(base::Descriptor file, std::size_t n_bytes, const std::filesystem::path& path)
      : file_{std::move(file)}, n_bytes_{n_bytes} {
    const int flags = file_.is_open() ? MAP_SHARED : MAP_SHARED | MAP_ANONYMOUS;
    void* memory = ::mmap(nullptr, n_bytes, PROT_READ | PROT_WRITE, flags | MAP_POPULATE, file_.get(), 0);
    if (memory == MAP_FAILED) fail(path, "the telemetry page cannot be mapped");
    bytes_ = static_cast<std::byte*>(memory);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { ::munmap(bytes_, n_bytes_); }

  [[nodiscard]] std::byte* at(std::uint64_t offset) const noexcept { return bytes_ + offset; }
  [[nodiscard]] PageHeader& header() const noexcept { return *std::launder(reinterpret_cast<PageHeader*>(bytes_)); }
  [[nodiscard]] std::span<const SlotRow> rows() const noexcept {
    return {std::launder(reinterpret_cast<const SlotRow*>(at(sizeof(PageHeader)))), header().n_slots};
  }

  /// The bytes of all slots of a kind and group, in one piece, beginning with that of `name` where one is given.
  [[nodiscard]] std::byte* slot(SlotKind kind, std::string_view group, std::string_view name) const {
    std::string known;
    for (const SlotRow& row : rows()) {
      if (row.kind != kind || text_of(row.group) != group) continue;
      if (name.empty() || text_of(row.name) == name) return at(row.offset);
      known += (known.empty() ? "" : ", ") + std::string{text_of(row.name)};
    }
    throw std::invalid_argument("page: no " + std::string{name_of(kind)} + " \"" + std::string{group} + "\" \"" +
                                std::string{name} + "\"; there are: " + (known.empty() ? "none of that group" : known));
  }

 private:
  base::Descriptor file_;
  std::size_t n_bytes_;
  std::byte* bytes_ = nullptr;
};

Page::Page(std::shared_ptr<Mapping> mapping, std::filesystem::path path)
    : mapping_{std::move(mapping)}, path_{std::move(path)} {}

Page Page::create(const std::filesystem::path& path, const Layout& layout) {
  const PagePlan plan = plan_page(layout);
  const std::filesystem::path temporary = path.string() + ".new";
  base::Descriptor file = path.empty() ? base::Descriptor{} : make_file(path, temporary, plan.n_bytes);
  auto mapping = std::make_shared<Mapping>(std::move(file), plan.n_bytes, path);

  new (mapping->at(0)) PageHeader{make_header(plan, layout)};
  std::memcpy(mapping->at(sizeof(PageHeader)), plan.rows.data(), plan.rows.size() * sizeof(SlotRow));
  for (const SlotRow& row : plan.rows) {  // the others begin as the zeros that a new page is made of
    if (row.kind == SlotKind::kHistogram) new (mapping->at(row.offset)) LatencyHistogram;
  }
  // The name appears over a complete page.
  if (!path.empty() && ::rename(temporary.c_str(), path.c_str()) != 0) fail(path, "the telemetry page cannot be named");
  return Page{std::move(mapping), path};
}

Counter Page::counter(std::string_view group, std::string_view name) {
  return Counter{*std::launder(reinterpret_cast<std::uint64_t*>(mapping_->slot(SlotKind::kCounter, group, name)))};
}

Gauge Page::gauge(std::string_view group, std::string_view name) {
  return Gauge{*std::launder(reinterpret_cast<std::int64_t*>(mapping_->slot(SlotKind::kGauge, group, name)))};
}

Text Page::text(std::string_view name) {
  return Text{*std::launder(reinterpret_cast<TextSlot*>(mapping_->slot(SlotKind::kText, "", name)))};
}

LatencyHistogram& Page::histogram(std::string_view group, std::string_view name) {
  return *std::launder(reinterpret_cast<LatencyHistogram*>(mapping_->slot(SlotKind::kHistogram, group, name)));
}

std::span<LatencyHistogram> Page::histograms(std::string_view group) {
  auto* first = std::launder(reinterpret_cast<LatencyHistogram*>(mapping_->slot(SlotKind::kHistogram, group, "")));
  const auto n = std::ranges::count_if(mapping_->rows(), [&](const SlotRow& row) {
    return row.kind == SlotKind::kHistogram && text_of(row.group) == group;
  });
  return {first, static_cast<std::size_t>(n)};
}

void Page::beat() noexcept { write_live(mapping_->header().beat_monotonic_ns, clock_ns(CLOCK_MONOTONIC)); }

}  // namespace hft::telemetry
