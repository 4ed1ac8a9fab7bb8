#pragma once

#include "hft/feature/registry.hpp"

namespace hft::feature {

/// Count windows over whole columns: inputs that leave are read where they lie, values are made by loops that become
/// vectors. The bits and the state behind are those of one input after another.

void fold_mean(Node& node, const Reader& reader, const double* const* x, const std::int64_t* ts_ns, std::size_t n,
               double* out) noexcept;
void fold_deviation(Node& node, const Reader& reader, const double* const* x, const std::int64_t* ts_ns, std::size_t n,
                    double* out) noexcept;
void fold_variance(Node& node, const Reader& reader, const double* const* x, const std::int64_t* ts_ns, std::size_t n,
                   double* out) noexcept;
void fold_zscore(Node& node, const Reader& reader, const double* const* x, const std::int64_t* ts_ns, std::size_t n,
                 double* out) noexcept;
void fold_min(Node& node, const Reader& reader, const double* const* x, const std::int64_t* ts_ns, std::size_t n,
              double* out) noexcept;
void fold_max(Node& node, const Reader& reader, const double* const* x, const std::int64_t* ts_ns, std::size_t n,
              double* out) noexcept;

/// Averages and strengths: long columns in stretches side by side (recursions.hpp).

void fold_ema(Node& node, const Reader& reader, const double* const* x, const std::int64_t* ts_ns, std::size_t n,
              double* out) noexcept;
void fold_rsi(Node& node, const Reader& reader, const double* const* x, const std::int64_t* ts_ns, std::size_t n,
              double* out) noexcept;

}  // namespace hft::feature
