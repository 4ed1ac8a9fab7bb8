#pragma once

#include <pybind11/pybind11.h>

namespace hft::bindings {

/// The operations on one series, each as a class of its own: hftcore.features.
void register_feature_operations(pybind11::module_& m);

}  // namespace hft::bindings
