#pragma once

#include <pybind11/pybind11.h>

namespace hft::bindings {

/// Adds the scorer of a stream's keys, and what places keys into buckets.
void register_stream_scorer(pybind11::module_& m);

}  // namespace hft::bindings
