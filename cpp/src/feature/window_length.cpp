#include "hft/feature/window_length.hpp"

#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace hft::feature {
namespace {

// Largest first: text() takes the first that divides.
constexpr std::array<std::pair<std::string_view, std::int64_t>, 6> kUnits{{{"h", 3'600'000'000'000},
                                                                           {"m", 60'000'000'000},
                                                                           {"s", 1'000'000'000},
                                                                           {"ms", 1'000'000},
                                                                           {"us", 1'000},
                                                                           {"ns", 1}}};

[[noreturn]] void refuse(std::string_view owner, const std::string& rule, const std::string& value) {
  throw std::invalid_argument(std::string(owner) + ": window must be " + rule + ", was " + value);
}

}  // namespace

WindowLength WindowLength::count(std::int64_t n, std::string_view owner) {
  return {kCount.check(owner, n), 0};
}

WindowLength WindowLength::time(std::int64_t span_ns, std::int64_t max_events, std::string_view owner) {
  if (span_ns < 1 || span_ns > kMaxSpanNs)
    refuse(owner, "longer than 0 and at most 366 days", std::to_string(span_ns) + "ns");
  return {kMaxEvents.check(owner, max_events), span_ns};
}

std::int64_t WindowLength::parse_span_ns(std::string_view text, std::string_view owner) {
  const auto bad = [&] {
    refuse(owner, "a count or a time such as \"250ms\" (ns, us, ms, s, m, h)", '"' + std::string(text) + '"');
  };
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) bad();
  const std::string_view unit{end, static_cast<std::size_t>(text.data() + text.size() - end)};
  for (const auto& [name, ns] : kUnits) {
    if (unit != name) continue;
    if (number > kMaxSpanNs / ns) refuse(owner, "at most 366 days", '"' + std::string(text) + '"');
    return number * ns;
  }
  bad();
  return 0;
}

std::string WindowLength::text() const {
  if (!is_time()) return std::to_string(capacity_);
  for (const auto& [name, ns] : kUnits) {
    if (span_ns_ % ns == 0) return std::to_string(span_ns_ / ns) + std::string(name);
  }
  return {};
}

WindowLength WindowLength::holding(std::uint32_t n, std::string_view owner) const {
  if (capacity_ >= n) return *this;
  const std::string what = is_time() ? ": max_events must be >= " : ": window must be >= ";
  throw std::invalid_argument(std::string(owner) + what + std::to_string(n) + ", was " + std::to_string(capacity_));
}

}  // namespace hft::feature
