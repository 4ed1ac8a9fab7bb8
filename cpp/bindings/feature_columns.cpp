#include "feature_columns.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <pybind11/typing.h>

#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "hft/base/bytes.hpp"
#include "keyed_pipelines.hpp"
#include "one_thread.hpp"

namespace hft::bindings {
namespace {

namespace py = pybind11;

using Ints = py::array_t<std::int64_t, py::array::c_style>;
using Codes = py::array_t<std::int32_t, py::array::c_style>;
using Bytes = py::array_t<std::uint8_t, py::array::c_style>;
using SharedKeyed = OneThread<KeyedPipelines>;

template <class Array>
auto span_of(const Array& array, py::ssize_t n, const char* name) {
  if (array.ndim() != 1 || array.size() != n) {
    throw py::value_error(std::string{name} + " must have shape (" + std::to_string(n) + ",)");
  }
  return std::span{array.data(), static_cast<std::size_t>(n)};
}

/// Every offset is used as a place in the bytes: none may point outside.
void check_offsets(std::span<const std::int32_t> offsets, std::size_t n_bytes) {
  std::int32_t last = 0;
  for (const std::int32_t offset : offsets) {
    if (offset < last || static_cast<std::size_t>(offset) > n_bytes) {
      throw py::value_error("symbol_offsets must ascend and stay within symbol_bytes");
    }
    last = offset;
  }
}

using Problem = py::typing::Optional<py::typing::Tuple<int, int>>;

py::typing::Tuple<py::array_t<double>, py::array_t<std::int64_t>, Problem> transform(
    SharedKeyed& self, const Codes& symbol_offsets, const Bytes& symbol_bytes, const Ints& ts_event_ns,
    const Codes& codes, const std::array<Ints, 4>& payload, const std::vector<Ints>& order) {
  const py::ssize_t n = ts_event_ns.size();
  EventColumns in;
  in.symbol_offsets = span_of(symbol_offsets, n + 1, "symbol_offsets");
  in.symbol_bytes = {reinterpret_cast<const char*>(symbol_bytes.data()), static_cast<std::size_t>(symbol_bytes.size())};
  check_offsets(in.symbol_offsets, in.symbol_bytes.size());
  in.ts_event_ns = span_of(ts_event_ns, n, "ts_event_ns");
  in.codes = span_of(codes, n, "codes");
  for (std::size_t c = 0; c < payload.size(); ++c) in.payload[c] = span_of(payload[c], n, "payload");
  for (const Ints& column : order) in.order.push_back(span_of(column, n, "order"));
  py::array_t<double> columns({static_cast<py::ssize_t>(self.get().n_features()), n});
  py::array_t<std::int64_t> index(n);
  double* const out = columns.mutable_data();
  std::int64_t* const index_out = index.mutable_data();
  // Only spans inside: no Python object.
  const auto result = self.without_gil(
      [&](KeyedPipelines& k) { return k.transform(in, out, static_cast<std::size_t>(n), index_out); });
  index.resize({static_cast<py::ssize_t>(result.n_rows)}, false);
  Problem problem = py::none();
  if (result.refusal) problem = py::make_tuple(static_cast<int>(*result.refusal), result.refused_row);
  return py::make_tuple(columns, index, problem);
}

py::typing::Dict<py::str, py::bytes> snapshots(const SharedKeyed& self) {
  py::typing::Dict<py::str, py::bytes> states;
  self.get().for_each([&](const std::string& symbol, const feature::Pipeline& pipeline) {
    base::ByteWriter out;
    pipeline.save(out);
    states[py::str(symbol)] = py::bytes(reinterpret_cast<const char*>(out.bytes().data()), out.bytes().size());
  });
  return states;
}

std::map<std::string, std::uint64_t> counters(const SharedKeyed& self) {
  const feature::Counters sum = self.get().counters();
  std::map<std::string, std::uint64_t> by_name;
  feature::Counters::visit(sum, [&](const char* name, std::uint64_t n) { by_name[name] = n; });
  return by_name;
}

}  // namespace

void register_feature_columns(py::module_& m) {
  const auto set = [&](const char* name, Refusal why) { m.attr(name) = py::int_(static_cast<int>(why)); };
  set("REFUSED_UNKNOWN_SYMBOL", Refusal::kUnknownSymbol);
  set("REFUSED_UNSORTED", Refusal::kUnsorted);
  set("REFUSED_TWICE", Refusal::kTwice);
  set("REFUSED_OUT_OF_ORDER", Refusal::kOutOfOrder);
  set("REFUSED_NULL", Refusal::kNull);
  set("REFUSED_BAD_KIND", Refusal::kBadKind);
  m.attr("NULL_CELL") = py::int_(EventColumns::kNullCell);
  py::class_<SharedKeyed>(m, "KeyedPipelines",
                          "One pipeline per symbol over columns of events. One thread at a time.")
      .def(py::init([](const feature::Spec& spec, const std::vector<event::Instrument>& instruments, bool stateless) {
             return SharedKeyed{KeyedPipelines{spec, instruments, stateless}};
           }),
           py::arg("spec"), py::arg("instruments"), py::kw_only(), py::arg("stateless") = false)
      .def("transform", &transform, py::arg("symbol_offsets").noconvert(), py::arg("symbol_bytes").noconvert(),
           py::arg("ts_event_ns").noconvert(), py::arg("codes").noconvert(), py::arg("payload"), py::arg("order"),
           "Take rows in, in order. Returns columns (n_features, n), of which the first len(index) values count; the "
           "row of each value; and (why, row) where a row was refused: rows before it have been taken in.")
      .def(
          "restore",
          [](SharedKeyed& self, const std::string& symbol, const py::bytes& blob) {
            const std::string_view raw{blob};
            self.get().restore(symbol, std::as_bytes(std::span{raw.data(), raw.size()}));
          },
          py::arg("symbol"), py::arg("blob"))
      .def("snapshots", &snapshots, "State of every symbol seen, as FeaturePipeline.restore takes it.")
      .def("counters", &counters);
}

}  // namespace hft::bindings
