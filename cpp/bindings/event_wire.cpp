#include "event_wire.hpp"

#include <pybind11/stl.h>

#include <cstring>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event_array.hpp"
#include "hft/event/message_encoder.hpp"
#include "hft/event/wire_decoder.hpp"

namespace hft::bindings {
namespace {

using Instruments = std::vector<event::Instrument>;

py::list encode_messages(const std::string& format, const py::array& array, const Instruments& instruments,
                         std::uint32_t schema_id) {
  event::MessageEncoder encoder{event::parse_format(format), instruments, schema_id};
  const auto events = events_of(array);
  std::vector<std::string> messages(events.size());
  {
    const py::gil_scoped_release unlocked;
    for (std::size_t i = 0; i < events.size(); ++i) {
      try {
        encoder.append(events[i], messages[i]);
      } catch (const std::invalid_argument& error) {
        throw std::invalid_argument("event " + std::to_string(i) + ": " + error.what());
      }
    }
  }
  py::list out;
  for (const std::string& message : messages) out.append(py::bytes(message));
  return out;
}

event::WireDecoder make_decoder(const std::string& format, const Instruments& instruments,
                                const std::vector<std::uint32_t>& global_ids,
                                const std::map<std::uint32_t, std::string>& schemas) {
  event::AvroSchemas list;
  for (const auto& [id, text] : schemas) list.push_back({id, text});
  return event::WireDecoder{event::parse_format(format), instruments, global_ids, list};
}

py::tuple decode(const event::WireDecoder& decoder, const std::vector<py::bytes>& messages) {
  std::vector<std::string_view> values;
  for (const py::bytes& message : messages) values.emplace_back(message);
  std::vector<event::Event> good;
  std::vector<std::int64_t> places;
  std::vector<std::pair<std::size_t, event::DecodeStatus>> bad;
  {
    const py::gil_scoped_release unlocked;
    for (std::size_t i = 0; i < values.size(); ++i) {
      event::Event event{};
      const auto status = decoder.decode(std::as_bytes(std::span{values[i]}), event);
      if (status != event::DecodeStatus::kOk) {
        bad.emplace_back(i, status);
        continue;
      }
      good.push_back(event);
      places.push_back(static_cast<std::int64_t>(i));
    }
  }
  std::span<event::Event> out;
  py::array events = new_events(good.size(), &out);
  if (!good.empty()) std::memcpy(out.data(), good.data(), out.size_bytes());
  py::list refused;
  for (const auto& [i, status] : bad) {
    const std::string_view text = event::to_string(status);
    refused.append(py::make_tuple(i, py::str(text.data(), text.size())));
  }
  return py::make_tuple(events, py::array_t<std::int64_t>(static_cast<py::ssize_t>(places.size()), places.data()),
                        refused);
}

}  // namespace

void register_event_wire(py::module_& m) {
  m.def("encode_messages", &encode_messages, py::arg("format"), py::arg("events"), py::arg("instruments"),
        py::arg("schema_id") = 1U,
        "The value of one message per event: a packed record, a JSON object, or an Avro record behind Confluent's "
        "header with that schema id.");
  py::class_<event::WireDecoder>(m, "WireDecoder", "Messages of one shard to events. Threads may share one.")
      .def(py::init(&make_decoder), py::arg("format"), py::arg("instruments"), py::arg("global_ids"),
           py::arg("schemas") = std::map<std::uint32_t, std::string>{},
           "`global_ids`: the packed symbol_id of each instrument. `schemas`: by id, the Avro schemas of the writers.")
      .def("decode", &decode, py::arg("messages"),
           "(events, the place of each among the messages, [(place, reason)] of those that are no event).");
}

}  // namespace hft::bindings
