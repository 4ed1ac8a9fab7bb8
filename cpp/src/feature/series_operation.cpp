#include "hft/feature/series_operation.hpp"

#include <stdexcept>

#include "params.hpp"

namespace hft::feature {

SeriesOperation::SeriesOperation(const Operation& op, const std::map<std::string, ParamValue>& given)
    : n_series_{op.n_series} {
  if (!op.takes_series()) throw std::invalid_argument(op.name + " takes no series, but " + op.inputs);
  const Params params = resolve(op, given);
  needs_time_ = op.needs_time || (params.values().contains("window") && params.window().is_time());
  column_ = op.make(params);
}

}  // namespace hft::feature
