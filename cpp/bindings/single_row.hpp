#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <span>

#include "hft/model/forest_model.hpp"

namespace hft::bindings {

/// One row after the other from Python: results go to two arrays that are made once. A call checks its row and nothing
/// else, copies and allocates nothing.
class SingleRow {
 public:
  explicit SingleRow(std::shared_ptr<const model::ForestModel> forest);

  [[nodiscard]] PyObject* predict_margin(PyObject* row) const;
  [[nodiscard]] PyObject* predict_proba(PyObject* row) const;

 private:
  /// An array over memory that we keep too: whatever is done to the array, `values` can be written.
  struct Result {
    explicit Result(std::size_t n);
    std::span<double> values;
    pybind11::object memory;
    pybind11::object array;
  };

  [[nodiscard]] std::span<const double> row_of(PyObject* object) const;

  std::shared_ptr<const model::ForestModel> forest_;
  Result margins_;
  Result scores_;
};

/// The class SingleRow, and the method of ForestModel that makes one.
void register_single_row(pybind11::module_& m,
                         pybind11::class_<model::ForestModel, std::shared_ptr<model::ForestModel>>& forest_model);

}  // namespace hft::bindings
