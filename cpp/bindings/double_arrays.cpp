#include "double_arrays.hpp"

#include <algorithm>
#include <string>

namespace py = pybind11;

namespace hft::bindings {
namespace {

using NumPy = py::detail::npy_api;

PyObject* float64() {
  static PyObject* const kType = py::dtype::of<double>().release().ptr();
  return kType;
}

}  // namespace

py::object new_doubles(std::size_t n, std::size_t width, bool single) {
  const NumPy& numpy = NumPy::get();
  const Py_intptr_t shape[] = {static_cast<Py_intptr_t>(n), static_cast<Py_intptr_t>(width)};
  Py_INCREF(float64());  // the call takes a reference
  PyObject* made = numpy.PyArray_NewFromDescr_(numpy.PyArray_Type_, float64(), single ? 1 : 2, shape + (single ? 1 : 0),
                                               nullptr, nullptr, 0, nullptr);
  if (made == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(made);
}

Doubles doubles_of(PyObject* object, const char* name, int flags) {
  const NumPy& numpy = NumPy::get();
  PyObject* const expected = float64();
  if (!numpy.PyArray_Check_(object)) {
    throw py::type_error(std::string{name} + " must be a float64 array, was " + Py_TYPE(object)->tp_name);
  }
  const auto* array = py::detail::array_proxy(object);
  if (array->descr != expected && !numpy.PyArray_EquivTypes_(array->descr, expected)) {
    throw py::type_error(std::string{name} + " must be a float64 array, was " +
                         std::string{py::str(py::handle{array->descr})});
  }
  if ((array->flags & flags) != flags) {
    throw py::type_error(std::string{name} + " must be C-contiguous" +
                         ((flags & NumPy::NPY_ARRAY_WRITEABLE_) != 0 ? ", aligned and writable" : " and aligned"));
  }
  Doubles doubles{reinterpret_cast<double*>(array->data), static_cast<std::size_t>(array->nd), {}};
  for (std::size_t i = 0; i < std::min<std::size_t>(doubles.n_dims, 2); ++i) {
    doubles.shape[i] = static_cast<std::size_t>(array->dimensions[i]);
  }
  return doubles;
}

}  // namespace hft::bindings
