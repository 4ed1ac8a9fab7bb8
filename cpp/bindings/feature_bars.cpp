#include "feature_bars.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <pybind11/typing.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "event_array.hpp"
#include "hft/feature/bar_table.hpp"
#include "hft/feature/bars.hpp"
#include "hft/feature/plan.hpp"

namespace hft::bindings {
namespace {

namespace py = pybind11;
using feature::BarRow;
using feature::Spec;

using Row = py::typing::Dict<py::str, py::object>;

/// What follows the point in the name of a series of bars.
py::typing::List<Row> bar_series() {
  py::typing::List<Row> all;
  for (const feature::BarSeries& s : feature::bar_series()) {
    Row d;
    d["name"] = s.name, d["clock"] = "bar", d["unit"] = s.unit, d["doc"] = s.doc;
    all.append(d);
  }
  return all;
}

/// The bars of a spec as the compiled plan has them.
py::typing::List<Row> describe_bars(const Spec& spec) {
  const feature::Plan plan{spec};
  py::typing::List<Row> all;
  for (const auto& bars : plan.bars()) {
    Row d;
    d["name"] = bars.def.name, d["kind"] = bars.def.kind, d["every"] = bars.def.every, d["price"] = bars.def.price;
    all.append(d);
  }
  return all;
}

py::array bar_table(const Spec& spec, const std::vector<event::Instrument>& instruments,
                              const std::string& name, const py::array& events) {
  const auto in = events_of(events);
  feature::Pipeline pipeline{spec, instruments};
  const auto& all = pipeline.plan().bars();
  const auto it = std::ranges::find(all, name, [](const auto& bars) { return bars.def.name; });
  if (it == all.end()) throw py::value_error("the spec has no bars '" + name + "'");
  const auto place = static_cast<std::size_t>(it - all.begin());
  std::vector<BarRow> rows;
  {
    py::gil_scoped_release unlocked;  // only spans inside: no Python object
    rows = feature::bar_table(pipeline, place, in);
  }
  return py::array_t<BarRow>(static_cast<py::ssize_t>(rows.size()), rows.data());
}

}  // namespace

void register_feature_bars(py::module_& m) {
  PYBIND11_NUMPY_DTYPE(BarRow, event, open_ns, close_ns, open, high, low, close, volume, value, vwap, n_trades,
                       symbol_id);
  m.def("describe_bars", &describe_bars, py::arg("spec"), "The bars of a spec, complete.");
  m.def("bar_series", &bar_series, "The series that each bars of a spec have: `m1.close` of bars m1.");
  m.def("bar_table", &bar_table, py::arg("spec"), py::arg("instruments"), py::arg("name"), py::arg("events"),
        "The bars that the events close, one row each, in the order of the events.");
}

}  // namespace hft::bindings
