#pragma once

#include <pybind11/pybind11.h>

#include <exception>
#include <span>
#include <string>

namespace hft::bindings {

// Methods as plain functions of the C API: one row from Python costs the call and the row, where pybind11's own
// dispatch would cost as much again.

/// The C++ object behind `self`, whose type the method's descriptor has checked. Throws type_error where there is none.
template <class T>
T& held_by(PyObject* self) {
  void* held = reinterpret_cast<pybind11::detail::instance*>(self)->get_value_and_holder().value_ptr();
  if (held == nullptr) throw pybind11::type_error(std::string{Py_TYPE(self)->tp_name} + " was not initialised");
  return *static_cast<T*>(held);
}

/// What `body` gives, or null with the Python error that its exception stands for.
template <class Body>
PyObject* with_python_errors(Body&& body) noexcept {
  try {
    return body();
  } catch (pybind11::error_already_set& error) {
    error.restore();
  } catch (const pybind11::builtin_exception& error) {
    error.set_error();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return nullptr;
}

/// `methods` live as long as the process.
inline void add_methods(const pybind11::handle& type, std::span<PyMethodDef> methods) {
  for (PyMethodDef& method : methods) {
    auto* descriptor = PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(type.ptr()), &method);
    if (descriptor == nullptr) throw pybind11::error_already_set();
    type.attr(method.ml_name) = pybind11::reinterpret_steal<pybind11::object>(descriptor);
  }
}

}  // namespace hft::bindings
