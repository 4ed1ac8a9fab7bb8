#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>

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

/// Batch is the step in a loop, written once for all features.
template <Feature F>
void fold(F& f, std::span<const double> in, std::span<double> out) noexcept {
  F local = std::move(f);  // state in registers: through `f`, every write to `out` could alias it
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = local.update(in[i]);
  f = std::move(local);
}

template <TimedFeature F>
void fold(F& f, std::span<const double> in, std::span<const std::int64_t> ts_ns, std::span<double> out) noexcept {
  F local = std::move(f);
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = local.update(in[i], ts_ns[i]);
  f = std::move(local);
}

}  // namespace hft::feature
