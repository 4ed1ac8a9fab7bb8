#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hft/feature/range.hpp"
#include "hft/feature/registry.hpp"

namespace hft::feature {

// The registry's rows, by family: one file each.
[[nodiscard]] std::vector<Operation> book_operations();
[[nodiscard]] std::vector<Operation> level_operations();
[[nodiscard]] std::vector<Operation> trade_operations();
[[nodiscard]] std::vector<Operation> flow_operations();
[[nodiscard]] std::vector<Operation> trend_operations();
[[nodiscard]] std::vector<Operation> oscillator_operations();
[[nodiscard]] std::vector<Operation> rolling_operations();
[[nodiscard]] std::vector<Operation> statistics_operations();
[[nodiscard]] std::vector<Operation> volatility_operations();
[[nodiscard]] std::vector<Operation> anomaly_operations();
[[nodiscard]] std::vector<Operation> normalisation_operations();
[[nodiscard]] std::vector<Operation> quality_operations();
[[nodiscard]] std::vector<Operation> formula_operations();

// Parameters, as rows write them.
[[nodiscard]] Param integer(const IntRange& range, std::string doc);
[[nodiscard]] Param integer(const IntRange& range, std::int64_t fallback, std::string doc);
[[nodiscard]] Param real(const RealRange& range, double fallback, std::string doc);
[[nodiscard]] Param real(const RealRange& range, std::string doc);
[[nodiscard]] Param choice(std::string name, std::vector<std::string> choices, std::string doc);
/// `window` and `max_events`, then more.
[[nodiscard]] std::vector<Param> windowed(std::int64_t min_count, std::vector<Param> more = {});

// What many rows say.
inline constexpr const char* kSeriesInput = "a series or an earlier feature, any unit";
inline constexpr const char* kPositiveInput = "a series or an earlier feature, > 0";
inline constexpr const char* kBarInput = "three series or earlier features, of one unit: high, low, close";
inline constexpr const char* kSameUnit = "that of the input";
inline constexpr const char* kWindowLookback = "window - 1 inputs; a time window: 0";
inline constexpr const char* kWindowLookback2 = "window - 1 inputs; a time window: 1";
inline constexpr const char* kSkips = "an input that is NaN, infinite or not in (-2^40, 2^40) is left out";
inline constexpr const char* kSkipsBar =
    "a bar of which one input is NaN, infinite or not in (-2^40, 2^40) is left out";
inline constexpr const char* kOneSided = "NaN while a side of the book is empty";
inline constexpr const char* kIntegers = "quantities and prices are integers: no NaN enters";
inline constexpr const char* kWindowCost = "O(1); memory: the window";

}  // namespace hft::feature
