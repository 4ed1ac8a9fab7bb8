#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "hft/ledger/records.hpp"

namespace hft::ledger {

// Words for the codes of records.hpp, indexed by value. Stored in databases and reports: a changed word is breaking.
inline constexpr std::array<std::string_view, 3> kSideNames{"", "buy", "sell"};
inline constexpr std::array<std::string_view, 5> kReasonNames{"", "signal", "hold_expired", "stop_loss", "session_end"};
inline constexpr std::array<std::string_view, 11> kRefusalNames{
    "none",           "killed",           "no_reference",       "qty_not_positive",
    "max_order_qty",  "max_position_qty", "max_open_positions", "stopped_out",
    "journal_down",   "would_flip",       "stale"};
static_assert(kSideNames.size() == static_cast<std::size_t>(Side::kSell) + 1 &&
              kReasonNames.size() == static_cast<std::size_t>(Reason::kSessionEnd) + 1 &&
              kRefusalNames.size() == static_cast<std::size_t>(Refusal::kStale) + 1, "every code has a word");

}  // namespace hft::ledger
