#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hft/model/compiled_model.hpp"

namespace py = pybind11;

namespace hft::bindings {
namespace {

using model::CompiledModel;
using Rows = py::array_t<double, py::array::c_style>;
using Predict = void (CompiledModel::*)(std::span<const double>, std::span<double>) const noexcept;

/// (n_features,) -> (width,);  (n, n_features) -> (n, width)
Rows predict(const CompiledModel& self, const Rows& rows, Predict predict_one, std::size_t width) {
  const bool single = rows.ndim() == 1;
  const std::size_t n_features = self.n_features();
  if (rows.ndim() < 1 || rows.ndim() > 2 || static_cast<std::size_t>(rows.shape(rows.ndim() - 1)) != n_features) {
    throw py::value_error("X must have shape (n, " + std::to_string(n_features) + ") or (" +
                          std::to_string(n_features) + ",)");
  }
  std::vector<py::ssize_t> shape{static_cast<py::ssize_t>(width)};
  if (!single) shape.insert(shape.begin(), rows.shape(0));
  Rows out(shape);
  const double* x = rows.data();
  double* y = out.mutable_data();
  const std::size_t n_rows = single ? 1 : static_cast<std::size_t>(rows.shape(0));
  if (single) {  // one row is cheaper than letting the GIL go
    (self.*predict_one)({x, n_features}, {y, width});
    return out;
  }
  py::gil_scoped_release unlocked;
  for (std::size_t i = 0; i < n_rows; ++i) {
    (self.*predict_one)({x + i * n_features, n_features}, {y + i * width, width});
  }
  return out;
}

}  // namespace

void register_model(py::module_& m) {
  m.doc() = "Compiled forests.";

  py::enum_<model::OutputRule>(m, "OutputRule")
      .value("identity", model::OutputRule::kIdentity)
      .value("sigmoid", model::OutputRule::kSigmoid)
      .value("softmax", model::OutputRule::kSoftmax)
      .value("one_vs_rest_normalised", model::OutputRule::kOneVsRestNormalised);

  py::class_<CompiledModel, std::shared_ptr<CompiledModel>>(m, "CompiledModel", R"(A forest as machine code.

Predictions are safe from several threads at once. X is float64 and C-contiguous, or a TypeError.)")
      .def(py::init([](const std::string& library_path, std::size_t n_features, std::size_t n_classes,
                       const std::string& rule, double alpha) {
             return std::make_shared<CompiledModel>(library_path, n_features, n_classes,
                                                    model::output_rule_named(rule), alpha);
           }),
           py::arg("library_path"), py::arg("n_features"), py::arg("n_classes"), py::arg("rule"),
           py::arg("alpha") = 1.0)
      .def_property_readonly("n_features", &CompiledModel::n_features)
      .def_property_readonly("n_margins", &CompiledModel::n_margins)
      .def_property_readonly("n_classes", &CompiledModel::n_classes)
      .def_property_readonly("output_rule", &CompiledModel::output_rule)
      .def(
          "predict_margin",
          [](const CompiledModel& self, const Rows& rows) {
            return predict(self, rows, &CompiledModel::predict_margin, self.n_margins());
          },
          py::arg("X").noconvert(), "Raw sums of leaves: (n, n_features) -> (n, n_margins), or one row.")
      .def(
          "predict_proba",
          [](const CompiledModel& self, const Rows& rows) {
            return predict(self, rows, &CompiledModel::predict_proba, self.n_classes());
          },
          py::arg("X").noconvert(), "Scores after the output rule: (n, n_features) -> (n, n_classes), or one row.");
}

}  // namespace hft::bindings
