#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <array>
#include <cstddef>

namespace hft::bindings {

/// A new array (n, width), or (width,) for a single row. One call of NumPy: py::array_t makes strides and lists first,
/// which takes as long as a small forest.
[[nodiscard]] pybind11::object new_doubles(std::size_t n, std::size_t width, bool single);

/// What NumPy's flags must hold of an array that is read where it lies.
inline constexpr int kReadable =
    pybind11::detail::npy_api::NPY_ARRAY_C_CONTIGUOUS_ | pybind11::detail::npy_api::NPY_ARRAY_ALIGNED_;

/// A float64 array in C order, where it lies.
struct Doubles {
  double* data;
  std::size_t n_dims;
  std::array<std::size_t, 2> shape;  // of the first two
};

/// Throws type_error, which calls the object `name`, for what is no float64 array with these flags.
[[nodiscard]] Doubles doubles_of(PyObject* object, const char* name, int flags);

}  // namespace hft::bindings
