#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "hft/ledger/frame.hpp"
#include "hft/sequence/lease.hpp"
#include "hft/sequence/output_message.hpp"

namespace hft::sequence {

inline OutputMessage decision(std::uint64_t seq, std::uint64_t n_inputs, std::vector<Run> runs,
                              std::uint32_t fence_epoch = 1) {
  ledger::Decision record{};
  record.id.source_seq = n_inputs;
  OutputMessage message;
  message.offset = static_cast<std::int64_t>(seq);
  message.header = {seq, fence_epoch, 0, n_inputs};
  message.runs = std::move(runs);
  message.value = frame_of(ledger::FrameKind::kDecision, bytes_of(record));
  return message;
}

inline OutputMessage order_only(std::uint64_t seq, std::uint64_t n_inputs, std::vector<Run> runs) {
  OutputMessage message = decision(seq, n_inputs, std::move(runs));
  message.value = frame_of(ledger::FrameKind::kInputOrder, {});
  return message;
}

inline OutputMessage control(std::uint64_t number, std::uint64_t n_inputs, std::vector<Run> runs = {}) {
  const std::string text = "{\"control\":" + std::to_string(number) + ",\"n_inputs\":" + std::to_string(n_inputs) +
                           ",\"settings\":{}}";
  OutputMessage message = decision(0, n_inputs, std::move(runs));
  message.value = frame_of(ledger::FrameKind::kControl, std::as_bytes(std::span{text}));
  return message;
}

inline Lease lease(std::uint32_t fence_epoch, std::uint8_t writer) {
  Lease made{fence_epoch, 0, 0, {}};
  made.writer_id[0] = writer;
  return made;
}

inline OutputMessage lease_message(std::uint32_t fence_epoch, std::uint8_t writer) {
  OutputMessage message;
  message.header.fence_epoch = fence_epoch;
  message.value = lease_frame(lease(fence_epoch, writer));
  return message;
}

}  // namespace hft::sequence
