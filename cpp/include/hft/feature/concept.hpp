#pragma once

#include <concepts>
#include <cstdint>
#include <limits>

namespace hft::feature {

/// What value() is until an operation has seen its lookback.
inline constexpr double kNotReady = std::numeric_limits<double>::quiet_NaN();

/// An operation on one series: the step is the truth, everything else is a loop over it.
template <class F>
concept Feature = requires(F f, const F& seen, double x) {
  { f.update(x) } noexcept -> std::same_as<double>;
  { f.reset() } noexcept;
  { seen.value() } noexcept -> std::same_as<double>;
  { seen.ready() } noexcept -> std::same_as<bool>;
  { seen.lookback() } noexcept -> std::same_as<std::uint32_t>;  // inputs before the first value
};

/// A feature whose window may be a span of time: entries leave although no input came.
template <class F>
concept TimedFeature = Feature<F> && requires(F f, double x, std::int64_t ts_ns) {
  { f.update(x, ts_ns) } noexcept -> std::same_as<double>;
  { f.advance(ts_ns) } noexcept;
};

}  // namespace hft::feature
