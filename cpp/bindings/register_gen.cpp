#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "event_array.hpp"
#include "hft/event/encoder.hpp"
#include "hft/gen/generator.hpp"
#include "hft/gen/stream.hpp"
#include "registrations.hpp"

namespace hft::bindings {
namespace {

gen::Generator make_generator(std::vector<event::Instrument> instruments, std::uint64_t seed, double seconds,
                              double rate_hz, double signal, std::int64_t book_levels, std::int64_t start_ns,
                              std::int64_t sessions) {
  gen::Config config{std::move(instruments)};
  config.seed = seed;
  config.seconds = seconds;
  config.rate_hz = rate_hz;
  config.signal_frac = signal;
  config.book_levels = book_levels;
  config.start_ns = start_ns;
  config.sessions = sessions;
  return gen::Generator{std::move(config)};
}

/// At most n events; a shorter array is the end.
py::array next_events(gen::Generator& self, std::size_t n) {
  std::span<event::Event> room;
  py::array events = new_events(n, &room);
  std::size_t n_made = 0;
  {
    py::gil_scoped_release unlocked;
    n_made = self.next(room);
  }
  return n_made == n ? events : events[py::slice(0, static_cast<py::ssize_t>(n_made), 1)].cast<py::array>();
}

/// All events that are left. The number is random, so room for the mean and six deviations is taken first, then more.
py::array remaining_events(gen::Generator& self) {
  const double mean = self.expected_events();
  auto n_room = static_cast<std::size_t>(mean + 12.0 * std::sqrt(mean) + 4096.0);
  std::size_t n_made = 0;
  std::span<event::Event> room;
  py::array events = new_events(n_room, &room);
  for (;;) {
    {
      py::gil_scoped_release unlocked;
      n_made += self.next(room.subspan(n_made));
    }
    if (n_made < room.size()) return events[py::slice(0, static_cast<py::ssize_t>(n_made), 1)].cast<py::array>();
    std::span<event::Event> larger;
    py::array grown = new_events(2 * n_made, &larger);
    std::copy(room.begin(), room.end(), larger.begin());
    room = larger;
    events = std::move(grown);
  }
}

py::dict write_to(gen::Generator& self, int fd, const std::string& format, double pace_hz,
                  const std::optional<py::function>& progress) {
  const event::Format parsed = event::parse_format(format);
  gen::StreamOptions options;
  options.pace_hz = pace_hz;
  options.on_tick = [&](std::uint64_t n_events) {
    const py::gil_scoped_acquire locked;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    if (progress) (*progress)(n_events);
  };
  gen::StreamResult result{};
  {
    py::gil_scoped_release unlocked;
    result = gen::write_stream(self, parsed, fd, options);
  }
  py::dict out;
  out["n_events"] = result.n_events;
  out["n_bytes"] = result.n_bytes;
  out["reader_left"] = result.reader_left;
  return out;
}

}  // namespace

void register_gen(py::module_& m) {
  const gen::Config defaults;
  m.doc() = "The seeded market generator.";
  py::class_<gen::Generator>(m, "Generator", "A seeded market as a stream of events. One thread at a time.")
      .def(py::init(&make_generator), py::arg("instruments"), py::kw_only(), py::arg("seed") = defaults.seed,
           py::arg("seconds") = defaults.seconds, py::arg("rate_hz") = defaults.rate_hz,
           py::arg("signal") = defaults.signal_frac, py::arg("book_levels") = defaults.book_levels,
           py::arg("start_ns") = defaults.start_ns, py::arg("sessions") = defaults.sessions)
      .def("next", &next_events, py::arg("n"), "The next n events; fewer only at the end.")
      .def("remaining", &remaining_events, "All events that are left.")
      .def("write", &write_to, py::arg("fd"), py::arg("format"), py::arg("pace_hz") = 0.0,
           py::arg("progress") = py::none(),
           "Write all events that are left to a file descriptor; a pipe whose reader left is an end, not an error.")
      .def_property_readonly("expected_events", &gen::Generator::expected_events);
  m.attr("MAX_BOOK_LEVELS") = gen::kMaxBookLevels;
}

}  // namespace hft::bindings
