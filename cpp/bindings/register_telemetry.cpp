#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hft/base/fault.hpp"
#include "hft/telemetry/page.hpp"
#include "hft/telemetry/page_reader.hpp"
#include "one_thread.hpp"
#include "registrations.hpp"

namespace py = pybind11;

namespace hft::bindings {
namespace {

using telemetry::LatencyHistogram;
using telemetry::Page;
using telemetry::PageCopy;

constexpr std::array<const char*, 3> kWriterStates{"alive", "silent", "gone"};

py::dict to_python(const LatencyHistogram& histogram) {
  py::dict out;
  out["count"] = histogram.count();
  out["mean_ns"] = histogram.mean_ns();
  out["min_ns"] = histogram.min_ns();
  out["p50_ns"] = histogram.percentile_ns(0.5);
  out["p90_ns"] = histogram.percentile_ns(0.9);
  out["p99_ns"] = histogram.percentile_ns(0.99);
  out["p99_9_ns"] = histogram.percentile_ns(0.999);
  out["max_ns"] = histogram.max_ns();
  return out;
}
py::object to_python(std::uint64_t value) { return py::int_(value); }
py::object to_python(std::int64_t value) { return py::int_(value); }

/// {group: {name: value}} in the order of the page.
template <class Values>
py::dict by_group(const Values& values) {
  py::dict out;
  for (const auto& entry : values) {
    const py::str group{entry.group};
    if (!out.contains(group)) out[group] = py::dict();
    out[group][py::str(entry.name)] = to_python(entry.value);
  }
  return out;
}

py::dict to_python(const PageCopy& copy) {
  py::dict texts;
  for (const auto& text : copy.texts) {
    texts[py::str(text.name)] = py::reinterpret_steal<py::str>(
        PyUnicode_DecodeUTF8(text.value.data(), static_cast<py::ssize_t>(text.value.size()), "replace"));
  }
  py::dict out;
  out["name"] = copy.name;
  out["writer"] = copy.writer;
  out["pid"] = copy.pid;
  out["start_unix_ns"] = copy.start_unix_ns;
  out["beat_age_ns"] = copy.beat_age_ns;
  out["writer_state"] = kWriterStates[static_cast<std::size_t>(copy.state)];
  out["texts"] = texts;
  out["counters"] = by_group(copy.counters);
  out["gauges"] = by_group(copy.gauges);
  out["histograms"] = by_group(copy.histograms);
  return out;
}

py::dict read_page(const std::filesystem::path& path) { return to_python(telemetry::PageReader{path}.read()); }

/// A reader that remembers its last look.
struct Watch {
  explicit Watch(std::filesystem::path path) : reader{std::move(path)} {}
  telemetry::PageReader reader;
  std::optional<PageCopy> last;
};

py::dict read_interval(OneThread<Watch>& self) {
  Watch& watch = self.get();
  PageCopy now = watch.reader.read();
  py::dict out = to_python(now);
  if (watch.last) {
    const PageCopy delta = telemetry::between(*watch.last, now);
    py::dict interval;
    interval["duration_ns"] = now.read_monotonic_ns - watch.last->read_monotonic_ns;
    interval["counters"] = by_group(delta.counters);
    interval["histograms"] = by_group(delta.histograms);
    out["interval"] = interval;
  } else {
    out["interval"] = py::none();
  }
  watch.last = std::move(now);
  return out;
}

/// Groups in the order of the dict, which is the order in which they are shown.
std::vector<telemetry::Group> groups_of(const py::dict& groups) {
  std::vector<telemetry::Group> out;
  for (const auto& [name, names] : groups) {
    out.push_back({py::cast<std::string>(name), py::cast<std::vector<std::string>>(names)});
  }
  return out;
}

OneThread<std::optional<Page>> make_page(const std::filesystem::path& path, std::string name, std::string writer,
                                         const py::dict& counters, const py::dict& gauges, const py::dict& histograms,
                                         std::vector<std::string> texts) {
  return OneThread<std::optional<Page>>{
      Page::create(path, {std::move(name), std::move(writer), groups_of(counters), groups_of(gauges),
                          groups_of(histograms), std::move(texts)})};
}

Page& open_page(OneThread<std::optional<Page>>& self) {
  std::optional<Page>& page = self.get();
  if (!page) throw std::runtime_error("the page is closed");
  return *page;
}

void record(OneThread<std::optional<Page>>& self, const std::string& group, const std::string& name,
            const py::array_t<std::int64_t, py::array::c_style>& values_ns) {
  LatencyHistogram& histogram = open_page(self).histogram(group, name);
  for (const std::int64_t value_ns : std::span{values_ns.data(), static_cast<std::size_t>(values_ns.size())}) {
    histogram.record(value_ns);
  }
}

}  // namespace

void register_telemetry(py::module_& m) {
  m.doc() = "Telemetry pages: a daemon's counters and latency histograms in shared memory.";
  py::register_exception<telemetry::PageError>(m, "PageError", PyExc_RuntimeError);
  py::tuple points(base::kFaultPointNames.size() - 1);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::string_view name = base::kFaultPointNames[i + 1];
    points[i] = py::str(name.data(), name.size());
  }
  m.attr("FAULT_POINTS") = points;
  m.attr("SILENT_NS") = telemetry::kSilentNs;

  m.def("read_page", &read_page, py::arg("path"),
        "One look at a page: identity, counters, gauges, texts, and count and percentiles of each histogram since its "
        "writer began. Raises PageError naming what is wrong.");
  py::class_<OneThread<Watch>>(m, "PageReader", "Looks at one page again and again. One thread at a time.")
      .def(py::init([](std::filesystem::path path) { return OneThread<Watch>{Watch{std::move(path)}}; }),
           py::arg("path"))
      .def("read", &read_interval,
           "As read_page, and under 'interval' what happened since this reader's last look (None at its first).");

  using Writer = OneThread<std::optional<Page>>;
  py::class_<Writer>(m, "PageWriter", "Writes a page of its own. One thread at a time.")
      .def(py::init(&make_page), py::arg("path"), py::kw_only(), py::arg("name"), py::arg("writer"),
           py::arg("counters") = py::dict(), py::arg("gauges") = py::dict(), py::arg("histograms") = py::dict(),
           py::arg("texts") = std::vector<std::string>{})
      .def("add", [](Writer& self, const std::string& group, const std::string& name,
                     std::uint64_t n) { open_page(self).counter(group, name).add(n); },
           py::arg("group"), py::arg("name"), py::arg("n"), "Add to a counter.")
      .def("set_gauge", [](Writer& self, const std::string& group, const std::string& name,
                           std::int64_t n) { open_page(self).gauge(group, name).set(n); },
           py::arg("group"), py::arg("name"), py::arg("n"), "Set a gauge.")
      .def("set_text", [](Writer& self, const std::string& name,
                          const std::string& text) { open_page(self).text(name).set(text); },
           py::arg("name"), py::arg("text"), "Set a text.")
      .def("record", &record, py::arg("group"), py::arg("name"), py::arg("values_ns").noconvert(),
           "Record durations, an int64 array, in a histogram.")
      .def("beat", [](Writer& self) { open_page(self).beat(); }, "Say that the writer lives.")
      .def("close", [](Writer& self) { self.get().reset(); }, "Give the page up; its file stays.");
}

}  // namespace hft::bindings
