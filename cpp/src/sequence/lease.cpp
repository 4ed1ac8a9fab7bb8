#include "hft/sequence/lease.hpp"

#include <cstring>

#include "hft/ledger/journal_reader.hpp"

namespace hft::sequence {
namespace {

/// The lease in a message that holds one.
std::optional<Lease> lease_in(const OutputMessage& message) noexcept {
  const auto frame = ledger::frame_of_message(message.value);
  if (!frame || frame->kind != ledger::FrameKind::kLease || frame->payload.size() != sizeof(Lease)) return std::nullopt;
  return frame->as<Lease>();
}

}  // namespace

LeaseReader::Verdict LeaseReader::see(const OutputMessage& message) {
  // A dead letter's value is a stranger's bytes, which may look like anything; it is known by its source.
  if (const auto lease = message.source.empty() ? lease_in(message) : std::nullopt) {
    if (lease->fence_epoch <= current_.fence_epoch) {
      ++n_void_;
      return Verdict::kVoid;
    }
    current_ = *lease;
    return Verdict::kLease;
  }
  if (message.header.fence_epoch == current_.fence_epoch) return Verdict::kValid;
  if (message.header.fence_epoch > current_.fence_epoch) return Verdict::kBroken;
  ++n_void_;
  return Verdict::kVoid;
}

std::vector<std::byte> lease_frame(const Lease& lease) {
  return frame_of(ledger::FrameKind::kLease, bytes_of(lease));
}

}  // namespace hft::sequence
