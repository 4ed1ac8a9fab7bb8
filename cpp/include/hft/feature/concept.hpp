#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

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

/// Batch is the step in a loop, written once for all features. A state without storage of its own is worked on as a
/// copy, in registers: through `f`, every write to `out` could alias it. One that owns a window stays where it is.
template <Feature F>
void fold(F& f, std::span<const double> in, std::span<double> out) noexcept {
  if constexpr (std::is_trivially_copyable_v<F>) {
    F local = f;
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = local.update(in[i]);
    f = local;
  } else {
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = f.update(in[i]);
  }
}

template <TimedFeature F>
void fold(F& f, std::span<const double> in, std::span<const std::int64_t> ts_ns, std::span<double> out) noexcept {
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = f.update(in[i], ts_ns[i]);
}

}  // namespace hft::feature
