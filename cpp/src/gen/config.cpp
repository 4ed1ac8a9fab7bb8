#include "hft/gen/config.hpp"

#include <array>
#include <charconv>
#include <stdexcept>
#include <string>
#include <unordered_set>

#include "hft/event/decode.hpp"
#include "hft/event/instrument_rules.hpp"

namespace hft::gen {
namespace {

std::string text(double value) {
  std::array<char, 32> buffer;
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr};
}

/// NaN fails every comparison, so the rule is written as what must hold.
void require(bool holds, const std::string& rule, const std::string& value) {
  if (!holds) throw std::invalid_argument("generate: " + rule + ", was " + value);
}

}  // namespace

void validate(const Config& config) {
  constexpr double kDaySeconds = 86'400.0;
  constexpr double kMaxRateHz = 1e9;
  constexpr std::int64_t kMaxSessions = 10'000;
  require(!config.instruments.empty(), "symbols must not be empty", "empty");
  require(config.seconds > 0.0 && config.seconds <= kDaySeconds, "seconds must be > 0 and <= 86400",
          text(config.seconds));
  require(config.rate_hz > 0.0 && config.rate_hz <= kMaxRateHz, "rate must be > 0 and <= 1e9", text(config.rate_hz));
  require(config.signal_frac >= 0.0 && config.signal_frac <= 1.0, "signal must be >= 0 and <= 1",
          text(config.signal_frac));
  constexpr auto kMaxLevels = static_cast<std::int64_t>(kMaxBookLevels);
  require(config.book_levels >= 0 && config.book_levels <= kMaxLevels,
          "book_levels must be >= 0 and <= " + std::to_string(kMaxLevels), std::to_string(config.book_levels));
  require(config.sessions >= 1 && config.sessions <= kMaxSessions, "sessions must be >= 1 and <= 10000",
          std::to_string(config.sessions));
  const std::int64_t last_start_ns = event::kMaxTsNs - (kMaxSessions + 1) * kDayNs;
  require(config.start_ns >= 0 && config.start_ns <= last_start_ns, "start_ns must be >= 0 and before 2088",
          std::to_string(config.start_ns));

  std::unordered_set<std::string> seen;
  const std::int64_t room_ticks = 2 * (kMaxLevels + 8);
  for (const event::Instrument& instrument : config.instruments) {
    event::validate(instrument);
    require(seen.insert(instrument.symbol).second, "symbols must differ", "'" + instrument.symbol + "' twice");
    const std::int64_t range_ticks = instrument.max_px_ticks - instrument.min_px_ticks;
    require(range_ticks >= room_ticks,
            instrument.symbol + ": max_px_ticks - min_px_ticks must be >= " + std::to_string(room_ticks),
            std::to_string(range_ticks));
  }
}

}  // namespace hft::gen
