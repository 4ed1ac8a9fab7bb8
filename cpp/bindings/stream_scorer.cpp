#include "stream_scorer.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <pybind11/typing.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hft/base/crc32c.hpp"
#include "hft/engine/keyed_scorer.hpp"
#include "hft/model/forest_model.hpp"
#include "one_thread.hpp"

namespace hft::bindings {
namespace {

namespace py = pybind11;

using engine::ScoredRow;
using model::ForestModel;
using Scorer = engine::KeyedScorer<ForestModel>;
using Places = py::array_t<std::int32_t, py::array::c_style>;
using Offsets = py::array_t<std::int64_t, py::array::c_style>;
using Bytes = py::array_t<std::uint8_t, py::array::c_style>;

/// A column of byte strings as Arrow holds it: n + 1 ascending places in the bytes.
class BinaryColumn {
 public:
  BinaryColumn(const Places& places, const Bytes& bytes, const char* name)
      : places_{places.data(), static_cast<std::size_t>(places.size())},
        bytes_{reinterpret_cast<const std::byte*>(bytes.data()), static_cast<std::size_t>(bytes.size())} {
    if (places.ndim() != 1 || places_.empty() || bytes.ndim() != 1) {
      throw py::value_error(std::string{name} + ": places must have shape (n + 1,), bytes (m,)");
    }
    std::int32_t last = 0;
    for (const std::int32_t place : places_) {
      if (place < last || static_cast<std::size_t>(place) > bytes_.size()) {
        throw py::value_error(std::string{name} + ": places must ascend and stay within the bytes");
      }
      last = place;
    }
  }
  [[nodiscard]] std::size_t size() const noexcept { return places_.size() - 1; }
  [[nodiscard]] std::span<const std::byte> operator[](std::size_t i) const noexcept {
    const auto begin = static_cast<std::size_t>(places_[i]);
    return bytes_.subspan(begin, static_cast<std::size_t>(places_[i + 1]) - begin);
  }

 private:
  std::span<const std::int32_t> places_;
  std::span<const std::byte> bytes_;
};

/// A scorer and the model that it refers to.
struct StreamScorer {
  std::shared_ptr<const ForestModel> model;
  std::unique_ptr<Scorer> scorer;
  engine::ScoredRows rows;  // of the last call: its room is used again
};
using SharedScorer = OneThread<StreamScorer>;

event::WireDecoder make_decoder(const std::string& format, std::span<const event::Instrument> instruments,
                                std::span<const std::uint32_t> table_ids,
                                const std::map<std::uint32_t, std::string>& schemas) {
  event::AvroSchemas list;
  for (const auto& [id, text] : schemas) list.push_back({id, text});
  if (format == "avro_bare") return event::WireDecoder{event::BareAvroDecoder{instruments, list}};
  return event::WireDecoder{event::parse_format(format), instruments, table_ids, list};
}

std::unique_ptr<SharedScorer> make_scorer(
    const feature::Spec& spec, const std::vector<event::Instrument>& instruments,
    const std::vector<std::uint32_t>& table_ids, const std::vector<std::uint32_t>& home_partitions, bool by_symbol,
    bool numbered, const decision::ThresholdParams& strategy, const risk::Limits& limits, const execution::Fees& fees,
    std::uint32_t config_epoch, std::shared_ptr<ForestModel> model, const std::string& format,
    const std::map<std::uint32_t, std::string>& schemas, engine::ScorerIdentity identity) {
  if (model == nullptr) throw py::type_error("model must not be None");
  auto scorer = std::make_unique<Scorer>(
      Scorer::Parts{spec, instruments, table_ids, home_partitions, by_symbol, numbered,
                    engine::EngineConfig{config_epoch, strategy, limits, fees},
                    make_decoder(format, instruments, table_ids, schemas), std::move(identity)},
      *model);
  return std::make_unique<SharedScorer>(StreamScorer{std::move(model), std::move(scorer), {}});
}

py::dtype row_dtype() {
  py::list names, formats, places;
  const auto add = [&](const char* name, const char* format, std::size_t place) {
    names.append(name), formats.append(format), places.append(place);
  };
  add("source_seq", "<u8", offsetof(ScoredRow, source_seq));
  add("ts_event_ns", "<i8", offsetof(ScoredRow, ts_event_ns));
  add("qty_lots", "<i8", offsetof(ScoredRow, qty_lots)), add("px_ticks", "<i8", offsetof(ScoredRow, px_ticks));
  add("fee_nano", "<i8", offsetof(ScoredRow, fee_nano)), add("up_frac", "<f8", offsetof(ScoredRow, up_frac));
  add("down_frac", "<f8", offsetof(ScoredRow, down_frac)), add("ordinal", "<u4", offsetof(ScoredRow, ordinal));
  add("symbol_id", "<u4", offsetof(ScoredRow, symbol_id)), add("message", "<u4", offsetof(ScoredRow, message));
  add("kind", "u1", offsetof(ScoredRow, kind)), add("side", "u1", offsetof(ScoredRow, side));
  add("reason", "u1", offsetof(ScoredRow, reason)), add("refusal", "u1", offsetof(ScoredRow, refusal));
  return py::dtype(names, formats, places, sizeof(ScoredRow));
}

using Counts = std::map<std::string, std::uint64_t>;

Counts stream_counts(const engine::StreamCounters& c) {
  return {{"messages", c.messages},   {"redelivered", c.redelivered}, {"dead_letters", c.dead_letters},
          {"duplicates", c.duplicates}, {"late", c.late},             {"resets", c.resets},
          {"keys", c.keys}};
}

py::tuple take(SharedScorer& self, const Places& value_places, const Bytes& value_bytes, const Places& key_places,
               const Bytes& key_bytes, const Places& partitions, const Offsets& offsets) {
  const BinaryColumn values{value_places, value_bytes, "values"};
  const BinaryColumn keys{key_places, key_bytes, "keys"};
  const std::size_t n = values.size();
  if (keys.size() != n || static_cast<std::size_t>(partitions.size()) != n ||
      static_cast<std::size_t>(offsets.size()) != n) {
    throw py::value_error("values, keys, partitions and offsets must have the same length");
  }
  const std::int32_t* const partition = partitions.data();
  const std::int64_t* const offset = offsets.data();
  const auto taken = self.without_gil([&](StreamScorer& s) {
    std::vector<engine::StreamMessage> messages(n);
    for (std::size_t i = 0; i < n; ++i) {
      // A negative number becomes one that is too large, and is refused as that.
      messages[i] = {keys[i], values[i], static_cast<std::uint64_t>(offset[i]),
                     static_cast<std::uint32_t>(partition[i])};
    }
    s.rows.clear();
    return s.scorer->take(messages, s.rows);
  });
  const engine::ScoredRows& rows = self.get().rows;
  const auto n_rows = static_cast<py::ssize_t>(rows.rows().size());
  return py::make_tuple(py::array(row_dtype(), {n_rows}, {}, rows.rows().data()),
                        py::array_t<std::uint64_t>(n_rows, rows.ends().data()),
                        py::bytes(reinterpret_cast<const char*>(rows.bytes().data()), rows.bytes().size()),
                        stream_counts(taken.stream), engine::to_json(taken.engines));
}

py::bytes snapshot(const SharedScorer& self) {
  const auto blob = self.get().scorer->snapshot();
  return {reinterpret_cast<const char*>(blob.data()), blob.size()};
}

void restore(SharedScorer& self, const py::bytes& blob) {
  const std::string_view bytes{blob};
  self.without_gil([&](StreamScorer& s) { s.scorer->restore(std::as_bytes(std::span{bytes})); });
}

/// Which bucket each key belongs to: its CRC-32C, so that every host and every run says the same.
py::array_t<std::int32_t> key_buckets(const Places& key_places, const Bytes& key_bytes, std::int32_t n_buckets) {
  if (n_buckets < 1) throw py::value_error("n_buckets must be >= 1, was " + std::to_string(n_buckets));
  const BinaryColumn keys{key_places, key_bytes, "keys"};
  py::array_t<std::int32_t> out(static_cast<py::ssize_t>(keys.size()));
  std::int32_t* const bucket = out.mutable_data();
  const py::gil_scoped_release unlocked;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    bucket[i] = static_cast<std::int32_t>(base::crc32c(keys[i]) % static_cast<std::uint32_t>(n_buckets));
  }
  return out;
}

}  // namespace

