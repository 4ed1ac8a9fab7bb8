#pragma once

#include <pybind11/pybind11.h>

namespace hft::bindings {

/// Bars of a spec: their definitions, and the table of those that events close.
void register_feature_bars(pybind11::module_& m);

}  // namespace hft::bindings
