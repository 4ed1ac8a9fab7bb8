#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/typing.h>

#include <map>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include "event_array.hpp"
#include "feature_bars.hpp"
#include "feature_columns.hpp"
#include "feature_operations.hpp"
#include "hft/base/bytes.hpp"
#include "hft/feature/clean_rules.hpp"
#include "hft/feature/plan.hpp"
#include "hft/feature/registry.hpp"
#include "hft/feature/spec.hpp"
#include "registrations.hpp"
#include "shared_pipeline.hpp"
#include "ticker.hpp"

namespace hft::bindings {
namespace {

using feature::Clock;
using feature::Pipeline;
using feature::Spec;

const char* text(Clock clock) {
  constexpr const char* kNames[] = {"none", "quote", "trade", "input", "book"};
  return kNames[static_cast<std::size_t>(clock)];
}

using Row = py::typing::Dict<py::str, py::object>;

Row as_dict(const feature::Param& p) {
  constexpr const char* kTypes[] = {"integer", "real", "choice", "window", "formula", "numbers", "policy"};
  Row d;
  d["name"] = p.name;
  d["type"] = kTypes[static_cast<std::size_t>(p.type)];
  d["required"] = p.required;
  d["default"] = p.required ? py::object(py::none()) : py::cast(p.fallback);
  d["min"] = p.min;
  d["max"] = p.max;
  d["choices"] = py::tuple(py::cast(p.choices));
  d["doc"] = p.doc;
  return d;
}

py::typing::List<Row> registry_operations() {
  py::typing::List<Row> rows;
  for (const feature::Operation& op : feature::operations()) {
    py::list params;
    for (const feature::Param& p : op.params) params.append(as_dict(p));
    Row d;
    d["name"] = op.name, d["rev"] = op.rev, d["clock"] = text(op.clock), d["summary"] = op.summary;
    d["formula"] = op.formula, d["inputs"] = op.inputs, d["params"] = params, d["lookback"] = op.lookback;
    d["unit"] = op.output_unit, d["seed"] = op.seed, d["missing"] = op.missing, d["flat"] = op.flat;
    d["cost"] = op.cost, d["reference"] = op.reference, d["oracle"] = op.oracle, d["standalone"] = op.standalone;
    d["n_series"] = op.takes_series() ? op.n_series : 0;
    rows.append(d);
  }
  return rows;
}

py::typing::List<Row> registry_series() {
  py::typing::List<Row> rows;
  for (const feature::Series& s : feature::series()) {
    Row d;
    d["name"] = s.name, d["clock"] = text(s.clock), d["unit"] = s.unit, d["doc"] = s.doc;
    rows.append(d);
  }
  return rows;
}

/// The columns of a spec as the compiled plan has them: names and parameters complete.
py::typing::List<Row> describe(const Spec& spec) {
  const feature::Plan plan{spec};
  py::typing::List<Row> columns;
  for (const auto& c : plan.columns()) {
    Row d;
    d["name"] = c.def.name, d["op"] = c.def.op, d["rev"] = c.rev, d["input"] = c.def.input, d["params"] = c.def.params;
    const auto* bars = plan.bars_of(c.clock);
    d["unit"] = c.unit, d["lookback"] = c.lookback, d["clock"] = bars != nullptr ? bars->def.name : text(c.clock);
    d["fading"] = std::pair{c.fading.factor, c.fading.n_stages};
    columns.append(d);
  }
  return columns;
}

py::typing::Tuple<py::array_t<double>, py::array_t<std::int64_t>> transform(SharedPipeline& self,
                                                                            const py::array& events) {
  const auto in = events_of(events);
  const auto width = static_cast<py::ssize_t>(self.get().n_features());
  py::array_t<double> rows({static_cast<py::ssize_t>(self.get().max_rows(in)), width});
  py::array_t<std::int64_t> index(rows.shape(0));
  double* const row_data = rows.mutable_data();
  std::int64_t* const index_data = index.mutable_data();
  // Only spans inside: no Python object.
  const std::size_t n_rows = self.without_gil([&](Pipeline& p) { return p.transform(in, row_data, index_data); });
  const auto n = static_cast<py::ssize_t>(n_rows);
  rows.resize({n, width}, false);  // gives the room of dropped events back, in place
  index.resize({n}, false);
  return py::make_tuple(rows, index);
}

int update(SharedPipeline& shared, const py::array& event, py::array_t<double, py::array::c_style>& row) {
  Pipeline& self = shared.get();
  const auto in = events_of(event);
  if (in.size() != 1) throw py::value_error("event must have shape (1,)");
  if (row.ndim() != 1 || static_cast<std::size_t>(row.size()) != self.n_features()) {
    throw py::value_error("row must have shape (n_features,)");
  }
  return static_cast<int>(self.update(in[0], {row.mutable_data(), self.n_features()}));
}

std::map<std::string, std::uint64_t> counters(const SharedPipeline& shared) {
  const Pipeline& self = shared.get();
  std::map<std::string, std::uint64_t> by_name{{"early_leaves", self.early_leaves()}};
  feature::Counters::visit(self.counters(), [&](const char* name, std::uint64_t n) { by_name[name] = n; });
  return by_name;
}

py::bytes snapshot(const SharedPipeline& self) {
  base::ByteWriter out;
  self.get().save(out);
  return {reinterpret_cast<const char*>(out.bytes().data()), out.bytes().size()};
}

SharedPipeline restore(const Spec& spec, const py::bytes& blob) {
  const std::string_view raw{blob};
  return SharedPipeline{Pipeline::restore(spec, std::as_bytes(std::span{raw.data(), raw.size()}))};
}

feature::RowOn row_on(int rows) {
  if (rows < 0 || rows > static_cast<int>(feature::RowOn::kBook)) {
    throw py::value_error("rows must be 0 (quote), 1 (trade), 2 (any) or 3 (book), was " + std::to_string(rows));
  }
  return static_cast<feature::RowOn>(rows);
}

std::uint32_t known_drop(std::uint32_t drop) {
  if ((drop & ~std::uint32_t{feature::kDropEverything}) == 0) return drop;
  throw py::value_error("drop must be a sum of the rules 1, 2, 4, 8 and 16, was " + std::to_string(drop));
}

using CleanTuple = std::tuple<std::string, std::string, std::map<std::string, feature::ParamValue>>;

std::vector<feature::CleanRow> clean_rows(const std::vector<CleanTuple>& tuples) {
  std::vector<feature::CleanRow> rows;
  for (const auto& [rule, policy, params] : tuples) rows.push_back({rule, policy, params});
  return rows;
}

std::vector<CleanTuple> resolve_clean(const std::vector<CleanTuple>& tuples) {
  std::vector<CleanTuple> whole;
  for (const feature::CleanRow& row : feature::resolve_clean(clean_rows(tuples))) {
    whole.emplace_back(row.rule, row.policy, row.params);
  }
  return whole;
}

void register_spec(py::module_& m) {
  m.def("resolve_clean", &resolve_clean, py::arg("rows"),
        "Rows (rule, policy, parameters) of a [clean] table in their order, every parameter spelled out.");
  const auto set = [&](const char* name, feature::Step step) { m.attr(name) = py::int_(static_cast<int>(step)); };
  set("STEP_NO_ROW", feature::Step::kNoRow);
  set("STEP_ROW", feature::Step::kRow);
  set("STEP_DROPPED", feature::Step::kDropped);
  set("STEP_OUT_OF_ORDER", feature::Step::kOutOfOrder);
  set("STEP_UNKNOWN_SYMBOL", feature::Step::kUnknownSymbol);
  py::class_<feature::FeatureDef>(m, "FeatureDef")
      .def(py::init([](std::string name, std::string op, std::string input,
                       std::map<std::string, feature::ParamValue> params) {
             return feature::FeatureDef{std::move(name), std::move(op), std::move(input), std::move(params)};
           }),
           py::arg("name"), py::arg("op"), py::arg("input"), py::arg("params"));
  py::class_<feature::BarsDef>(m, "BarsDef")
      .def(py::init([](std::string name, std::string kind, feature::ParamValue every, std::string price) {
             return feature::BarsDef{std::move(name), std::move(kind), std::move(every), std::move(price)};
           }),
           py::arg("name"), py::arg("kind"), py::arg("every"), py::arg("price"));
  py::class_<Spec>(m, "Spec", "What the compiled pipeline is made from; hftcore.FeatureSpec makes it.")
      .def(py::init([](std::string name, std::string sha256, bool continuous, int rows, std::uint32_t drop,
                       std::int64_t open_ns, std::int64_t close_ns, std::vector<feature::FeatureDef> features,
                       std::vector<feature::BarsDef> bars, const std::vector<CleanTuple>& clean) {
             return Spec{std::move(name),
                         std::move(sha256),
                         continuous ? feature::Origin::kContinuous : feature::Origin::kSessionOpen,
                         row_on(rows),
                         known_drop(drop),
                         {open_ns, close_ns},
                         std::move(features),
                         std::move(bars),
                         clean_rows(clean)};
           }),
           py::kw_only(), py::arg("name"), py::arg("sha256"), py::arg("continuous"), py::arg("rows"), py::arg("drop"),
           py::arg("open_ns"), py::arg("close_ns"), py::arg("features"),
           py::arg("bars") = std::vector<feature::BarsDef>{}, py::arg("clean") = std::vector<CleanTuple>{})
      .def_readonly("name", &Spec::name)
      .def_readonly("sha256", &Spec::sha256)
      .def_property_readonly("reads_book", [](const Spec& s) { return feature::Plan{s}.book_node().has_value(); });
}

}  // namespace

void register_feature(py::module_& m) {
  m.doc() = "The feature library: registry, operations, pipeline.";
  m.def("operations", &registry_operations, "The registry, one dict per operation.");
  m.def("series", &registry_series, "The series that operations take as input.");
  m.def(
      "did_you_mean",
      [](const std::string& wrong, const std::vector<std::string>& known) {
        return feature::did_you_mean(wrong, known);
      },
      py::arg("wrong"), py::arg("known"));
  m.def(
      "inputs_until",
      [](const std::pair<double, std::uint32_t>& fading, double tolerance) {
        return feature::Fading{fading.first, fading.second}.inputs_until(tolerance);
      },
      py::arg("fading"), py::arg("tolerance"), "Inputs after the seed until its weight is at most the tolerance.");
  register_spec(m);
  register_feature_bars(m);
  m.def("describe", &describe, py::arg("spec"), "The columns of a spec, names and parameters complete.");
  py::class_<SharedPipeline>(m, "Pipeline", "The compiled pipeline. One thread at a time.")
      .def(py::init([](const Spec& spec, const std::vector<event::Instrument>& instruments) {
             return SharedPipeline{Pipeline{spec, instruments}};
           }),
           py::arg("spec"), py::arg("instruments"))
      .def("update", &update, py::arg("event"), py::arg("row").noconvert())
      .def("transform", &transform, py::arg("events"))
      .def(
          "find_out_of_order",
          [](SharedPipeline& self, const py::array& events) {
            const auto in = events_of(events);
            return self.without_gil([&](const Pipeline& p) { return p.find_out_of_order(in); });
          },
          py::arg("events"))
      .def("counters", &counters)
      .def("reset", [](SharedPipeline& self) { self.get().reset(); })
      .def("snapshot", &snapshot)
      .def_static("restore", &restore, py::arg("spec"), py::arg("blob"))
      .def_property_readonly("instruments", [](const SharedPipeline& self) {
        const auto all = self.get().instruments();
        return std::vector<event::Instrument>(all.begin(), all.end());
      });
  register_ticker(m);
  register_feature_operations(m);
  register_feature_columns(m);
}

}  // namespace hft::bindings
