#include "ticker.hpp"

#include <pybind11/numpy.h>

#include <array>
#include <cstdint>
#include <string>

#include "hft/event/event.hpp"
#include "shared_pipeline.hpp"

namespace hft::bindings {
namespace {

namespace py = pybind11;

/// One symbol's ticks from Python: a call reads its numbers and runs the pipeline. No record, no new array, and none of
/// the checks of types that a general call makes, which cost more than the features.
struct Ticker {
  PyObject_HEAD
  SharedPipeline* pipeline;
  double* values;
  std::size_t n_values;
  std::uint32_t symbol_id;
  PyObject* owner;  // of `pipeline`
  PyObject* row;    // whose memory `values` is
  PyObject* late;   // what an event out of order raises
  PyObject* symbol;
};

Ticker& self_of(PyObject* self) { return *reinterpret_cast<Ticker*>(self); }

/// The arguments as integers; false: an exception is set.
template <std::size_t kMost>
bool integers(PyObject* const* args, Py_ssize_t n, std::array<std::int64_t, kMost>& out) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
    out[i] = PyLong_AsLongLong(args[i]);
    if (out[i] == -1 && PyErr_Occurred() != nullptr) return false;
  }
  return true;
}

PyObject* refuse_count(const char* name, const char* wanted, Py_ssize_t n) {
  return PyErr_Format(PyExc_TypeError, "%s takes %s, was given %zd arguments", name, wanted, n);
}

PyObject* take(Ticker& self, const event::Event& e) {
  feature::Step step{};
  try {
    step = self.pipeline->get().update(e, {self.values, self.n_values});
  } catch (const std::exception& busy) {
    return PyErr_Format(PyExc_RuntimeError, "%s", busy.what());
  }
  if (step == feature::Step::kRow) return Py_NewRef(self.row);
  if (step != feature::Step::kOutOfOrder) Py_RETURN_NONE;
  return PyErr_Format(self.late, "%U: %lld ns is older than the symbol's last event", self.symbol,
                      static_cast<long long>(e.ts_event_ns));
}

PyObject* quote(PyObject* object, PyObject* const* args, Py_ssize_t n) {
  Ticker& self = self_of(object);
  std::array<std::int64_t, 5> x{};
  if (n != 5) return refuse_count("quote", "ts_ns, bid_px_ticks, bid_qty_lots, ask_px_ticks, ask_qty_lots", n);
  if (!integers(args, n, x)) return nullptr;
  event::Event e{};
  e.ts_event_ns = x[0], e.symbol_id = self.symbol_id, e.kind = event::EventKind::kQuote;
  e.quote = {x[1], x[2], x[3], x[4]};
  return take(self, e);
}

PyObject* trade(PyObject* object, PyObject* const* args, Py_ssize_t n) {
  Ticker& self = self_of(object);
  std::array<std::int64_t, 4> x{};
  if (n != 3 && n != 4) return refuse_count("trade", "ts_ns, px_ticks, qty_lots, and perhaps side", n);
  if (!integers(args, n, x)) return nullptr;
  if (x[3] < 0 || x[3] > 2) {
    return PyErr_Format(PyExc_ValueError, "side must be 0 (unknown), 1 (buy) or 2 (sell), was %lld",
                        static_cast<long long>(x[3]));
  }
  event::Event e{};
  e.ts_event_ns = x[0], e.symbol_id = self.symbol_id, e.kind = event::EventKind::kTrade;
  e.side = static_cast<event::Side>(x[3]);
  e.trade = {x[1], x[2], {}};
  return take(self, e);
}

void destroy(PyObject* object) {
  Ticker& self = self_of(object);
  Py_XDECREF(self.owner), Py_XDECREF(self.row), Py_XDECREF(self.late), Py_XDECREF(self.symbol);
  PyTypeObject* const type = Py_TYPE(object);
  PyObject_Free(object);
  Py_DECREF(type);
}

template <class Function>
PyCFunction as_method(Function function) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));  // METH_FASTCALL says what it is
}

py::object make_type() {
  static std::array<PyMethodDef, 3> methods{
      {{"quote", as_method(&quote), METH_FASTCALL,
        "quote(self, ts_ns: int, bid_px_ticks: int, bid_qty_lots: int, ask_px_ticks: int, ask_qty_lots: int, /) -> "
        "typing.Any\n\nTake a quote; the row, or None where it gives none."},
       {"trade", as_method(&trade), METH_FASTCALL,
        "trade(self, ts_ns: int, px_ticks: int, qty_lots: int, side: int = 0, /) -> typing.Any\n\nTake a trade; the "
        "row, or None where it gives none."},
       {nullptr, nullptr, 0, nullptr}}};
  static std::array<PyType_Slot, 3> slots{
      {{Py_tp_methods, methods.data()}, {Py_tp_dealloc, reinterpret_cast<void*>(&destroy)}, {0, nullptr}}};
  static PyType_Spec spec{"hftcore._core.feature.Ticker", sizeof(Ticker), 0,
                          Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots.data()};
  return py::reinterpret_steal<py::object>(PyType_FromSpec(&spec));
}

}  // namespace

void register_ticker(py::module_& m) {
  const py::object type = make_type();
  if (!type) throw py::error_already_set();
  m.attr("Ticker") = type;
  m.def(
      "make_ticker",
      [type](const py::object& pipeline, std::uint32_t symbol_id, const py::str& symbol,
             py::array_t<double, py::array::c_style>& row, const py::object& late) {
        auto& shared = pipeline.cast<SharedPipeline&>();
        if (row.ndim() != 1 || static_cast<std::size_t>(row.size()) != shared.get().n_features()) {
          throw py::value_error("row must have shape (n_features,)");
        }
        auto* const made = PyObject_New(Ticker, reinterpret_cast<PyTypeObject*>(type.ptr()));
        if (made == nullptr) throw py::error_already_set();
        made->pipeline = &shared, made->symbol_id = symbol_id;
        made->values = row.mutable_data(), made->n_values = static_cast<std::size_t>(row.size());
        made->owner = py::object{pipeline}.release().ptr(), made->row = py::object{row}.release().ptr();
        made->late = py::object{late}.release().ptr(), made->symbol = py::object{symbol}.release().ptr();
        return py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(made));
      },
      py::arg("pipeline"), py::arg("symbol_id"), py::arg("symbol"), py::arg("row").noconvert(), py::arg("late"),
      "One symbol's ticks; an event out of order raises `late`.");
}

}  // namespace hft::bindings
