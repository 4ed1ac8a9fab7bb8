#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hft/ledger/records.hpp"
#include "hft/sequence/output_message.hpp"

namespace hft::sequence {

using ledger::Lease;  // from here on in this partition, this writer's word counts

/// Reads one output partition in offset order and says whose messages count.
///
/// The log itself is the arbiter: a lease with an epoch above all before it takes over; every message of another epoch
/// behind it is void, whenever it was sent. So a writer that slept through its succession cannot do harm: what it still
/// sends is void where it lands.
class LeaseReader {
 public:
  enum class Verdict : std::uint8_t {
    kValid = 0,   // of the writer whose lease is the last
    kVoid = 1,    // of an earlier one, sent after its time; or a lease that came too late
    kLease = 2,   // a new writer takes over
    kBroken = 3,  // of a writer whose lease is not here, or no message of ours
  };

  /// `epoch`: whose time it is where the reading begins; 0 before any lease.
  explicit LeaseReader(std::uint32_t epoch = 0) : current_{epoch, 0, 0, {}} {}

  [[nodiscard]] Verdict see(const OutputMessage& message);

  /// The last lease that counted. Its writer is unknown (zeros) where the reading began after it.
  [[nodiscard]] const Lease& current() const noexcept { return current_; }
  [[nodiscard]] std::uint64_t n_void() const noexcept { return n_void_; }

 private:
  Lease current_;
  std::uint64_t n_void_ = 0;
};

/// The frame that holds this lease.
[[nodiscard]] std::vector<std::byte> lease_frame(const Lease& lease);

}  // namespace hft::sequence
