#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "hft/telemetry/latency_histogram.hpp"
#include "hft/telemetry/live_word.hpp"
#include "hft/telemetry/page_format.hpp"
#include "hft/telemetry/text_slot.hpp"

namespace hft::telemetry {

/// A page that cannot be made, or is none that this version reads.
class PageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Slots that one thread writes; they share no cache line with another group's.
struct Group {
  std::string name;
  std::vector<std::string> names;
};

/// What a page holds. A group's name may be used once among counters, once among gauges, once among histograms.
///
/// Names carry their unit (`lag_messages`, `poll_ns`, `size_bytes`); groups "lane.ticks/0" and "lane.ticks/1" are shown
/// as rows of one table "lane". See docs/how-to/operate.md for the names that `hftcore top` lays out.
struct Layout {
  std::string name;            // of the daemon: "demo"
  std::string writer;          // program and version: "hftcored 0.1.0"
  std::vector<Group> counters{};    // u64, rise only
  std::vector<Group> gauges{};      // i64, go up and down
  std::vector<Group> histograms{};  // LatencyHistogram each
  std::vector<std::string> texts{};
};

/// One u64 on the page. Cost: one load and one store of a line that this thread owns, about 1 ns. One writing thread.
class Counter {
 public:
  Counter() noexcept : word_{&nowhere_} {}
  explicit Counter(std::uint64_t& word) noexcept : word_{&word} {}
  void add(std::uint64_t n = 1) noexcept { write_live(*word_, *word_ + n); }
  void set(std::uint64_t n) noexcept { write_live(*word_, n); }
  [[nodiscard]] std::uint64_t value() const noexcept { return *word_; }  // the writing thread's own view

 private:
  static inline thread_local constinit std::uint64_t nowhere_ = 0;
  std::uint64_t* word_;
};

/// One i64 on the page, for what goes up and down. Cost and threads as Counter.
class Gauge {
 public:
  Gauge() noexcept : word_{&nowhere_} {}
  explicit Gauge(std::int64_t& word) noexcept : word_{&word} {}
  void set(std::int64_t n) noexcept { write_live(*word_, n); }
  [[nodiscard]] std::int64_t value() const noexcept { return *word_; }

 private:
  static inline thread_local constinit std::int64_t nowhere_ = 0;
  std::int64_t* word_;
};

/// One line of text on the page, at most kTextBytes of UTF-8: longer ones are cut at a character. Cold, any thread.
class Text {
 public:
  Text() noexcept = default;
  explicit Text(TextSlot& slot) noexcept : slot_{&slot} {}
  void set(std::string_view text) noexcept {
    if (slot_ != nullptr) write_text(*slot_, text);
  }

 private:
  TextSlot* slot_ = nullptr;
};

/// A daemon's numbers in a shared-memory file that other processes read without its noticing.
///
///   Page page = Page::create("/dev/shm/hftcored-demo.page", {.name = "demo", .writer = "hftcored 0.1.0",
///                            .counters = {{"ingest", {"polled", "poison"}}}, .texts = {"state"}});
///   Counter polled = page.counter("ingest", "polled");
///   polled.add(512);
///
/// Writers store plain words (relaxed atomics: the same instructions), readers load them, nobody waits. The file is
/// locked (flock) while its writer lives, so that a reader knows a dead one at once, and stays when the writer is gone.
/// Memory is taken in full at creation: no page fault, and no SIGBUS from a full /dev/shm, later.
class Page {
 public:
  /// Cold path. Replaces the page of a writer that is gone; an empty path makes a private page that nobody can read.
  /// Throws std::invalid_argument naming the name that breaks a rule, PageError when the file cannot be made or belongs
  /// to a writer that lives.
  [[nodiscard]] static Page create(const std::filesystem::path& path, const Layout& layout);

  Page(Page&&) noexcept = default;
  Page& operator=(Page&&) noexcept = default;

  /// Cold path, all of them: throw std::invalid_argument when there is no slot of that name, naming those there are.
  /// Handles are values and stay valid as long as the page.
  [[nodiscard]] Counter counter(std::string_view group, std::string_view name);
  [[nodiscard]] Gauge gauge(std::string_view group, std::string_view name);
  [[nodiscard]] Text text(std::string_view name);
  [[nodiscard]] LatencyHistogram& histogram(std::string_view group, std::string_view name);
  [[nodiscard]] std::span<LatencyHistogram> histograms(std::string_view group);

  /// A group's histograms as the owner's type, such as engine::StageTimes: a plain array of as many histograms.
  template <class T>
  [[nodiscard]] T& place(std::string_view group) {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= kSlotAlign);
    const auto room = histograms(group);
    if (room.size_bytes() != sizeof(T)) {
      throw std::invalid_argument("page: histograms of \"" + std::string{group} + "\": the type must hold " +
                                  std::to_string(room.size()) + " of them");
    }
    return *std::launder(reinterpret_cast<T*>(new (room.data()) T));
  }

  /// "I live": every second or so, from a cold thread. A reader calls a writer silent after kSilentNs.
  void beat() noexcept;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  class Mapping;
  explicit Page(std::shared_ptr<Mapping> mapping, std::filesystem::path path);

  std::shared_ptr<Mapping> mapping_;
  std::filesystem::path path_;
};

}  // namespace hft::telemetry
