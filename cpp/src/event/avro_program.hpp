#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "avro_cursor.hpp"
#include "hft/event/decode.hpp"
#include "hft/event/text_index.hpp"
#include "hft/event/wire_fields.hpp"

namespace hft::event {

/// What a record of one writer's schema looks like, resolved with ours: a tree of steps in one vector, the root last.
///
/// Recursive types are refused, so the steps of a message are bounded by its bytes and the tree.
class AvroProgram {
 public:
  enum class Op : std::uint8_t {
    kNothing,  // null, and what is made of nothing else
    kBool,
    kInt,
    kLong,
    kBytes,   // a length and that many bytes: text, too
    kFixed,   // n bytes
    kEnum,    // its n names are ours at values[first...]
    kUnion,   // which of its n branches, at links[first...]
    kRecord,  // its n fields, at links[first...]
    kBlocks,  // of array or map: its item is links[first]
    kRefuse,  // a branch that our field cannot hold
  };
  static constexpr std::uint8_t kSkipped = 0xFF;

  struct Step {
    Op op = Op::kNothing;
    std::uint8_t field = kSkipped;  // whose value it is
    std::uint32_t first = 0;
    std::uint64_t n = 0;
    friend bool operator==(const Step&, const Step&) = default;
  };

  /// Cold path: throws std::invalid_argument saying where the schema is none or cannot be resolved with ours.
  explicit AvroProgram(std::string_view schema_json);

  /// Takes one record apart; `fields` gets what was found of ours.
  [[nodiscard]] DecodeStatus run(AvroCursor& cursor, const TextIndex& symbols, WireFields& fields) const noexcept;

  friend bool operator==(const AvroProgram&, const AvroProgram&) = default;

 private:
  friend class AvroCompiler;

  DecodeStatus run(const Step& step, AvroCursor& cursor, const TextIndex& symbols, WireFields& fields) const noexcept;
  DecodeStatus run_blocks(const Step& item, AvroCursor& cursor, const TextIndex& symbols,
                          WireFields& fields) const noexcept;
  [[nodiscard]] const Step& linked(const Step& step, std::uint64_t i) const noexcept {
    return steps_[links_[step.first + i]];
  }

  std::vector<Step> steps_;
  std::vector<std::uint32_t> links_;
  std::vector<std::int64_t> values_;
};

}  // namespace hft::event
