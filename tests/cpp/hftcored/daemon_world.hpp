#pragma once

#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "control_text.hpp"
#include "decoding.hpp"
#include "hft/sequence/input_order.hpp"
#include "recovery.hpp"
#include "scenario.hpp"
#include "shard.hpp"
#include "source.hpp"

// A shard's world in memory: topics that are read again, and outputs that remember what was published.

namespace hft::daemon::testing {

inline const std::vector<sequence::Lane> kLanes{sequence::make_lane(0, 0), sequence::make_lane(1, 0)};

/// Two topics whose messages lie there for ever.
class MemorySource final : public Source {
 public:
  std::map<sequence::Lane, std::vector<std::vector<std::byte>>> topics;
  std::map<sequence::Lane, std::uint64_t> next;

  std::size_t poll(std::span<RawInput>, std::chrono::milliseconds) override { return 0; }
  std::size_t poll_lane(std::size_t, sequence::Lane lane, std::span<RawInput> out, std::chrono::milliseconds) override {
    std::size_t n = 0;
    for (auto& at = next[lane]; n < out.size() && n < 3 && at < topics[lane].size(); ++at) {
      out[n++] = {{}, topics[lane][at], at, lane, 0, true};
    }
    return n;
  }
  void release() override {}
  void go_live() override {}
  bool ended() const override { return true; }
  bool is_behind(std::size_t, sequence::Lane) const override { return false; }
  std::uint64_t begins_at(std::size_t, sequence::Lane) const override { return 0; }
  std::string name_of(const RawInput& input) const override {
    return std::to_string(sequence::topic_of(input.lane)) + ":0:" + std::to_string(input.offset);
  }
};

/// What an outlet would have published, message by message, in the order of its sending.
class Log final : public Emitter {
 public:
  struct Sent {
    std::size_t output;
    sequence::OutputMessage message;
  };
  std::vector<Sent> sent;
  std::vector<std::byte> journal;
  sequence::InputOrder order;
  std::uint64_t n_inputs = 0;

  void record(sequence::Output output, std::uint64_t seq, const ledger::JournalRecord& record) noexcept override {
    send(static_cast<std::size_t>(output), seq, frame(record.kind, record.payload()));
    append(sent.back().message.value);
  }
  void poison(std::uint64_t seq, Poison* poison) noexcept override {
    const std::unique_ptr<Poison> owned{poison};
    send(3, seq, poison->value);
    const auto source = std::as_bytes(std::span{poison->source});
    sent.back().message.source.assign(source.begin(), source.end());
  }
  void control(std::uint64_t number, const Change& change) noexcept override {
    const std::string text = control_text(number, n_inputs, change);
    const auto bytes = frame(ledger::FrameKind::kControl, std::as_bytes(std::span{text}));
    for (std::size_t output = 0; output < sequence::kOutputs; ++output) send(output, 0, bytes);
    append(bytes);
  }
  void run(const sequence::Run& run) noexcept override { order.append(run); }

 private:
  static std::vector<std::byte> frame(ledger::FrameKind kind, std::span<const std::byte> payload) {
    std::vector<std::byte> bytes(ledger::frame_bytes(payload.size()));
    ledger::encode_frame(kind, payload, bytes.data());
    return bytes;
  }
  void send(std::size_t output, std::uint64_t seq, std::vector<std::byte> value) {
    sequence::OutputMessage message;
    message.offset = static_cast<std::int64_t>(sent.size());
    message.header = {seq, 0, 0, n_inputs};
    message.runs = order.slice(told_[output], n_inputs);
    message.value = std::move(value);
    told_[output] = n_inputs;
    sent.push_back({output, std::move(message)});
  }
  void append(const std::vector<std::byte>& bytes) { journal.insert(journal.end(), bytes.begin(), bytes.end()); }

  std::array<std::uint64_t, sequence::kOutputs> told_{};
};

/// Model, instruments and settings of every shard here.
struct World {
  feature::Spec spec = engine::testing::imbalance_spec();
  std::vector<event::Instrument> instruments = engine::testing::three_instruments();
  std::shared_ptr<const model::ForestModel> forest =
      std::make_shared<model::ForestModel>(
          model::ForestModel::from_library(IMBALANCE_FOREST, 1, 3, model::OutputRule::kIdentity, 1.0));
  Change birth{.settings = {}, .model = forest, .json = "{\"threshold\":0.7}", .start = "{\"0\":0,\"4096\":0}"};
  Change later{.settings = {}, .model = forest, .json = "{\"threshold\":0.95}", .start = {}};

  World() {
    birth.settings.strategy.threshold_frac = 0.7;
    birth.settings.strategy.hold_ns = 20'000'000;
    birth.settings.limits.max_open_positions = 2;
    later.settings = birth.settings;
    later.settings.strategy.threshold_frac = 0.85;
  }
  [[nodiscard]] std::unique_ptr<Shard<false>> shard() const {
    return std::make_unique<Shard<false>>(
        Shard<false>::Parts{
            spec,
            instruments,
            *forest,
            {.config_epoch = 1, .strategy = birth.settings.strategy, .risk = birth.settings.limits, .fees = {}},
            kLanes,
            true},
        engine::Stopwatch<false>{});
  }
  [[nodiscard]] Decoding decoding() const {
    return Decoding{event::Format::kPacked, {{instruments, {0, 1, 2}}}, {}, ""};
  }
  const Change& change_of(const std::string& control) const {
    return control.starts_with("{\"control\":0,") ? birth : later;
  }
};

}  // namespace hft::daemon::testing
