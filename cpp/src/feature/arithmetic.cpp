#include "arithmetic.hpp"

#include <cmath>

#include "hft/feature/concept.hpp"
#include "hft/feature/log_ratio.hpp"

namespace hft::feature {
namespace {

double compare(bool holds, double a, double b) noexcept {
  return std::isnan(a) || std::isnan(b) ? kNotReady : static_cast<double>(holds);
}

double apply1(Arithmetic code, double a) noexcept {
  switch (code) {
    case Arithmetic::kNegate: return -a;
    case Arithmetic::kAbs: return std::abs(a);
    case Arithmetic::kSqrt: return a < 0.0 ? kNotReady : std::sqrt(a);
    case Arithmetic::kLog: return a > 0.0 && std::isfinite(a) ? log_ratio(a, 1.0) : kNotReady;
    default: return std::isnan(a) ? a : static_cast<double>((a > 0.0) - (a < 0.0));  // kSign
  }
}

double apply2(Arithmetic code, double a, double b) noexcept {
  switch (code) {
    case Arithmetic::kAdd: return a + b;
    case Arithmetic::kSubtract: return a - b;
    case Arithmetic::kMultiply: return a * b;
    case Arithmetic::kDivide: return b == 0.0 ? kNotReady : a / b;
    case Arithmetic::kLess: return compare(a < b, a, b);
    case Arithmetic::kLessEqual: return compare(a <= b, a, b);
    case Arithmetic::kGreater: return compare(a > b, a, b);
    case Arithmetic::kGreaterEqual: return compare(a >= b, a, b);
    case Arithmetic::kMin: return std::isnan(a) || a < b ? a : b;
    case Arithmetic::kMax: return std::isnan(a) || a > b ? a : b;
    default: return std::isnan(a) ? b : a;  // kCoalesce
  }
}

double apply3(Arithmetic code, double a, double b, double c) noexcept {
  if (code == Arithmetic::kWhere) return std::isnan(a) ? a : a != 0.0 ? b : c;
  return apply2(Arithmetic::kMin, apply2(Arithmetic::kMax, a, b), c);  // kClip
}

}  // namespace

double ArithmeticReader::read(const View& view) const noexcept {
  std::array<double, kMaxStack> stack;
  std::size_t n = 0;
  for (const Step& step : steps_) {
    if (step.code == Arithmetic::kNumber) {
      stack[n++] = step.number;
    } else if (step.code == Arithmetic::kValue) {
      stack[n++] = step.value->read(view);
    } else if (step.code == Arithmetic::kClip || step.code == Arithmetic::kWhere) {
      n -= 2;
      stack[n - 1] = apply3(step.code, stack[n - 1], stack[n], stack[n + 1]);
    } else if (step.code == Arithmetic::kNegate || (step.code >= Arithmetic::kAbs && step.code <= Arithmetic::kSign)) {
      stack[n - 1] = apply1(step.code, stack[n - 1]);
    } else {
      --n;
      stack[n - 1] = apply2(step.code, stack[n - 1], stack[n]);
    }
  }
  return std::isfinite(stack[0]) ? stack[0] : kNotReady;
}

void ArithmeticReader::advance(const View& view) const noexcept {
  for (const Step& step : steps_) {
    if (step.value != nullptr) step.value->advance(view);
  }
}

}  // namespace hft::feature
