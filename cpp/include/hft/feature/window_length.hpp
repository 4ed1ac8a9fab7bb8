#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hft/feature/range.hpp"

namespace hft::feature {

/// How much a window holds: the last n inputs, or the inputs of (t - span, t].
class WindowLength {
 public:
  static constexpr IntRange kCount{"window", 1, kMaxWindow};
  static constexpr IntRange kMaxEvents{"max_events", 1, kMaxWindow};
  static constexpr std::int64_t kDefaultMaxEvents = 4096;
  static constexpr std::int64_t kMaxSpanNs = std::int64_t{366} * 24 * 3600 * 1'000'000'000;

  /// The last `n` inputs.
  [[nodiscard]] static WindowLength count(std::int64_t n, std::string_view owner = "Window");

  /// The inputs of the last `span_ns`. Room is made once, for `max_events`: if more fall inside, the oldest leaves
  /// early.
  [[nodiscard]] static WindowLength time(std::int64_t span_ns, std::int64_t max_events = kDefaultMaxEvents,
                                         std::string_view owner = "Window");

  /// "250ms", "5s", "1m": a whole number and one of ns, us, ms, s, m, h.
  [[nodiscard]] static std::int64_t parse_span_ns(std::string_view text, std::string_view owner = "Window");

  /// The shortest such text: 60s is "1m". A count is its digits.
  [[nodiscard]] std::string text() const;

  /// Throws unless the window can hold `n` inputs, which is what `owner` needs for one value.
  [[nodiscard]] WindowLength holding(std::uint32_t n, std::string_view owner) const;

  [[nodiscard]] bool is_time() const noexcept { return span_ns_ > 0; }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::int64_t span_ns() const noexcept { return span_ns_; }

  /// Has an entry of time `then` left at `now` (>= then)? Unsigned, so that no pair of times overflows.
  [[nodiscard]] bool expired(std::int64_t then, std::int64_t now) const noexcept {
    return static_cast<std::uint64_t>(now) - static_cast<std::uint64_t>(then) >= static_cast<std::uint64_t>(span_ns_);
  }

 private:
  WindowLength(std::uint32_t capacity, std::int64_t span_ns) : capacity_{capacity}, span_ns_{span_ns} {}
  std::uint32_t capacity_;
  std::int64_t span_ns_;  // 0: a count window
};

}  // namespace hft::feature
