#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hft::base {

/// Places where a crash is instructive: what comes before is done, what comes after is not.
enum class FaultPoint : std::uint8_t {
  kNone = 0,
  kAfterPoll,        // messages taken from Kafka, none decoded
  kAfterFeatures,    // a row is made, nothing is decided
  kAfterDecision,    // decided, nothing handed on
  kAfterProduce,     // handed to the client, not acknowledged
  kMidSnapshot,      // half of a snapshot's bytes are written
  kBeforeRename,     // the snapshot is on the disk under its temporary name
  kAfterRename,      // it has its name, and its folder is not on the disk yet
  kMidJournal,       // a part of a frame is written
  kDuringRecovery,   // history is being replayed
};
inline constexpr std::array<std::string_view, 10> kFaultPointNames{
    "none",         "after_poll",    "after_features", "after_decision", "after_produce",
    "mid_snapshot", "before_rename", "after_rename",   "mid_journal",    "during_recovery"};

namespace detail {
inline constinit FaultPoint armed_fault = FaultPoint::kNone;  // written before threads start, read by all of them
void fault_hit() noexcept;
}  // namespace detail

/// Ends (SIGKILL) or stops (SIGSTOP) this process on the chosen visit of the armed point; does nothing anywhere else.
/// Part of every build, so that anyone can crash the program that they run.
///
/// Cost: one compare of a byte that nobody writes, predicted: below 0.5 ns.
inline void fault_point(FaultPoint point) noexcept {
  if (point == detail::armed_fault) [[unlikely]] detail::fault_hit();
}

/// True where the point is armed, for a caller that must first bring about the state that it names.
[[nodiscard]] inline bool is_armed(FaultPoint point) noexcept { return point == detail::armed_fault; }

/// Arms one point: "name", "name:n" (its n-th visit, from 1) or "name:n:pause" (stop instead of kill). Empty: none.
/// Cold path, before threads start. Throws std::invalid_argument naming the rule and the allowed names.
void arm_fault(std::string_view text);

/// The names that arm_fault takes, separated by ", ". Cold path.
[[nodiscard]] std::string fault_point_names();

}  // namespace hft::base
