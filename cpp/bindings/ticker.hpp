#pragma once

#include <pybind11/pybind11.h>

namespace hft::bindings {

/// Makes the type Ticker, and the function that makes one of it.
void register_ticker(pybind11::module_& m);

}  // namespace hft::bindings