void register_stream_scorer(py::module_& m) {
  py::class_<SharedScorer>(m, "StreamScorer", "The engines of a stream's keys; hftcore.spark.stream makes it.")
      .def(py::init(&make_scorer), py::kw_only(), py::arg("spec"), py::arg("instruments"), py::arg("table_ids"),
           py::arg("home_partitions"), py::arg("by_symbol"), py::arg("numbered"), py::arg("strategy"),
           py::arg("limits"), py::arg("fees"), py::arg("config_epoch"), py::arg("model"), py::arg("format"),
           py::arg("schemas"), py::arg("identity"))
      .def("take", &take, py::arg("value_places").noconvert(), py::arg("value_bytes").noconvert(),
           py::arg("key_places").noconvert(), py::arg("key_bytes").noconvert(), py::arg("partitions").noconvert(),
           py::arg("offsets").noconvert(),
           "(rows, where the bytes of each end, the bytes, counts of the stream, counts of the engines as JSON). "
           "Without the GIL.")
      .def("come_from", [](SharedScorer& self, const std::string& topic) { self.get().scorer->come_from(topic); },
           py::arg("topic"), "Raises ValueError where it is another topic than before.")
      .def("snapshot", &snapshot, "All keys as one blob: versioned, with a checksum and what it belongs to.")
      .def("restore", &restore, py::arg("blob"), "Raises ValueError naming the difference; then nothing has changed.")
      .def("reset", [](SharedScorer& self) { self.get().scorer->reset(); }, "As it was made.");
  m.def("key_buckets", &key_buckets, py::arg("key_places").noconvert(), py::arg("key_bytes").noconvert(),
        py::arg("n_buckets"), "The bucket of each key: CRC-32C modulo their number, the same on every host.");
  py::list reasons;
  for (std::uint8_t i = 0; i < engine::kDeadLetterReasons; ++i) {
    reasons.append(std::string{engine::dead_letter_reason(i)});
  }
  m.attr("DEAD_LETTER_REASONS") = py::tuple(reasons);
}

}  // namespace hft::bindings
