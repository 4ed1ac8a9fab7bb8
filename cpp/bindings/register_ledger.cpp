#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "hft/ledger/journal_reader.hpp"
#include "hft/ledger/names.hpp"
#include "hft/ledger/positions.hpp"
#include "ledger_arrays.hpp"
#include "registrations.hpp"

namespace hft::bindings {
namespace {

/// Settings or model changed here: the text, and how many decisions the run had made before.
using Control = std::pair<std::size_t, std::string>;

/// One run of a journal, from its header to the next one.
struct JournalRun {
  std::string header;
  std::string end;  // empty: the run did not end
  std::vector<ledger::Decision> decisions;
  std::vector<ledger::Order> orders;
  std::vector<ledger::Fill> fills;
  std::vector<ledger::Mark> marks;
  std::vector<Control> controls;
};

/// Runs in order, and the bytes behind the last whole frame.
using JournalContents = std::tuple<std::vector<JournalRun>, std::uint64_t>;

void add(std::vector<JournalRun>& runs, const ledger::Frame& frame, const std::string& name) {
  if (frame.kind == ledger::FrameKind::kRunHeader) {
    runs.emplace_back().header = frame.text();
    return;
  }
  if (runs.empty()) throw ledger::JournalError(name + ": the first record must be a run header");
  JournalRun& run = runs.back();
  switch (frame.kind) {
    case ledger::FrameKind::kDecision: run.decisions.push_back(frame.as<ledger::Decision>()); break;
    case ledger::FrameKind::kOrder: run.orders.push_back(frame.as<ledger::Order>()); break;
    case ledger::FrameKind::kFill: run.fills.push_back(frame.as<ledger::Fill>()); break;
    case ledger::FrameKind::kMark: run.marks.push_back(frame.as<ledger::Mark>()); break;
    case ledger::FrameKind::kRunEnd: run.end = frame.text(); break;
    case ledger::FrameKind::kControl: run.controls.emplace_back(run.decisions.size(), frame.text()); break;
    case ledger::FrameKind::kRunHeader:   // handled above
    case ledger::FrameKind::kLease:       // not in journals: the scanner lets none through
    case ledger::FrameKind::kInputOrder: break;
  }
}

JournalContents scan(std::span<const std::byte> bytes, const std::string& name) {
  std::vector<JournalRun> runs;
  ledger::FrameScanner scanner{bytes, name};
  while (const auto frame = scanner.next()) add(runs, *frame, name);
  return {std::move(runs), scanner.torn_bytes()};
}

JournalContents read_journal(const std::filesystem::path& path) {
  const py::gil_scoped_release unlocked;
  return scan(ledger::read_file(path), path.string());
}

JournalContents parse_journal(const py::bytes& bytes, const std::string& name) {
  const std::string_view view = bytes;
  const py::gil_scoped_release unlocked;
  return scan(std::as_bytes(std::span{view}), name);
}

std::optional<std::pair<int, py::bytes>> parse_frame(const py::bytes& message) {
  const std::string_view view = message;
  const auto frame = ledger::frame_of_message(std::as_bytes(std::span{view}));
  if (!frame) return std::nullopt;
  const std::string_view payload{reinterpret_cast<const char*>(frame->payload.data()), frame->payload.size()};
  return std::pair{static_cast<int>(frame->kind), py::bytes{ledger::is_text(frame->kind) ? frame->text() : payload}};
}

/// Python's integers have no width.
py::int_ to_python(ledger::Int128 value) {
  const auto high = static_cast<std::int64_t>(value >> 64);
  const auto low = static_cast<std::uint64_t>(value);
  return py::int_{(py::int_{high} << py::int_{64}) | py::int_{low}};
}

std::vector<ledger::Position> fold_fills(const py::array& array, std::size_t n_symbols) {
  const auto fills = records_of<ledger::Fill>(array, "fills");
  const py::gil_scoped_release unlocked;
  ledger::Positions positions{n_symbols};
  for (std::size_t i = 0; i < fills.size(); ++i) {
    if (!positions.apply(fills[i])) {
      throw std::invalid_argument("fills[" + std::to_string(i) + "]: symbol, side or quantity is out of range");
    }
  }
  return {positions.all().begin(), positions.all().end()};
}

template <std::size_t N>
py::tuple words(const std::array<std::string_view, N>& names) {
  py::tuple out(N);
  for (std::size_t i = 0; i < N; ++i) out[i] = py::str(names[i].data(), names[i].size());
  return out;
}

template <auto Member>
auto records_getter() {
  return [](const JournalRun& run) { return records_array(std::span{run.*Member}); };
}
template <auto Member>
auto money_getter() {
  return [](const ledger::Position& position) { return to_python(position.*Member); };
}

}  // namespace

void register_ledger(py::module_& m) {
  m.doc() = "Journals of decisions, orders and fills, and the positions they add up to.";
  m.attr("DECISION_DTYPE") = record_dtype<ledger::Decision>();
  m.attr("ORDER_DTYPE") = record_dtype<ledger::Order>();
  m.attr("FILL_DTYPE") = record_dtype<ledger::Fill>();
  m.attr("MARK_DTYPE") = record_dtype<ledger::Mark>();
  const std::pair<const char*, ledger::FrameKind> kinds[] = {
      {"RUN_HEADER", ledger::FrameKind::kRunHeader}, {"DECISION", ledger::FrameKind::kDecision},
      {"ORDER", ledger::FrameKind::kOrder},          {"FILL", ledger::FrameKind::kFill},
      {"MARK", ledger::FrameKind::kMark},            {"RUN_END", ledger::FrameKind::kRunEnd},
      {"CONTROL", ledger::FrameKind::kControl},      {"LEASE", ledger::FrameKind::kLease},
      {"INPUT_ORDER", ledger::FrameKind::kInputOrder}};
  for (const auto& [name, kind] : kinds) m.attr((std::string{"FRAME_"} + name).c_str()) = static_cast<int>(kind);
  m.attr("SIDES") = words(ledger::kSideNames);
  m.attr("REASONS") = words(ledger::kReasonNames);
  m.attr("REFUSALS") = words(ledger::kRefusalNames);

  py::class_<JournalRun>(m, "JournalRun", "One run of a journal. The array methods copy.")
      .def_readonly("header", &JournalRun::header, "JSON text.")
      .def_readonly("end", &JournalRun::end, "JSON text; empty where the run did not end.")
      .def("decisions", records_getter<&JournalRun::decisions>())
      .def("orders", records_getter<&JournalRun::orders>())
      .def("fills", records_getter<&JournalRun::fills>())
      .def("marks", records_getter<&JournalRun::marks>())
      .def_readonly("controls", &JournalRun::controls,
                    "Of each control frame: how many decisions the run had made before, and its JSON text.");
  m.def("read_journal", &read_journal, py::arg("path"),
        "The runs of a journal file, every frame checked, and the number of bytes behind the last whole frame. Raises "
        "RuntimeError naming file, offset and reason.");
  m.def("parse_journal", &parse_journal, py::arg("data"), py::arg("name"), "Like read_journal, from memory.");

  m.def(
      "parse_frame", &parse_frame, py::arg("message"),
      "Kind and payload of one output message, or None where it is not exactly one whole frame. Text comes without its "
      "padding.");

  py::class_<ledger::Position>(m, "Position", "What one symbol's fills add up to; money in tick-lots, exact.")
      .def_readonly("qty_lots", &ledger::Position::qty_lots)
      .def_readonly("bought_lots", &ledger::Position::bought_lots)
      .def_readonly("sold_lots", &ledger::Position::sold_lots)
      .def_readonly("n_fills", &ledger::Position::n_fills)
      .def_property_readonly("open_cost_tick_lots", money_getter<&ledger::Position::open_cost_tick_lots>())
      .def_property_readonly("realised_tick_lots", money_getter<&ledger::Position::realised_tick_lots>())
      .def_property_readonly("cash_tick_lots", money_getter<&ledger::Position::cash_tick_lots>())
      .def_property_readonly("fees_nano", money_getter<&ledger::Position::fees_nano>())
      .def("unrealised_half_tick_lots",
           [](const ledger::Position& position, std::int64_t mid_half_ticks) {
             return to_python(position.unrealised_half_tick_lots(mid_half_ticks));
           },
           py::arg("mid_half_ticks"), "What closing at this mid price would earn.");
  m.def("fold_fills", &fold_fills, py::arg("fills"), py::arg("n_symbols"),
        "Positions of symbols 0..n_symbols-1 after these fills, in order, at average cost.");
}

}  // namespace hft::bindings
