#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "hft/engine/record_tape.hpp"
#include "hft/engine/settings.hpp"
#include "hft/model/model.hpp"

namespace hft::engine {

/// Other settings, and perhaps another model, from one record of a tape on.
template <model::Model Model>
struct Change {
  std::uint64_t n_records_before;  // good and bad ones
  Settings settings;
  const Model* model = nullptr;    // null: the model stays
};

/// Cold path: throws std::invalid_argument unless `changes` are in the order of their records and each fits an engine
/// of this model.
template <model::Model Model>
void validate(std::span<const Change<Model>> changes, const Model& model) {
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const auto fail = [i](const std::string& what) {
      throw std::invalid_argument("Replay: changes[" + std::to_string(i) + "]: " + what);
    };
    if (i > 0 && changes[i].n_records_before < changes[i - 1].n_records_before) {
      fail("its record must not come before that of the change before it");
    }
    validate(changes[i].settings, model.n_classes());
    const Model* other = changes[i].model;
    if (other != nullptr && (other->n_features() != model.n_features() || other->n_classes() != model.n_classes() ||
                             other->n_margins() != model.n_margins())) {
      fail("its model must have the features, classes and margins of the first one");
    }
  }
}

/// The changes of a replay that are still to come, by the number of events before each.
///
/// An engine sees events, a change names records: how many of those before it are good is counted here, once.
template <model::Model Model>
class Changes {
 public:
  /// Cold path: throws as validate() does. `tape` is at its beginning; `changes` and their models outlive this.
  Changes(std::span<const Change<Model>> changes, RecordTape tape, const Model& model) : changes_{changes} {
    validate(changes, model);
    std::uint64_t n_events = 0;
    for (const Change<Model>& change : changes) {
      event::Event event;
      while (!tape.ended() && tape.n_taken() < change.n_records_before) n_events += tape.take(event) ? 1U : 0U;
      at_event_.push_back(n_events);
    }
    n_decisions_before_.resize(changes.size());
  }

  /// Before the first event: decisions are counted from here on.
  template <class AnEngine>
  void begin(const AnEngine& engine) noexcept {
    n_decisions_at_begin_ = engine.counters().decisions;
  }

  /// Once before each event; counts them itself, since an engine may go on from a state.   Cost: a predicted compare.
  template <class AnEngine>
  void apply_due(AnEngine& engine) noexcept {
    while (next_ < at_event_.size() && at_event_[next_] <= n_events_) [[unlikely]] {
      n_decisions_before_[next_] = engine.counters().decisions - n_decisions_at_begin_;
      const Change<Model>& change = changes_[next_++];
      if (change.model != nullptr) engine.swap_model(*change.model);
      engine.apply(change.settings);
    }
    ++n_events_;
  }

  /// Of each change that was applied: how many decisions were made before it.
  [[nodiscard]] std::span<const std::uint64_t> n_decisions_before() const noexcept {
    return std::span{n_decisions_before_}.first(next_);
  }

 private:
  std::span<const Change<Model>> changes_;
  std::vector<std::uint64_t> at_event_;  // parallel to changes_
  std::vector<std::uint64_t> n_decisions_before_;  // parallel to changes_
  std::size_t next_ = 0;
  std::uint64_t n_events_ = 0;     // seen so far
  std::uint64_t n_decisions_at_begin_ = 0;  // made before the first event
};

}  // namespace hft::engine
