#include <pybind11/operators.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <limits>
#include <string>
#include <utility>

#include "event_array.hpp"
#include "event_codecs.hpp"
#include "event_wire.hpp"
#include "hft/event/event.hpp"
#include "hft/event/instrument.hpp"
#include "hft/event/instrument_rules.hpp"
#include "registrations.hpp"

namespace hft::bindings {
namespace {

using event::Instrument;

Instrument make_instrument(std::string symbol, std::int64_t tick_num, std::int64_t tick_den, std::int64_t lot_num,
                           std::int64_t lot_den, std::int64_t min_px_ticks, std::int64_t max_px_ticks) {
  Instrument instrument{std::move(symbol), {tick_num, tick_den}, {lot_num, lot_den}, min_px_ticks, max_px_ticks};
  event::validate(instrument);
  return instrument;
}

std::string describe(const Instrument& i) {
  const auto text = [](std::int64_t value) { return std::to_string(value); };
  return "Instrument('" + i.symbol + "', tick " + text(i.tick.num) + "/" + text(i.tick.den) + ", lot " +
         text(i.lot.num) + "/" + text(i.lot.den) + ", px_ticks " + text(i.min_px_ticks) + ".." + text(i.max_px_ticks) +
         ")";
}

void register_instrument(py::module_& m) {
  const Instrument defaults;
  py::class_<Instrument>(m, "Instrument", "What a symbol's integers mean: tick, lot and price bounds. Immutable.")
      .def(py::init(&make_instrument), py::arg("symbol"), py::arg("tick_num") = defaults.tick.num,
           py::arg("tick_den") = defaults.tick.den, py::arg("lot_num") = defaults.lot.num,
           py::arg("lot_den") = defaults.lot.den, py::arg("min_px_ticks") = defaults.min_px_ticks,
           py::arg("max_px_ticks") = defaults.max_px_ticks)
      .def_readonly("symbol", &Instrument::symbol)
      .def_property_readonly("tick_num", [](const Instrument& i) { return i.tick.num; })
      .def_property_readonly("tick_den", [](const Instrument& i) { return i.tick.den; })
      .def_property_readonly("lot_num", [](const Instrument& i) { return i.lot.num; })
      .def_property_readonly("lot_den", [](const Instrument& i) { return i.lot.den; })
      .def_readonly("min_px_ticks", &Instrument::min_px_ticks)
      .def_readonly("max_px_ticks", &Instrument::max_px_ticks)
      .def(py::self == py::self)  // NOLINT(misc-redundant-expression): pybind11's spelling of __eq__
      .def("__hash__", [](const Instrument& i) { return py::hash(py::str(describe(i))); })
      .def("__repr__", &describe);
}

void register_constants(py::module_& m) {
  const auto set = [&](const char* name, auto value) { m.attr(name) = py::int_(static_cast<unsigned>(value)); };
  set("KIND_TRADE", event::EventKind::kTrade);
  set("KIND_QUOTE", event::EventKind::kQuote);
  set("KIND_BOOK_LEVEL", event::EventKind::kBookLevel);
  set("KIND_CONTROL", event::EventKind::kControl);
  set("SIDE_UNKNOWN", event::Side::kUnknown);
  set("SIDE_BUY", event::Side::kBuy);
  set("SIDE_SELL", event::Side::kSell);
  set("FLAG_SUSPICIOUS", event::Flag::kSuspicious);
  set("FLAG_SNAPSHOT", event::Flag::kSnapshot);
  set("FLAG_GAP_BEFORE", event::Flag::kGapBefore);
  set("FLAG_SEQUENCE_RESET", event::Flag::kSequenceReset);
  set("FLAG_STALE", event::Flag::kStale);
  set("FLAG_UNFINISHED", event::Flag::kUnfinished);
  set("OFFSET_BITS", event::kOffsetBits);
}

}  // namespace

void register_event(py::module_& m) {
  m.doc() = "Events, instruments and their codecs.";
  m.attr("EVENT_DTYPE") = event_dtype();
  m.def(
      "empty_events", [](std::size_t n) { return new_events(n); }, py::arg("n"),
      "A zeroed array of n events (dtype EVENT_DTYPE) that starts at a 64-byte boundary.");
  register_constants(m);
  register_instrument(m);
  register_event_codecs(m);
  register_event_wire(m);
}

}  // namespace hft::bindings
