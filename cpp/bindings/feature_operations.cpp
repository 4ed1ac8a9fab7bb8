#include "feature_operations.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <optional>
#include <span>
#include <stdexcept>
#include <string>

#include "hft/feature/concept.hpp"
#include "hft/feature/ema.hpp"
#include "hft/feature/ema_deviation.hpp"
#include "hft/feature/log_return.hpp"
#include "hft/feature/registry.hpp"
#include "hft/feature/rolling_max.hpp"
#include "hft/feature/rolling_mean.hpp"
#include "hft/feature/rolling_min.hpp"
#include "hft/feature/rolling_std.hpp"
#include "hft/feature/rsi.hpp"
#include "hft/feature/zscore.hpp"
#include "one_thread.hpp"

namespace hft::bindings {
namespace {

namespace py = pybind11;
using feature::Feature;
using feature::TimedFeature;
using feature::WindowLength;

using Column = py::array_t<double, py::array::c_style>;
using Times = py::array_t<std::int64_t, py::array::c_style>;

template <Feature F>
Column transform(OneThread<F>& self, const Column& x) {
  if (x.ndim() != 1) throw py::value_error("x must have shape (n,)");
  Column out(x.size());
  const std::span in{x.data(), static_cast<std::size_t>(x.size())};
  const std::span dst{out.mutable_data(), in.size()};
  self.without_gil([&](F& f) { feature::fold(f, in, dst); });  // only spans inside: no Python object
  return out;
}

template <TimedFeature F>
Column transform_timed(OneThread<F>& self, const Column& x, const Times& ts_ns) {
  if (x.ndim() != 1 || ts_ns.ndim() != 1 || x.size() != ts_ns.size()) {
    throw py::value_error("x and ts_ns must both have shape (n,)");
  }
  Column out(x.size());
  const std::span in{x.data(), static_cast<std::size_t>(x.size())};
  const std::span times{ts_ns.data(), in.size()};
  const std::span dst{out.mutable_data(), in.size()};
  self.without_gil([&](F& f) { feature::fold(f, in, times, dst); });
  return out;
}

template <Feature F, class... Args>
auto make() {
  return py::init([](Args... args) { return OneThread<F>{F{args...}}; });
}

/// A class with what every operation has; its text comes from the registry.
template <Feature F>
py::class_<OneThread<F>> declare(py::module_& m, const char* operation) {
  const feature::Operation& op = feature::operation(operation);
  const std::string doc = op.summary + "\n\n    y = " + op.formula + "\n\nLookback: " + op.lookback +
                          ". Unit: " + op.output_unit + ". Agrees with " + op.oracle +
                          ".\nOne thread at a time; docs/features/" + op.name + ".md says the rest.";
  using Self = OneThread<F>;
  return py::class_<Self>(m, op.standalone.c_str(), doc.c_str())
      .def_property_readonly(
          "value", [](const Self& self) { return self.get().value(); }, "The newest value; NaN until ready.")
      .def_property_readonly(
          "ready", [](const Self& self) { return self.get().ready(); }, "Has it seen its lookback?")
      .def_property_readonly(
          "lookback", [](const Self& self) { return self.get().lookback(); }, "Inputs before the first value.")
      .def("reset", [](Self& self) { self.get().reset(); }, "Back to the state of a new object.");
}

template <Feature F>
py::class_<OneThread<F>> declare_counted(py::module_& m, const char* operation) {
  return declare<F>(m, operation)
      .def(
          "update", [](OneThread<F>& self, double x) { return self.get().update(x); }, py::arg("x"),
          "Take one input, return the value.")
      .def("transform", &transform<F>, py::arg("x").noconvert(),
           "Take inputs (float64, shape (n,)), return the value after each. Any split gives the same bytes.");
}

WindowLength window_of(const py::object& window, const std::optional<std::int64_t>& max_events,
                       const std::string& owner) {
  if (py::isinstance<py::str>(window)) {
    const std::int64_t span_ns = WindowLength::parse_span_ns(window.cast<std::string>(), owner);
    return WindowLength::time(span_ns, max_events.value_or(WindowLength::kDefaultMaxEvents), owner);
  }
  if (max_events) throw py::value_error(owner + ": max_events is for time windows; this window is a count");
  if (py::isinstance<py::bool_>(window) || !PyIndex_Check(window.ptr())) {
    throw py::type_error(owner + ": window must be an integer or a time such as \"5s\"");
  }
  return WindowLength::count(py::int_(window).cast<std::int64_t>(), owner);
}

constexpr const char* kNeedsTime = "a time window needs ts_ns with each input";

template <TimedFeature F>
py::class_<OneThread<F>> declare_windowed(py::module_& m, const char* operation) {
  using Self = OneThread<F>;
  return declare<F>(m, operation)
      .def_property_readonly(
          "early_leaves", [](const Self& self) { return self.get().early_leaves(); },
          "Inputs that left a time window early because max_events was too small.")
      .def(
          "advance", [](Self& self, std::int64_t ts_ns) { self.get().advance(ts_ns); }, py::arg("ts_ns"),
          "Let the inputs go that a time window has outlived at ts_ns.")
      .def(
          "update",
          [](Self& self, double x, const std::optional<std::int64_t>& ts_ns) {
            if (self.get().is_time() && !ts_ns) throw py::value_error(kNeedsTime);
            return self.get().update(x, ts_ns.value_or(0));
          },
          py::arg("x"), py::arg("ts_ns") = py::none(),
          "Take one input (a time window: with its time), return the value.")
      .def(
          "transform",
          [](Self& self, const Column& x, const std::optional<Times>& ts_ns) {
            if (self.get().is_time() && !ts_ns) throw py::value_error(kNeedsTime);
            return ts_ns ? transform_timed(self, x, *ts_ns) : transform(self, x);
          },
          py::arg("x").noconvert(), py::arg("ts_ns").noconvert() = py::none(),
          "Take inputs (float64, shape (n,); times int64, not decreasing), return the value after each.");
}

template <TimedFeature F>
void declare_plain_window(py::module_& m, const char* operation) {
  const std::string owner = feature::operation(operation).standalone;
  declare_windowed<F>(m, operation)
      .def(py::init([owner](const py::object& window, const std::optional<std::int64_t>& max_events) {
             return OneThread<F>{F{window_of(window, max_events, owner)}};
           }),
           py::arg("window"), py::kw_only(), py::arg("max_events") = py::none());
}

}  // namespace

void register_feature_operations(py::module_& m) {
  using namespace feature;
  declare_counted<Ema>(m, "ema").def(make<Ema, std::int64_t>(), py::arg("period"));
  declare_counted<EmaDeviation>(m, "ema_deviation").def(make<EmaDeviation, std::int64_t>(), py::arg("period"));
  declare_counted<Rsi>(m, "rsi").def(make<Rsi, std::int64_t, double>(), py::arg("period"),
                                     py::arg("flat") = Rsi::kDefaultFlat);
  declare_counted<LogReturn>(m, "log_return").def(make<LogReturn, std::int64_t>(), py::arg("lag"));
  declare_plain_window<RollingMean>(m, "rolling_mean");
  declare_plain_window<RollingStd>(m, "rolling_std");
  declare_plain_window<RollingMin>(m, "rolling_min");
  declare_plain_window<RollingMax>(m, "rolling_max");
  declare_windowed<ZScore>(m, "zscore")
      .def(py::init([](const py::object& window, double flat, const std::optional<std::int64_t>& max_events) {
             return OneThread<ZScore>{ZScore{window_of(window, max_events, "ZScore"), ZScoreReading{flat}}};
           }),
           py::arg("window"), py::kw_only(), py::arg("flat") = 0.0, py::arg("max_events") = py::none());
}

}  // namespace hft::bindings
