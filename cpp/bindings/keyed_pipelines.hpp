#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hft/event/event.hpp"
#include "hft/event/instrument.hpp"
#include "hft/feature/pipeline.hpp"
#include "hft/feature/spec.hpp"

namespace hft::bindings {

/// Why a row cannot be taken in. The caller knows the row's cells, so it makes the sentence.
enum class Refusal : std::uint8_t {
  kUnknownSymbol = 1,
  kUnsorted = 2,   // the order falls within a symbol
  kTwice = 3,      // two events of a symbol have the same order
  kOutOfOrder = 4, // ts_event_ns falls within a symbol
  kNull = 5,       // a cell that this kind of event needs is kNullCell
  kBadKind = 6,
};

/// Columns of events, as Arrow holds them: no row objects, no copies. All spans are `n` long, offsets n + 1.
struct EventColumns {
  static constexpr std::int64_t kNullCell = INT64_MIN;

  std::span<const std::int32_t> symbol_offsets;
  std::string_view symbol_bytes;
  std::span<const std::int64_t> ts_event_ns;
  std::span<const std::int32_t> codes;                   // kind | side << 8 | flags << 16
  std::array<std::span<const std::int64_t>, 4> payload;  // as Event's union: bid, its size, ask, its size; or px, qty
  std::vector<std::span<const std::int64_t>> order;      // ascends within a symbol, first column first

  [[nodiscard]] std::size_t size() const noexcept { return ts_event_ns.size(); }
  [[nodiscard]] std::string_view symbol(std::size_t i) const noexcept {
    const auto begin = static_cast<std::size_t>(symbol_offsets[i]);
    return symbol_bytes.substr(begin, static_cast<std::size_t>(symbol_offsets[i + 1]) - begin);
  }
};

/// One pipeline per symbol, made when the symbol is first seen: the fold behind Spark's features.
///
/// A symbol's snapshot is that of a pipeline with this one instrument, so FeaturePipeline.restore reads it.
class KeyedPipelines {
 public:
  struct Result {
    std::size_t n_rows = 0;
    std::optional<Refusal> refusal;
    std::size_t refused_row = 0;
  };

  /// Stateless: every event meets a new pipeline, in any order. The caller makes sure that the spec allows it.
  /// Throws std::invalid_argument for a spec that breaks a rule, or reads one symbol's values in another.
  KeyedPipelines(feature::Spec spec, std::vector<event::Instrument> instruments, bool stateless);

  /// Takes the rows in, in order; stops at the first that cannot be. Writes column f's values to columns[f * stride ..]
  /// and the index of each value's event to `index`.
  Result transform(const EventColumns& in, double* columns, std::size_t stride, std::int64_t* index);

  [[nodiscard]] std::size_t n_features() const noexcept { return n_features_; }
  [[nodiscard]] feature::Counters counters() const noexcept;
  /// Throws std::invalid_argument if the symbol is unknown or was seen already, or the bytes are not its state.
  void restore(std::string_view symbol, std::span<const std::byte> blob);
  /// Visits (symbol, pipeline) of every symbol seen, in the order of the instruments.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto& key : keys_) {
      if (key.pipeline) visit(key.instrument.symbol, *key.pipeline);
    }
  }

 private:
  struct Key {
    event::Instrument instrument;
    std::optional<feature::Pipeline> pipeline;
    std::vector<std::int64_t> last_order;  // empty: no event yet
  };

  [[nodiscard]] Key* find(std::string_view symbol);
  [[nodiscard]] static std::optional<Refusal> order_refusal(Key& key, const EventColumns& in, std::size_t i);

  feature::Spec spec_;
  std::vector<Key> keys_;
  std::unordered_map<std::string_view, std::size_t> by_symbol_;  // views into keys_, which never grows
  std::size_t n_features_ = 0;
  bool stateless_;
};

}  // namespace hft::bindings
