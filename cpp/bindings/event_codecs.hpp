#pragma once

#include <pybind11/pybind11.h>

namespace hft::bindings {

/// Adds the functions that turn events into bytes and files, and back.
void register_event_codecs(pybind11::module_& m);

}  // namespace hft::bindings
