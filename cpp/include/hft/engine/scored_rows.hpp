#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <span>
#include <string_view>
#include <vector>

#include "hft/event/decode.hpp"
#include "hft/ledger/frame.hpp"

namespace hft::engine {

/// Why a message of a stream is a dead letter: a DecodeStatus, or one of these.
enum class Misplaced : std::uint8_t {
  kOtherKey = event::kDecodeStatuses,  // the message's key is not its symbol
  kOtherPartition,                     // not the partition that its key belongs to
};
inline constexpr std::size_t kDeadLetterReasons = event::kDecodeStatuses + 2;

[[nodiscard]] constexpr std::string_view dead_letter_reason(std::uint8_t code) noexcept {
  if (code == static_cast<std::uint8_t>(Misplaced::kOtherKey)) return "key is not the symbol";
  if (code == static_cast<std::uint8_t>(Misplaced::kOtherPartition)) return "not in its key's partition";
  return event::to_string(static_cast<event::DecodeStatus>(code));
}

/// One record of an engine, or one message that is no event. What a kind has not is 0; no score is NaN.
struct ScoredRow {
  static constexpr std::uint8_t kDeadLetter = 0;  // as `kind`, which else is a ledger::FrameKind

  std::uint64_t source_seq = 0;
  std::int64_t ts_event_ns = 0;
  std::int64_t qty_lots = 0;
  std::int64_t px_ticks = 0;  // the limit; of a fill its price
  std::int64_t fee_nano = 0;
  double up_frac = std::numeric_limits<double>::quiet_NaN();
  double down_frac = std::numeric_limits<double>::quiet_NaN();
  std::uint32_t ordinal = 0;
  std::uint32_t symbol_id = 0;  // as in the frame; not of a dead letter
  std::uint32_t message = 0;    // which message of the call caused it
  std::uint8_t kind = kDeadLetter;
  std::uint8_t side = 0;
  std::uint8_t reason = 0;      // ledger::Reason; of a dead letter what dead_letter_reason() knows
  std::uint8_t refusal = 0;
};
static_assert(sizeof(ScoredRow) == 72);

/// What one call made of its messages, in the engine's order: rows, and their bytes one after the other.
class ScoredRows {
 public:
  /// A record as the journal's frame, of an instrument that the whole table knows as `symbol_id`.
  void add(ledger::JournalRecord record, std::uint32_t symbol_id, std::uint32_t message) {
    ScoredRow row;
    row.symbol_id = symbol_id;
    row.message = message;
    row.kind = static_cast<std::uint8_t>(record.kind);
    switch (record.kind) {
      case ledger::FrameKind::kDecision: {
        ledger::Decision& d = record.decision;
        row.px_ticks = d.limit_px_ticks, row.reason = static_cast<std::uint8_t>(d.reason);
        row.refusal = static_cast<std::uint8_t>(d.refusal), row.up_frac = d.up_frac, row.down_frac = d.down_frac;
        common(d, row);
        break;
      }
      case ledger::FrameKind::kOrder: {
        ledger::Order& o = record.order;
        row.px_ticks = o.limit_px_ticks, row.reason = static_cast<std::uint8_t>(o.reason);
        common(o, row);
        break;
      }
      case ledger::FrameKind::kFill: {
        ledger::Fill& f = record.fill;
        row.px_ticks = f.px_ticks, row.fee_nano = f.fee_nano;
        common(f, row);
        break;
      }
      default: return;  // marks stand at the end of a tape, and a stream has none
    }
    const std::size_t at = bytes_.size();
    bytes_.resize(at + ledger::frame_bytes(record.payload().size()));
    ledger::encode_frame(record.kind, record.payload(), bytes_.data() + at);
    close(row);
  }

  void add_dead_letter(std::uint8_t reason, std::uint64_t source_seq, std::span<const std::byte> value,
                       std::uint32_t message) {
    ScoredRow row;
    row.source_seq = source_seq;
    row.message = message;
    row.reason = reason;
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    close(row);
  }

  void clear() noexcept { rows_.clear(), ends_.clear(), bytes_.clear(); }
  [[nodiscard]] std::span<const ScoredRow> rows() const noexcept { return rows_; }
  /// By row: where its bytes end. The first begins at 0.
  [[nodiscard]] std::span<const std::uint64_t> ends() const noexcept { return ends_; }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  template <class Record>
  static void common(Record& record, ScoredRow& row) noexcept {
    record.symbol_id = row.symbol_id;
    row.source_seq = record.id.source_seq, row.ordinal = record.id.ordinal;
    row.ts_event_ns = record.ts_event_ns, row.qty_lots = record.qty_lots;
    row.side = static_cast<std::uint8_t>(record.side);
  }
  void close(const ScoredRow& row) {
    rows_.push_back(row);
    ends_.push_back(bytes_.size());
  }

  std::vector<ScoredRow> rows_;
  std::vector<std::uint64_t> ends_;
  std::vector<std::byte> bytes_;
};

/// Where a key's engine puts its records while a call is under way.
struct RowSink {
  ScoredRows* rows = nullptr;
  std::uint32_t message = 0;
  bool lost = false;  // memory ran out: the call fails as a whole
  /// By the engine's symbol ids: those of the whole table. Empty: they are the same.
  std::span<const std::uint32_t> table_ids;

  [[nodiscard]] bool append(const ledger::JournalRecord& record) noexcept {
    try {
      const std::uint32_t id = symbol_of(record);
      rows->add(record, table_ids.empty() ? id : table_ids[id], message);
    } catch (const std::bad_alloc&) {
      lost = true;
    }
    return true;  // who asked for the records throws them away together with this state
  }

 private:
  static std::uint32_t symbol_of(const ledger::JournalRecord& record) noexcept {
    if (record.kind == ledger::FrameKind::kDecision) return record.decision.symbol_id;
    if (record.kind == ledger::FrameKind::kOrder) return record.order.symbol_id;
    return record.kind == ledger::FrameKind::kFill ? record.fill.symbol_id : record.mark.symbol_id;
  }
};

}  // namespace hft::engine
