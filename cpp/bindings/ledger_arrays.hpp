#pragma once

#include <pybind11/gil_safe_call_once.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include "hft/ledger/records.hpp"

namespace hft::bindings {

namespace py = pybind11;

struct RecordField {
  const char* name;
  const char* format;
  std::size_t offset;
};

inline py::dtype make_record_dtype(std::initializer_list<RecordField> fields, std::size_t item_bytes) {
  py::list names, formats, offsets;
  for (const RecordField& id :
       {RecordField{"source_seq", "<u8", 0}, {"config_epoch", "<u4", 8}, {"ordinal", "<u4", 12}}) {
    if (fields.begin()->offset == 0) break;  // the record has no decision id
    names.append(id.name), formats.append(id.format), offsets.append(id.offset);
  }
  for (const RecordField& field : fields) {
    names.append(field.name), formats.append(field.format), offsets.append(field.offset);
  }
  return py::dtype(names, formats, offsets, item_bytes);
}

/// NumPy's view of a journal record: the fields of records.hpp, the decision id's three flat in front.
template <class Record>
py::dtype make_record_dtype();

template <>
inline py::dtype make_record_dtype<ledger::Decision>() {
  return make_record_dtype({{"ts_event_ns", "<i8", 16}, {"limit_px_ticks", "<i8", 24}, {"qty_lots", "<i8", 32},
                            {"up_frac", "<f8", 40}, {"down_frac", "<f8", 48}, {"symbol_id", "<u4", 56},
                            {"side", "u1", 60}, {"reason", "u1", 61}, {"refusal", "u1", 62}},
                           sizeof(ledger::Decision));
}
template <>
inline py::dtype make_record_dtype<ledger::Order>() {
  return make_record_dtype({{"ts_event_ns", "<i8", 16}, {"limit_px_ticks", "<i8", 24}, {"qty_lots", "<i8", 32},
                            {"symbol_id", "<u4", 40}, {"side", "u1", 44}, {"reason", "u1", 45}},
                           sizeof(ledger::Order));
}
template <>
inline py::dtype make_record_dtype<ledger::Fill>() {
  return make_record_dtype({{"ts_event_ns", "<i8", 16}, {"px_ticks", "<i8", 24}, {"qty_lots", "<i8", 32},
                            {"fee_nano", "<i8", 40}, {"symbol_id", "<u4", 48}, {"side", "u1", 52}},
                           sizeof(ledger::Fill));
}
template <>
inline py::dtype make_record_dtype<ledger::Mark>() {
  return make_record_dtype({{"ts_event_ns", "<i8", 0}, {"mid_half_ticks", "<i8", 8}, {"symbol_id", "<u4", 16}},
                           sizeof(ledger::Mark));
}

template <class Record>
const py::dtype& record_dtype() {
  PYBIND11_CONSTINIT static py::gil_safe_call_once_and_store<py::dtype> store;
  return store.call_once_and_store_result([] { return make_record_dtype<Record>(); }).get_stored();
}

/// A new array that holds a copy of the records.
template <class Record>
py::array records_array(std::span<const Record> records) {
  return py::array(record_dtype<Record>(), {static_cast<py::ssize_t>(records.size())}, {}, records.data());
}

/// The records of a NumPy array, without a copy; valid while the array lives. Throws ValueError naming what is wrong.
template <class Record>
std::span<const Record> records_of(const py::array& array, const std::string& name) {
  if (!array.dtype().equal(record_dtype<Record>())) {
    throw py::value_error(name + ": dtype must be " + py::str(record_dtype<Record>()).template cast<std::string>() +
                          ", was " + py::str(array.dtype()).template cast<std::string>());
  }
  if (array.ndim() != 1) throw py::value_error(name + " must have shape (n,)");
  if (array.shape(0) == 0) return {};
  if ((array.flags() & py::array::c_style) == 0 ||
      reinterpret_cast<std::uintptr_t>(array.data()) % alignof(Record) != 0) {
    throw py::value_error(name + " must be contiguous and aligned to 8 bytes");
  }
  return {static_cast<const Record*>(array.data()), static_cast<std::size_t>(array.shape(0))};
}

}  // namespace hft::bindings
