#pragma once

#include <pybind11/gil_safe_call_once.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>

#include "hft/event/event.hpp"

namespace hft::bindings {

namespace py = pybind11;

/// NumPy's view of Event: the payloads of quote, trade and book level overlap as they do in the union.
inline const py::dtype& event_dtype() {
  PYBIND11_CONSTINIT static py::gil_safe_call_once_and_store<py::dtype> store;
  return store
      .call_once_and_store_result([] {
        struct Field {
          const char* name;
          const char* format;
          std::size_t offset;
        };
        constexpr Field kFields[] = {
            {"ts_event_ns", "<i8", 0},   {"ts_recv_ns", "<i8", 8},    {"source_seq", "<u8", 16},
            {"symbol_id", "<u4", 24},    {"kind", "u1", 28},          {"side", "u1", 29},
            {"flags", "<u2", 30},        {"bid_px_ticks", "<i8", 32}, {"bid_qty_lots", "<i8", 40},
            {"ask_px_ticks", "<i8", 48}, {"ask_qty_lots", "<i8", 56}, {"px_ticks", "<i8", 32},
            {"qty_lots", "<i8", 40},     {"update_id", "<i8", 48},
        };
        py::list names, formats, offsets;
        for (const Field& field : kFields) {
          names.append(field.name);
          formats.append(field.format);
          offsets.append(field.offset);
        }
        return py::dtype(names, formats, offsets, sizeof(event::Event));
      })
      .get_stored();
}

/// The events of a NumPy array, without a copy; valid while the array lives. Throws ValueError naming what is wrong.
inline std::span<const event::Event> events_of(const py::array& array) {
  const py::dtype dtype = array.dtype();
  if (!dtype.is(event_dtype()) && !dtype.equal(event_dtype())) {
    throw py::value_error("events must have dtype EVENT_DTYPE, had " + py::str(dtype).cast<std::string>());
  }
  if (array.ndim() != 1) {
    throw py::value_error("events must have shape (n,), had " + std::to_string(array.ndim()) + " dimensions");
  }
  if (array.shape(0) == 0) return {};
  if ((array.flags() & py::array::c_style) == 0) throw py::value_error("events must be contiguous; use hftcore.Events");
  if (reinterpret_cast<std::uintptr_t>(array.data()) % alignof(event::Event) != 0) {
    throw py::value_error("events must be 64-byte aligned; use hftcore.Events");
  }
  return {static_cast<const event::Event*>(array.data()), static_cast<std::size_t>(array.shape(0))};
}

/// A new zeroed array of n events at a 64-byte boundary; `out` receives the same memory for writing.
inline py::array new_events(std::size_t n, std::span<event::Event>* out = nullptr) {
  constexpr std::align_val_t kAlign{alignof(event::Event)};
  if (n > static_cast<std::size_t>(PY_SSIZE_T_MAX) / sizeof(event::Event)) throw std::bad_alloc();
  const std::size_t n_bytes = (n == 0 ? 1 : n) * sizeof(event::Event);
  void* memory = ::operator new(n_bytes, kAlign);
  const py::capsule owner(memory, [](void* p) { ::operator delete(p, kAlign); });
  std::memset(memory, 0, n_bytes);
  if (out != nullptr) *out = {static_cast<event::Event*>(memory), n};
  return py::array(event_dtype(), {static_cast<py::ssize_t>(n)}, {}, memory, owner);
}

}  // namespace hft::bindings
