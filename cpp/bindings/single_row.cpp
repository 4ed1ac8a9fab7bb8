#include "single_row.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "double_arrays.hpp"
#include "native_calls.hpp"

namespace py = pybind11;

namespace hft::bindings {

using model::ForestModel;

SingleRow::Result::Result(std::size_t n) {
  auto owner = std::make_unique<double[]>(n);
  values = {owner.get(), n};
  memory = py::capsule{owner.get(), [](void* data) { delete[] static_cast<double*>(data); }};
  (void)owner.release();
  array = py::array_t<double>(static_cast<py::ssize_t>(n), values.data(), memory);
}

SingleRow::SingleRow(std::shared_ptr<const ForestModel> forest)
    : forest_{std::move(forest)}, margins_{forest_->n_margins()}, scores_{forest_->n_classes()} {}

std::span<const double> SingleRow::row_of(PyObject* object) const {
  const Doubles row = doubles_of(object, "row", kReadable);
  if (row.n_dims != 1 || row.shape[0] != forest_->n_features()) {
    throw py::value_error("row must have shape (" + std::to_string(forest_->n_features()) + ",)");
  }
  return {row.data, row.shape[0]};
}

PyObject* SingleRow::predict_margin(PyObject* row) const {
  forest_->predict_margin(row_of(row), margins_.values);
  return margins_.array.inc_ref().ptr();
}

PyObject* SingleRow::predict_proba(PyObject* row) const {
  forest_->predict_proba(row_of(row), scores_.values);
  return scores_.array.inc_ref().ptr();
}

namespace {

template <PyObject* (SingleRow::*Predict)(PyObject*) const>
PyObject* call(PyObject* self, PyObject* row) noexcept {
  return with_python_errors([&] { return (held_by<const SingleRow>(self).*Predict)(row); });
}

#define HFT_SINGLE_ROW_SIGNATURE(name)                                                                      \
  name                                                                                                      \
      "(self: hftcore._core.model.SingleRow, row: numpy.typing.NDArray[numpy.float64]) -> "                 \
      "numpy.typing.NDArray[numpy.float64]\n\n"

PyMethodDef kMethods[] = {
    {"predict_margin", &call<&SingleRow::predict_margin>, METH_O,
     HFT_SINGLE_ROW_SIGNATURE("predict_margin") "Raw sums of leaves: (n_features,) -> (n_margins,)."},
    {"predict_proba", &call<&SingleRow::predict_proba>, METH_O,
     HFT_SINGLE_ROW_SIGNATURE("predict_proba") "Scores after the output rule: (n_features,) -> (n_classes,)."}};
#undef HFT_SINGLE_ROW_SIGNATURE

}  // namespace

void register_single_row(py::module_& m, py::class_<ForestModel, std::shared_ptr<ForestModel>>& forest_model) {
  const py::class_<SingleRow> single_row(m, "SingleRow", R"(One row after the other, in the least time from Python.

Each method fills an array of its own, the same one at every call, and gives it back: copy what is to stay. row is
float64, C-contiguous and not that array. For one thread at a time: each thread makes its own.)",
                                         py::is_final());
  add_methods(single_row, kMethods);
  forest_model.def(
      "single_row",
      [](std::shared_ptr<ForestModel> self) {
        if (self == nullptr) throw py::type_error("single_row needs a ForestModel, was None");
        return SingleRow{std::move(self)};
      },
      "A SingleRow of this forest.");
}

}  // namespace hft::bindings
