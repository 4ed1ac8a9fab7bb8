#include "event_codecs.hpp"

#include <pybind11/stl.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "event_array.hpp"
#include "hft/event/encoder.hpp"
#include "hft/event/fd_writer.hpp"
#include "hft/event/packed.hpp"

namespace hft::bindings {
namespace {

using Instruments = std::vector<event::Instrument>;

std::string encode(const py::array& array, const Instruments& instruments, const std::string& format) {
  const auto encoder = event::make_encoder(event::parse_format(format), instruments);
  const auto events = events_of(array);
  std::string bytes;
  const py::gil_scoped_release unlocked;
  encoder->begin(bytes);
  encoder->append(events, bytes);
  encoder->end(bytes);
  return bytes;
}

/// In pieces, so that memory stays bounded. The file gets its name only when it is whole.
void write_events(const std::string& path, const py::array& array, const Instruments& instruments,
                  const std::string& format) {
  constexpr std::size_t kPieceEvents = 4096;
  const auto encoder = event::make_encoder(event::parse_format(format), instruments);
  const auto events = events_of(array);
  const py::gil_scoped_release unlocked;
  event::write_file(path, [&](int fd) {
    event::FdWriter writer{fd};
    std::string bytes;
    const auto flush = [&] {
      if (!writer.write(bytes)) throw std::system_error(EPIPE, std::generic_category(), path);
      bytes.clear();
    };
    encoder->begin(bytes);
    for (auto rest = events; !rest.empty(); rest = rest.subspan(std::min(kPieceEvents, rest.size()))) {
      encoder->append(rest.first(std::min(kPieceEvents, rest.size())), bytes);
      flush();
    }
    encoder->end(bytes);
    flush();
  });
}

py::tuple read_packed(const std::string& path) {
  const event::PackedFile file{path};
  std::span<event::Event> events;
  py::array array = new_events(file.n_events(), &events);
  {
    py::gil_scoped_release unlocked;
    file.read(events);
  }
  return py::make_tuple(array, file.instruments());
}

/// Files that cannot be opened, read or written are OSError with errno, as in Python's own open().
void translate_system_error(std::exception_ptr pointer) {
  try {
    if (pointer) std::rethrow_exception(pointer);
  } catch (const std::system_error& error) {
    if (error.code().category() != std::generic_category()) throw;
    const py::object raised = py::handle(PyExc_OSError)(error.code().value(), error.what());
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(raised.ptr())), raised.ptr());
  }
}

}  // namespace

void register_event_codecs(py::module_& m) {
  py::register_local_exception_translator(&translate_system_error);
  m.def(
      "encode",
      [](const py::array& events, const Instruments& instruments, const std::string& format) {
        return py::bytes(encode(events, instruments, format));
      },
      py::arg("events"), py::arg("instruments"), py::arg("format"),
      "Events as bytes: \"packed\", \"json\" (lines) or \"avro\" (object container).");
  m.def("write_events", &write_events, py::arg("path"), py::arg("events"), py::arg("instruments"), py::arg("format"),
        "Write what encode() returns to a file that appears under its name only when it is whole.");
  m.def(
      "write_packed",
      [](const std::string& path, const py::array& events, const Instruments& instruments) {
        write_events(path, events, instruments, "packed");
      },
      py::arg("path"), py::arg("events"), py::arg("instruments"), "write_events with the format packed.");
  m.def("read_packed", &read_packed, py::arg("path"),
        "(events, instruments) of a packed file. ValueError says how a torn or altered file differs from a whole one.");
}

}  // namespace hft::bindings
