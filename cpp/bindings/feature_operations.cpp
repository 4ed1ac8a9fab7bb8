#include "feature_operations.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hft/feature/series_operation.hpp"
#include "one_thread.hpp"

namespace hft::bindings {
namespace {

namespace py = pybind11;
using feature::SeriesOperation;

using Self = OneThread<SeriesOperation>;
using Numbers = py::array_t<double, py::array::c_style>;
using Times = py::array_t<std::int64_t, py::array::c_style>;

constexpr const char* kNeedsTime = "a time window needs ts_ns with each input";

template <class... X>
double update(Self& self, X... x, const std::optional<std::int64_t>& ts_ns) {
  SeriesOperation& op = self.get();
  if (op.needs_time() && !ts_ns) throw py::value_error(kNeedsTime);
  const std::int64_t now_ns = ts_ns.value_or(0);
  const std::array<const double*, sizeof...(X)> columns{&x...};
  double value = 0.0;
  op.fold(columns.data(), &now_ns, 1, &value);
  return value;
}

/// A column as it lies. Throws TypeError instead of copying.
template <class Array>
Array as_it_lies(const py::handle& column, const char* rule) {
  if (!py::isinstance<Array>(column)) throw py::type_error(rule);
  return py::reinterpret_borrow<Array>(column);
}

Numbers transform(Self& self, const std::vector<py::object>& columns, const py::object& ts_ns) {
  std::vector<Numbers> inputs;
  std::vector<const double*> x;
  for (const py::object& column : columns) {
    inputs.push_back(as_it_lies<Numbers>(column, "x must be a contiguous array of float64"));
    x.push_back(inputs.back().data());
    if (inputs.back().ndim() != 1 || inputs.back().size() != inputs.front().size()) {
      throw py::value_error(columns.size() == 1 ? "x must have shape (n,)" : "the series must all have shape (n,)");
    }
  }
  const py::ssize_t n = inputs.front().size();
  std::optional<Times> times;
  if (!ts_ns.is_none()) {
    times = as_it_lies<Times>(ts_ns, "ts_ns must be a contiguous array of int64");
    if (times->ndim() != 1 || times->size() != n) throw py::value_error("x and ts_ns must both have shape (n,)");
  } else if (self.get().needs_time()) {
    throw py::value_error(kNeedsTime);
  }
  Numbers out(n);
  const std::int64_t* const at = times ? times->data() : nullptr;
  double* const values = out.mutable_data();
  self.without_gil([&](SeriesOperation& op) { op.fold(x.data(), at, static_cast<std::size_t>(n), values); });
  return out;
}

}  // namespace

void register_feature_operations(py::module_& m) {
  py::class_<Self>(m, "SeriesOperation", "One operation over series on its own. One thread at a time.")
      .def(py::init([](const std::string& operation, const std::map<std::string, feature::ParamValue>& params) {
             return Self{SeriesOperation{feature::operation(operation), params}};
           }),
           py::arg("operation"), py::arg("params"))
      .def_property_readonly("value", [](const Self& self) { return self.get().value(); })
      .def_property_readonly("lookback", [](const Self& self) { return self.get().lookback(); })
      .def_property_readonly("early_leaves", [](const Self& self) { return self.get().early_leaves(); })
      .def_property_readonly(
          "fading",
          [](const Self& self) {
            const feature::Fading& fading = self.get().fading();
            return std::pair{fading.factor, fading.n_stages};
          })
      .def("reset", [](Self& self) { self.get().reset(); })
      .def(
          "advance", [](Self& self, std::int64_t ts_ns) { self.get().advance(ts_ns); }, py::arg("ts_ns"),
          "Let the inputs go that a time window has outlived at ts_ns.")
      .def("update_1", &update<double>, py::arg("x"), py::arg("ts_ns") = py::none())
      .def("update_2", &update<double, double>, py::arg("x"), py::arg("y"), py::arg("ts_ns") = py::none())
      .def("update_3", &update<double, double, double>, py::arg("x"), py::arg("y"), py::arg("z"),
           py::arg("ts_ns") = py::none())
      .def("transform", &transform, py::arg("columns"), py::arg("ts_ns") = py::none(),
           "Take inputs (float64, shape (n,)), return the value after each.");
}

}  // namespace hft::bindings
