#include "avro_program.hpp"

#include <limits>

namespace hft::event {
namespace {

DecodeStatus fault_of_long(const AvroCursor& cursor) noexcept {
  return cursor.ends_inside_long() ? DecodeStatus::kTruncated : DecodeStatus::kBadSyntax;
}

}  // namespace

DecodeStatus AvroProgram::run(AvroCursor& cursor, const TextIndex& symbols, WireFields& fields) const noexcept {
  return run(steps_.back(), cursor, symbols, fields);
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the compiler let the schema be
DecodeStatus AvroProgram::run(const Step& step, AvroCursor& cursor, const TextIndex& symbols,
                              WireFields& fields) const noexcept {
  const auto keep = [&](std::int64_t value) {
    if (step.field != kSkipped) fields.set(static_cast<Field>(step.field), value);
    return DecodeStatus::kOk;
  };
  std::int64_t value = 0;
  switch (step.op) {
    case Op::kNothing: return DecodeStatus::kOk;
    case Op::kRefuse: return DecodeStatus::kBadValue;
    case Op::kBool: {
      std::uint8_t byte = 0;
      if (!cursor.read_byte(byte)) return DecodeStatus::kTruncated;
      return byte <= 1 ? DecodeStatus::kOk : DecodeStatus::kBadSyntax;
    }
    case Op::kInt:
    case Op::kLong:
      if (!cursor.read_long(value)) return fault_of_long(cursor);
      if (step.op == Op::kInt && value != static_cast<std::int32_t>(value)) return DecodeStatus::kBadValue;
      return keep(value);
    case Op::kBytes: {
      if (!cursor.read_long(value)) return fault_of_long(cursor);
      if (value < 0) return DecodeStatus::kBadSyntax;
      std::string_view text;
      if (!cursor.read_bytes(static_cast<std::uint64_t>(value), text)) return DecodeStatus::kTruncated;
      if (step.field == kSkipped) return DecodeStatus::kOk;
      const std::uint32_t id = symbols.find(text);
      return keep(id == TextIndex::kNone ? kNoSuchName : id);
    }
    case Op::kFixed: return cursor.skip(step.n) ? DecodeStatus::kOk : DecodeStatus::kTruncated;
    case Op::kEnum:
    case Op::kUnion: {
      if (!cursor.read_long(value)) return fault_of_long(cursor);
      const auto place = static_cast<std::uint64_t>(value);
      if (place >= step.n) return DecodeStatus::kBadSyntax;
      if (step.op == Op::kEnum) return keep(values_[step.first + place]);
      return run(linked(step, place), cursor, symbols, fields);
    }
    case Op::kRecord:
      for (std::uint64_t i = 0; i < step.n; ++i) {
        const DecodeStatus status = run(linked(step, i), cursor, symbols, fields);
        if (status != DecodeStatus::kOk) return status;
      }
      return DecodeStatus::kOk;
    case Op::kBlocks: return run_blocks(linked(step, 0), cursor, symbols, fields);
  }
  return DecodeStatus::kBadSyntax;
}

/// Blocks of items until one of none; a negative count is followed by the block's bytes.
// NOLINTNEXTLINE(misc-no-recursion)
DecodeStatus AvroProgram::run_blocks(const Step& item, AvroCursor& cursor, const TextIndex& symbols,
                                     WireFields& fields) const noexcept {
  for (;;) {
    std::int64_t count = 0;
    if (!cursor.read_long(count)) return fault_of_long(cursor);
    if (count == 0) return DecodeStatus::kOk;
    if (count < 0) {
      std::int64_t n_bytes = 0;
      if (count == std::numeric_limits<std::int64_t>::min()) return DecodeStatus::kBadSyntax;
      if (!cursor.read_long(n_bytes)) return fault_of_long(cursor);
      if (n_bytes < 0) return DecodeStatus::kBadSyntax;
      count = -count;
    }
    if (item.op == Op::kNothing) continue;  // any number of nothings is no work
    if (static_cast<std::uint64_t>(count) > cursor.left()) return DecodeStatus::kTruncated;  // a byte each, at least
    for (std::int64_t i = 0; i < count; ++i) {
      const DecodeStatus status = run(item, cursor, symbols, fields);
      if (status != DecodeStatus::kOk) return status;
    }
  }
}

}  // namespace hft::event
