#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "hft/model/forest_model.hpp"

namespace py = pybind11;

namespace hft::bindings {
namespace {

using model::ForestModel;
using Rows = py::array_t<double, py::array::c_style>;
using Predict = void (ForestModel::*)(std::span<const double>, std::size_t, std::span<double>) const noexcept;

/// Stretches of rows, one to a thread.
void predict_rows(const ForestModel& self, Predict predict, const double* x, std::size_t n_rows, std::size_t width,
                  double* y, std::size_t n_threads) {
  const std::size_t n_features = self.n_features();
  const auto stretch = [&, n_features](std::size_t first, std::size_t end) {
    const std::size_t n = end - first;
    (self.*predict)({x + first * n_features, n * n_features}, n, {y + first * width, n * width});
  };
  n_threads = std::min(n_threads, n_rows);
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < n_threads; ++i) {
    others.emplace_back(stretch, n_rows * i / n_threads, n_rows * (i + 1) / n_threads);
  }
  stretch(0, n_rows / n_threads);
}

/// (n_features,) -> (width,);  (n, n_features) -> (n, width)
Rows predict(const ForestModel& self, const Rows& rows, std::optional<Rows> out, std::int64_t n_threads,
             Predict predict_all, std::size_t width) {
  const bool single = rows.ndim() == 1;
  const std::size_t n_features = self.n_features();
  if (rows.ndim() < 1 || rows.ndim() > 2 || static_cast<std::size_t>(rows.shape(rows.ndim() - 1)) != n_features) {
    throw py::value_error("X must have shape (n, " + std::to_string(n_features) + ") or (" +
                          std::to_string(n_features) + ",)");
  }
  if (n_threads < 1) throw py::value_error("n_threads must be >= 1, was " + std::to_string(n_threads));
  std::vector<py::ssize_t> shape{static_cast<py::ssize_t>(width)};
  if (!single) shape.insert(shape.begin(), rows.shape(0));
  if (!out) {
    out.emplace(shape);
  } else if (!std::equal(shape.begin(), shape.end(), out->shape(), out->shape() + out->ndim())) {
    throw py::value_error("out must have shape (" + (single ? "" : std::to_string(shape[0]) + ", ") +
                          std::to_string(width) + (single ? ",)" : ")"));
  }
  const double* x = rows.data();
  double* y = out->mutable_data();
  if (single) {  // one row is cheaper than letting the GIL go
    (self.*predict_all)({x, n_features}, 1, {y, width});
    return *out;
  }
  const auto n_rows = static_cast<std::size_t>(rows.shape(0));
  if (n_rows == 0) return *out;
  py::gil_scoped_release unlocked;
  predict_rows(self, predict_all, x, n_rows, width, y, static_cast<std::size_t>(n_threads));
  return *out;
}

}  // namespace

void register_model(py::module_& m) {
  m.doc() = "Forests that predict.";

  py::enum_<model::OutputRule>(m, "OutputRule")
      .value("identity", model::OutputRule::kIdentity)
      .value("sigmoid", model::OutputRule::kSigmoid)
      .value("softmax", model::OutputRule::kSoftmax)
      .value("one_vs_rest_normalised", model::OutputRule::kOneVsRestNormalised);

  m.def("kernel_paths", &model::kernel_paths,
        "Ways through the kernel that this CPU can run, fastest first: of vbmi, avx512, avx2 and scalar.");

  py::class_<ForestModel, std::shared_ptr<ForestModel>>(m, "ForestModel", R"(A forest that predicts.

Predictions are safe from several threads at once. X is float64 and C-contiguous, or a TypeError; so is out, which is
filled and given back.)")
      .def_static(
          "from_forest",
          [](const py::bytes& data, std::size_t n_classes, const std::string& rule, double alpha,
             const std::string& path) {
            const std::string_view bytes = data;
            return std::make_shared<ForestModel>(ForestModel::from_forest(std::as_bytes(std::span{bytes}), n_classes,
                                                                          model::output_rule_named(rule), alpha, path));
          },
          py::arg("data"), py::arg("n_classes"), py::arg("rule"), py::arg("alpha") = 1.0, py::arg("path") = "",
          R"(The kernel, of the bytes of forest.bin.

path is one of kernel_paths(), or empty: the fastest, unless the variable HFTCORE_KERNEL names another. A path that
cannot hold the forest leaves it to the next slower one. ValueError names what does not fit.)")
      .def_static(
          "from_library",
          [](const std::string& library_path, std::size_t n_features, std::size_t n_classes, const std::string& rule,
             double alpha) {
            return std::make_shared<ForestModel>(ForestModel::from_library(library_path, n_features, n_classes,
                                                                           model::output_rule_named(rule), alpha));
          },
          py::arg("library_path"), py::arg("n_features"), py::arg("n_classes"), py::arg("rule"),
          py::arg("alpha") = 1.0, "A compiled forest. Runs the library's code: only what is trusted.")
      .def_property_readonly("n_features", &ForestModel::n_features)
      .def_property_readonly("n_margins", &ForestModel::n_margins)
      .def_property_readonly("n_classes", &ForestModel::n_classes)
      .def_property_readonly("output_rule", &ForestModel::output_rule)
      .def_property_readonly("alpha", &ForestModel::alpha)
      .def_property_readonly("engine", &ForestModel::engine, "'kernel' or 'compiled'.")
      .def_property_readonly("path", &ForestModel::path, "One of kernel_paths(), or 'compiled'.")
      .def(
          "predict_margin",
          [](const ForestModel& self, const Rows& rows, std::optional<Rows> out, std::int64_t n_threads) {
            return predict(self, rows, std::move(out), n_threads, &ForestModel::predict_margins, self.n_margins());
          },
          py::arg("X").noconvert(), py::arg("out").noconvert() = py::none(), py::arg("n_threads") = 1,
          "Raw sums of leaves: (n, n_features) -> (n, n_margins), or one row.")
      .def(
          "predict_proba",
          [](const ForestModel& self, const Rows& rows, std::optional<Rows> out, std::int64_t n_threads) {
            return predict(self, rows, std::move(out), n_threads, &ForestModel::predict_probas, self.n_classes());
          },
          py::arg("X").noconvert(), py::arg("out").noconvert() = py::none(), py::arg("n_threads") = 1,
          "Scores after the output rule: (n, n_features) -> (n, n_classes), or one row.");
}

}  // namespace hft::bindings
