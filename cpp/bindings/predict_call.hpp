#pragma once

#include <pybind11/pybind11.h>

namespace hft::bindings {

/// Gives the class of ForestModel its methods predict_margin and predict_proba.
void add_predict_calls(const pybind11::handle& forest_model);

}  // namespace hft::bindings
