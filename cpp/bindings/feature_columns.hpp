#pragma once

#include <pybind11/pybind11.h>

namespace hft::bindings {

/// Columns of events in, columns of features out: what Spark's workers call.
void register_feature_columns(pybind11::module_& m);

}  // namespace hft::bindings
