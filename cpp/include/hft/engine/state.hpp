#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "hft/base/bytes.hpp"
#include "hft/engine/memory.hpp"
#include "hft/engine/state_copy.hpp"
#include "hft/event/instrument.hpp"
#include "hft/execution/simulated_exchange.hpp"
#include "hft/feature/pipeline.hpp"

namespace hft::engine {

/// All that an engine has become by its events: features, positions, settings, counters. Neither the model, whose name
/// is for the caller to store, nor whether the journal has failed, which is the process's fate.
///
///   frame = magic, version, length, CRC-32C | identity | totals | symbol 0, 1, 2 ...
///
/// A copy is taken while events go on: the totals at begin_copy, each symbol before the next event that may change it,
/// or when copy_some comes to it. So the copy is the state as it was at begin_copy, to the byte.
class State {
 public:
  /// Cold path: throws std::invalid_argument for a spec, instruments or settings that break a rule.
  State(const feature::Spec& spec, std::span<const event::Instrument> instruments, const EngineConfig& config)
      : pipeline{spec, instruments},
        memory{config, instruments.size()},
        config_epoch_{config.config_epoch},
        fees_{config.fees} {}

  feature::Pipeline pipeline;
  Memory memory;

  /// Cold path. The same state gives the same bytes.
  void save(base::ByteWriter& out) const;
  /// Cold path, for a model of so many classes. Throws std::invalid_argument naming the first difference (spec,
  /// instruments, epoch, fees, checksum, a number out of range); then nothing has changed.
  void load(base::ByteReader& in, std::size_t n_classes);

  /// Cold path. Room for copies of this state: by default as much as the fullest windows take, so that no copy can
  /// fail; what is not used of it is promised memory, and not touched.
  [[nodiscard]] StateCopy make_copy(std::size_t room_bytes = 0) const;
  /// Most bytes that totals and symbols can take.
  [[nodiscard]] std::size_t bytes_bound() const;

  /// Starts a copy of the state as it is now; one that was under way is forgotten. `copy` is of make_copy and outlives
  /// it.   Cost: that of the totals, some 400 bytes.
  void begin_copy(StateCopy& copy) noexcept {
    copy.begin();
    copy.put_totals([this](base::ByteWriter& out) { save_totals(out); });
    copy_ = &copy;
    n_seen_ = 0;
  }
  /// Looks at the next n symbols and copies those that no event has had copied before. True: no copy is under way any
  /// more; it is complete, or has failed.   Cost: per symbol about a memcpy of what its windows hold.
  bool copy_some(std::size_t n_symbols) noexcept {
    if (copy_ == nullptr) return true;
    for (; n_symbols > 0 && n_seen_ < memory.symbols.size() && !copy_->failed(); --n_symbols) copy_symbol(n_seen_++);
    if (!copy_->complete() && !copy_->failed()) return false;
    copy_ = nullptr;
    return true;
  }
  void cancel_copy() noexcept { copy_ = nullptr; }

  /// Before an event of that symbol changes anything.   Cost: one predicted branch while no copy is under way.
  void before_change(std::uint32_t symbol_id) noexcept {
    if (copy_ != nullptr) [[unlikely]] copy_symbol(symbol_id);
  }

 private:
  void save_identity(base::ByteWriter& out) const;
  void check_identity(base::ByteReader& in) const;
  void save_totals(base::ByteWriter& out) const;
  void save_symbol(std::uint32_t symbol_id, base::ByteWriter& out) const;
  void copy_symbol(std::uint32_t symbol_id) noexcept;

  std::uint32_t config_epoch_;
  execution::Fees fees_;
  StateCopy* copy_ = nullptr;  // under way
  std::uint32_t n_seen_ = 0;   // symbols that copy_some has come to
};

}  // namespace hft::engine
