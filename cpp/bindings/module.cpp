#include <pybind11/pybind11.h>

#include "registrations.hpp"

PYBIND11_MODULE(_core, m) {
  m.doc() = "The compiled core of hftcore. Use the public names of the package hftcore.";
  m.attr("__version__") = HFT_VERSION;
  hft::bindings::register_all(m);
}
