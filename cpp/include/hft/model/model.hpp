#pragma once

#include <concepts>
#include <cstddef>
#include <span>

namespace hft::model {

/// What the engine asks of a model: one feature row in, one number per class out. Every check was made when the model
/// was loaded, so nothing here can fail, allocates or takes a lock; several threads may share one model.
///
///   predict_margin  row of n_features() -> n_margins() raw sums of leaves
///   predict_proba   row of n_features() -> n_classes() scores after the output rule, in the order of the classes
template <class M>
concept Model = requires(const M& m, std::span<const double> row, std::span<double> out) {
  { m.n_features() } noexcept -> std::same_as<std::size_t>;
  { m.n_margins() } noexcept -> std::same_as<std::size_t>;
  { m.n_classes() } noexcept -> std::same_as<std::size_t>;
  { m.predict_margin(row, out) } noexcept -> std::same_as<void>;
  { m.predict_proba(row, out) } noexcept -> std::same_as<void>;
};

}  // namespace hft::model
