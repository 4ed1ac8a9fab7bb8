#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "hft/model/forest_model.hpp"
#include "predict_call.hpp"
#include "single_row.hpp"

namespace py = pybind11;

namespace hft::bindings {

void register_model(py::module_& m) {
  using model::ForestModel;
  m.doc() = "Forests that predict.";

  py::enum_<model::OutputRule>(m, "OutputRule")
      .value("identity", model::OutputRule::kIdentity)
      .value("sigmoid", model::OutputRule::kSigmoid)
      .value("softmax", model::OutputRule::kSoftmax)
      .value("one_vs_rest_normalised", model::OutputRule::kOneVsRestNormalised);

  m.def("kernel_paths", &model::kernel_paths,
        "Ways through the kernel that this CPU can run, fastest first: of vbmi, avx512, avx2 and scalar.");

  py::class_<ForestModel, std::shared_ptr<ForestModel>> forest_model(m, "ForestModel", R"(A forest that predicts.

Predictions are safe from several threads at once. X is float64 and C-contiguous, or a TypeError; so is out, which is
filled and given back, and must not overlap X. Rows together release the GIL and may be shared among n_threads.)",
                                                                        py::is_final());
  forest_model
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
      .def_property_readonly("path", &ForestModel::path, "One of kernel_paths(), or 'compiled'.");
  forest_model.def(
      "scores_of",
      [](const ForestModel& self, const py::array_t<double, py::array::c_style>& margins) {
        if (margins.ndim() != 2 || static_cast<std::size_t>(margins.shape(1)) != self.n_margins()) {
          throw py::value_error("margins must be of shape (n, " + std::to_string(self.n_margins()) + "), was " +
                                std::string{py::str(margins.attr("shape"))});
        }
        const auto n = static_cast<std::size_t>(margins.shape(0));
        py::array_t<double> scores({n, self.n_classes()});
        self.scores_of({margins.data(), n * self.n_margins()}, n, {scores.mutable_data(), n * self.n_classes()});
        return scores;
      },
      py::arg("margins").noconvert(),
      "The scores (n, n_classes) that margins (n, n_margins) come to: those of predict_proba.");
  add_predict_calls(forest_model);
  register_single_row(m, forest_model);
}

}  // namespace hft::bindings
