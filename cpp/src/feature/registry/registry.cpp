#include "hft/feature/registry.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "rows.hpp"

namespace hft::feature {
namespace {

std::vector<Operation> all_operations() {
  std::vector<Operation> all;
  for (const auto family :
       {book_operations, trend_operations, oscillator_operations, rolling_operations, statistics_operations,
        volatility_operations, anomaly_operations, trade_operations, flow_operations, normalisation_operations,
        quality_operations, formula_operations}) {
    std::ranges::move(family(), std::back_inserter(all));
  }
  return all;
}

}  // namespace

std::span<const Operation> operations() {
  static const std::vector<Operation> all = all_operations();
  return all;
}

const Operation& operation(std::string_view name) {
  const auto all = operations();
  const auto it = std::ranges::find(all, name, &Operation::name);
  if (it != all.end()) return *it;
  std::vector<std::string> known;
  for (const Operation& op : all) known.push_back(op.name);
  throw std::invalid_argument("unknown operation '" + std::string(name) + "'" + did_you_mean(name, known));
}

}  // namespace hft::feature
