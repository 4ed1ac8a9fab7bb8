#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "hft/feature/registry.hpp"

namespace hft::feature {

/// One operation of the registry over series, on its own: the state and the reading that a pipeline runs.
///
/// Cost: a call per batch, then the operation's own.   One thread at a time.
class SeriesOperation {
 public:
  /// Cold path: throws std::invalid_argument for an operation that takes no series, and parameters that break a rule.
  SeriesOperation(const Operation& op, const std::map<std::string, ParamValue>& params);

  /// `x` are n_series() columns of n inputs, `ts_ns` their times, not decreasing (null where !needs_time()); the value
  /// after each goes to `out`.
  void fold(const double* const* x, const std::int64_t* ts_ns, std::size_t n, double* out) noexcept {
    column_.fold(*column_.node, *column_.reader, x, ts_ns, n, out);
  }
  /// Lets the inputs go that a time window has outlived.
  void advance(std::int64_t now_ns) noexcept { column_.node->advance(now_ns); }

  [[nodiscard]] double value() const noexcept { return column_.reader->read({&column_.node, nullptr, nullptr}); }
  [[nodiscard]] std::size_t n_series() const noexcept { return n_series_; }
  /// Does it ask when an input came?
  [[nodiscard]] bool needs_time() const noexcept { return needs_time_; }
  /// Inputs before the first value.
  [[nodiscard]] std::uint32_t lookback() const noexcept { return column_.lookback; }
  [[nodiscard]] const Fading& fading() const noexcept { return column_.fading; }
  /// Inputs that left a time window early because max_events was too small.
  [[nodiscard]] std::uint64_t early_leaves() const noexcept { return column_.node->early_leaves(); }
  void reset() noexcept { column_.node->reset(); }

 private:
  std::size_t n_series_;
  bool needs_time_;
  Column column_;
};

}  // namespace hft::feature
