#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hft/feature/spec.hpp"

namespace hft::feature {

/// What may be wrong with a quote or a trade, in the order in which it is asked. docs/explanation/cleansing.md says
/// each exactly.
enum class Rule : std::uint8_t {
  kSuspicious,  // the venue or vendor marks it
  kBounds,      // a negative quantity, a price or quantity that no instrument has
  kOneSided,    // a quote with a side of quantity 0
  kZeroSize,    // a trade of quantity 0
  kLocked,      // bid = ask
  kCrossed,     // bid > ask
  kUnchanged,   // a quote that repeats the one before; of Spec::drop only
  kDuplicate,   // the same, and a trade with the source_seq of the one before
  kStale,       // a trade beside a quote that is old
  kOutlier,     // far from the last mid
  kLate,        // received long after it happened
  kOutOfOrder,  // older than the symbol's last event
};
inline constexpr std::size_t kRules = 12;

/// What becomes of an event that breaks a rule; of several the strictest, which is the last here.
enum class Policy : std::uint8_t {
  kTake,  // no rule
  kFlag,  // taken in, and counted
  kHold,  // its values do not enter; time passes, and there is a row
  kNan,   // as hold, and its side of the market, the quote or the trade, is not there until the next good one
  kDrop,  // left out: no row, no time
};

/// The rules of a spec, its `drop` list and its [clean] table in one.
struct CleanRules {
  std::array<Policy, kRules> policies{};
  double band_bps = 0.0;
  std::uint32_t patience = 0;
  std::int64_t stale_ns = 0;
  std::int64_t late_ns = 0;

  [[nodiscard]] Policy of(Rule rule) const noexcept { return policies[static_cast<std::size_t>(rule)]; }
  /// Rules that columns read and nobody set are set to flag.
  void flag(std::uint32_t rules) noexcept;
};

[[nodiscard]] constexpr std::uint32_t bit_of(Rule rule) noexcept { return 1U << static_cast<unsigned>(rule); }

/// Names by value of Rule.
[[nodiscard]] std::span<const std::string_view, kRules> rule_names() noexcept;

/// Rows of a [clean] table in the order of the rules, every parameter spelled out. Throws std::invalid_argument that
/// names rule, policy or parameter, the rule that it breaks and the value, with a suggestion.
[[nodiscard]] std::vector<CleanRow> resolve_clean(const std::vector<CleanRow>& rows);

/// Throws as resolve_clean does, and where `drop` and [clean] speak of the same events.
[[nodiscard]] CleanRules clean_rules_of(const Spec& spec);

}  // namespace hft::feature
