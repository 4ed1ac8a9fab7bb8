#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "hft/model/exp.hpp"

namespace hft::model {

/// How margins m_k become the scores p_k of the classes. Sums run from class 0 upwards and exp is our own, so the bits
/// are the same on every machine.
enum class OutputRule : std::uint8_t {
  kIdentity = 0,            // p_k = m_k
  kSigmoid = 1,             // two classes, one margin: p = (1 - s, s),  s = sigmoid(alpha m)
  kSoftmax = 2,             // p_k = exp(m_k - max m) / sum
  kOneVsRestNormalised = 3  // p_k = s_k / sum s,  s_k = sigmoid(alpha m_k);  equal shares where every s_k is 0
};

[[nodiscard]] constexpr std::size_t n_margins_of(OutputRule rule, std::size_t n_classes) noexcept {
  return rule == OutputRule::kSigmoid ? 1 : n_classes;
}

/// Cold path: the rule of that name in a manifest. Throws std::invalid_argument for a name that is none.
[[nodiscard]] inline OutputRule output_rule_named(std::string_view name) {
  if (name == "identity") return OutputRule::kIdentity;
  if (name == "sigmoid") return OutputRule::kSigmoid;
  if (name == "softmax") return OutputRule::kSoftmax;
  if (name == "one_vs_rest_normalised") return OutputRule::kOneVsRestNormalised;
  throw std::invalid_argument(
      "OutputRule: must be identity, sigmoid, softmax or one_vs_rest_normalised, was " + std::string{name});
}

[[nodiscard]] inline double sigmoid(double x) noexcept { return 1.0 / (1.0 + exp_fixed(-x)); }

/// Turns margins into scores in place: `scores` holds n_classes values, of which the first n_margins_of() are margins.
/// Cost: one exp per margin, one division per class (two under kOneVsRestNormalised), no allocation.
inline void apply_output_rule(OutputRule rule, double alpha, std::span<double> scores) noexcept {
  double sum = 0.0;
  switch (rule) {
    case OutputRule::kIdentity:
      return;
    case OutputRule::kSigmoid:
      scores[1] = sigmoid(alpha * scores[0]);
      scores[0] = 1.0 - scores[1];
      return;
    case OutputRule::kSoftmax: {
      const double top = *std::max_element(scores.begin(), scores.end());  // so that no exp overflows
      for (double& s : scores) sum += s = exp_fixed(s - top);
      break;
    }
    case OutputRule::kOneVsRestNormalised:
      for (double& s : scores) sum += s = sigmoid(alpha * s);
      if (sum == 0.0) [[unlikely]] {
        std::fill(scores.begin(), scores.end(), 1.0);
        sum = static_cast<double>(scores.size());
      }
      break;
  }
  for (double& s : scores) s /= sum;
}

}  // namespace hft::model
