#include "predict_call.hpp"

#include <pybind11/numpy.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "double_arrays.hpp"
#include "hft/model/forest_model.hpp"
#include "native_calls.hpp"

namespace py = pybind11;

namespace hft::bindings {
namespace {

using model::ForestModel;
using Predict = void (ForestModel::*)(std::span<const double>, std::size_t, std::span<double>) const noexcept;
using NumPy = py::detail::npy_api;

struct Arguments {
  PyObject* x = nullptr;
  PyObject* out = Py_None;
  PyObject* n_threads = nullptr;
};

Arguments arguments_of(PyObject* const* values, Py_ssize_t n_positional, PyObject* names) {
  static constexpr std::array<const char*, 3> kNames{"X", "out", "n_threads"};
  if (n_positional > 3) throw py::type_error("predict takes X, out and n_threads");
  std::array<PyObject*, 3> found{};
  std::copy_n(values, n_positional, found.begin());
  const Py_ssize_t n_named = names != nullptr ? PyTuple_GET_SIZE(names) : 0;
  for (Py_ssize_t i = 0; i < n_named; ++i) {
    PyObject* name = PyTuple_GET_ITEM(names, i);
    const auto known = std::ranges::find_if(
        kNames, [&](const char* candidate) { return PyUnicode_CompareWithASCIIString(name, candidate) == 0; });
    if (known == kNames.end()) throw py::type_error("predict has no argument " + std::string{py::str(name)});
    PyObject*& place = found[static_cast<std::size_t>(known - kNames.begin())];
    if (place != nullptr) throw py::type_error(std::string{"predict was given twice: "} + *known);
    place = values[n_positional + i];
  }
  if (found[0] == nullptr) throw py::type_error("predict needs X");
  return {found[0], found[1] != nullptr ? found[1] : Py_None, found[2]};
}

std::size_t n_threads_of(PyObject* given) {
  if (given == nullptr) return 1;
  const std::int64_t n_threads = PyLong_AsLongLong(given);
  if (n_threads == -1 && PyErr_Occurred() != nullptr) throw py::error_already_set();
  if (n_threads < 1) throw py::value_error("n_threads must be >= 1, was " + std::to_string(n_threads));
  return static_cast<std::size_t>(n_threads);
}

/// Stretches of rows, one to a thread.
void predict_rows(const ForestModel& self, Predict predict, const double* x, std::size_t n_rows, std::size_t width,
                  double* y, std::size_t n_threads) {
  const auto stretch = [&](std::size_t first, std::size_t end) {
    const std::size_t n = end - first;
    (self.*predict)({x + first * self.n_features(), n * self.n_features()}, n, {y + first * width, n * width});
  };
  constexpr std::size_t kFewest = 64;  // rows that are worth a thread
  const std::size_t n_cores = std::max(std::thread::hardware_concurrency(), 1U);
  n_threads = std::min({n_threads, n_rows / kFewest + 1, n_cores});
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < n_threads; ++i) {
    others.emplace_back(stretch, n_rows * i / n_threads, n_rows * (i + 1) / n_threads);
  }
  stretch(0, n_rows / n_threads);
}

/// (n_features,) -> (width,);  (n, n_features) -> (n, width)
PyObject* predict(const ForestModel& self, const Arguments& arguments, Predict predict_all, std::size_t width) {
  const std::size_t n_threads = n_threads_of(arguments.n_threads);  // may run Python code, which may move an array
  const Doubles x = doubles_of(arguments.x, "X", kReadable);
  const bool single = x.n_dims == 1;
  if (x.n_dims < 1 || x.n_dims > 2 || x.shape[x.n_dims - 1] != self.n_features()) {
    const std::string n = std::to_string(self.n_features());
    throw py::value_error("X must have shape (n, " + n + ") or (" + n + ",)");
  }
  const std::size_t n_rows = single ? 1 : x.shape[0];
  py::object result;
  double* y = nullptr;
  if (arguments.out == Py_None) {
    result = new_doubles(n_rows, width, single);
    y = reinterpret_cast<double*>(py::detail::array_proxy(result.ptr())->data);
  } else {
    const Doubles out = doubles_of(arguments.out, "out", kReadable | NumPy::NPY_ARRAY_WRITEABLE_);
    const bool fits = single ? out.shape[0] == width : out.shape[0] == n_rows && out.shape[1] == width;
    if (out.n_dims != x.n_dims || !fits) {
      throw py::value_error("out must have shape (" + (single ? std::string{} : std::to_string(n_rows) + ", ") +
                            std::to_string(width) + (single ? ",)" : ")"));
    }
    y = out.data;
    result = py::reinterpret_borrow<py::object>(arguments.out);
  }
  if (single) {  // one row is cheaper than letting the GIL go
    (self.*predict_all)({x.data, self.n_features()}, 1, {y, width});
  } else {
    const py::gil_scoped_release unlocked;
    predict_rows(self, predict_all, x.data, n_rows, width, y, n_threads);
  }
  return result.release().ptr();
}

template <bool Proba>
PyObject* call(PyObject* self, PyObject* const* values, Py_ssize_t n_positional, PyObject* names) noexcept {
  return with_python_errors([&] {
    const auto& forest = held_by<const ForestModel>(self);
    return predict(forest, arguments_of(values, n_positional, names),
                   Proba ? &ForestModel::predict_probas : &ForestModel::predict_margins,
                   Proba ? forest.n_classes() : forest.n_margins());
  });
}

#define HFT_PREDICT_SIGNATURE(name)                                                                          \
  name                                                                                                       \
      "(self: hftcore._core.model.ForestModel, X: numpy.typing.NDArray[numpy.float64], "                     \
      "out: numpy.typing.NDArray[numpy.float64] | None = None, n_threads: typing.SupportsIndex = 1) -> "       \
      "numpy.typing.NDArray[numpy.float64]\n\n"

PyMethodDef kMethods[] = {
    {"predict_margin", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&call<false>)),
     METH_FASTCALL | METH_KEYWORDS,
     HFT_PREDICT_SIGNATURE("predict_margin") "Raw sums of leaves: (n, n_features) -> (n, n_margins), or one row."},
    {"predict_proba", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&call<true>)),
     METH_FASTCALL | METH_KEYWORDS,
     HFT_PREDICT_SIGNATURE(
         "predict_proba") "Scores after the output rule: (n, n_features) -> (n, n_classes), or one row."}};
#undef HFT_PREDICT_SIGNATURE

}  // namespace

void add_predict_calls(const py::handle& forest_model) { add_methods(forest_model, kMethods); }

}  // namespace hft::bindings
