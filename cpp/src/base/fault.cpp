#include "hft/base/fault.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <stdexcept>

namespace hft::base {
namespace {

std::atomic<std::uint64_t> visits_left{0};  // a point may lie on the path of several threads
int signal_to_raise = SIGKILL;

[[noreturn]] void refuse(std::string_view text, const std::string& rule) {
  throw std::invalid_argument("fault: " + rule + ", was \"" + std::string{text} + "\"");
}

/// The text before the first ':', which is taken off `text` together with it.
std::string_view take_field(std::string_view& text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view field = text.substr(0, colon);
  text.remove_prefix(std::min(colon + 1, text.size()));
  return field;
}

}  // namespace

void detail::fault_hit() noexcept {
  if (visits_left.fetch_sub(1, std::memory_order_relaxed) == 1) std::raise(signal_to_raise);
}

void arm_fault(std::string_view text) {
  if (text.empty()) {
    detail::armed_fault = FaultPoint::kNone;
    return;
  }
  if (text.back() == ':') refuse(text, "must be \"name:n\" or \"name:n:pause\"");
  std::string_view rest = text;
  const std::string_view name = take_field(rest);
  const auto known = std::find(kFaultPointNames.begin() + 1, kFaultPointNames.end(), name);
  if (known == kFaultPointNames.end()) refuse(text, "the name must be one of " + fault_point_names());

  std::uint64_t n_visits = 1;
  if (const std::string_view count = take_field(rest); !count.empty()) {
    const auto parsed = std::from_chars(count.data(), count.data() + count.size(), n_visits);
    if (parsed.ec != std::errc{} || parsed.ptr != count.data() + count.size() || n_visits == 0) {
      refuse(text, "the number of the visit must be an integer >= 1");
    }
  }
  if (!rest.empty() && rest != "pause" && rest != "kill") refuse(text, "the action must be kill or pause");

  signal_to_raise = rest == "pause" ? SIGSTOP : SIGKILL;
  visits_left.store(n_visits, std::memory_order_relaxed);
  detail::armed_fault = static_cast<FaultPoint>(known - kFaultPointNames.begin());
}

std::string fault_point_names() {
  std::string names;
  for (std::size_t i = 1; i < kFaultPointNames.size(); ++i) {
    if (i > 1) names += ", ";
    names += kFaultPointNames[i];
  }
  return names;
}

}  // namespace hft::base
