#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "hft/feature/node.hpp"

namespace hft::feature {

/// What a formula may do with values, beside calling operations.
enum class Arithmetic : std::uint8_t {
  kNumber, kValue,                                        // leaves
  kNegate, kAdd, kSubtract, kMultiply, kDivide,           // a / 0: NaN
  kLess, kLessEqual, kGreater, kGreaterEqual,             // 1 or 0
  kAbs, kSqrt, kLog, kSign,                               // sqrt of less than 0, log of 0 or less: NaN
  kMin, kMax, kClip,                                      // clip(x, low, high)
  kWhere,                                                 // where(condition, a, b): a unless the condition is 0
  kCoalesce,                                              // coalesce(a, b): b where a is NaN
};

struct ArithmeticRule {
  std::string_view name;
  Arithmetic code;
  std::size_t n_args;
};

inline constexpr std::array<ArithmeticRule, 9> kFunctions{{{"abs", Arithmetic::kAbs, 1},
                                                           {"sqrt", Arithmetic::kSqrt, 1},
                                                           {"log", Arithmetic::kLog, 1},
                                                           {"sign", Arithmetic::kSign, 1},
                                                           {"min", Arithmetic::kMin, 2},
                                                           {"max", Arithmetic::kMax, 2},
                                                           {"clip", Arithmetic::kClip, 3},
                                                           {"where", Arithmetic::kWhere, 3},
                                                           {"coalesce", Arithmetic::kCoalesce, 2}}};

/// A formula's arithmetic, compiled: what reads its value from those of series and features.
///
/// NaN in any value that takes part gives NaN (but for where and coalesce), and so does a result that is not finite.
/// log has the same bits on every machine (log_ratio.hpp).
/// Cost: one step of a loop per operator and value; no allocation.
class ArithmeticReader final : public Reader {
 public:
  static constexpr std::size_t kMaxStack = 64;

  struct Step {
    Arithmetic code;
    double number = 0.0;
    const Reader* value = nullptr;
  };

  /// `steps` in postfix order; never needs more than kMaxStack values at once (formulas are at most 32 deep).
  explicit ArithmeticReader(std::vector<Step> steps) : steps_{std::move(steps)} {}

  [[nodiscard]] double read(const View& view) const noexcept override;
  void advance(const View& view) const noexcept override;

 private:
  std::vector<Step> steps_;
};

}  // namespace hft::feature
