#pragma once

#include <pybind11/pybind11.h>

namespace hft::bindings {

/// Adds what turns events into the values of messages, and back.
void register_event_wire(pybind11::module_& m);

}  // namespace hft::bindings
