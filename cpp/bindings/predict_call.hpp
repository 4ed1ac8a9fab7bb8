#pragma once

#include <pybind11/pybind11.h>

namespace hft::bindings {

/// Gives the class of ForestModel its methods predict_margin and predict_proba. They are plain functions of the C API:
/// one row from Python costs the call and the row, where pybind11's own dispatch would cost as much again.
void add_predict_calls(const pybind11::handle& forest_model);

}  // namespace hft::bindings
