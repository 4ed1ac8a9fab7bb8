#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace hft::feature {

/// Where a recursive series (EMA, Wilder's RSI) began.
enum class Origin : std::uint8_t {
  kSessionOpen = 0,  // state is new at each session's first event
  kContinuous = 1,   // state is carried for ever
};

/// Which events give a row. Book levels give one only where the spec reads the order book.
enum class RowOn : std::uint8_t { kQuote = 0, kTrade = 1, kAny = 2, kBook = 3 };

/// Bits of Spec::drop: quotes that are left out before any feature sees them.
enum Drop : std::uint32_t {
  kDropNothing = 0,
  kDropCrossed = 1U << 0,     // bid > ask
  kDropLocked = 1U << 1,      // bid = ask
  kDropOneSided = 1U << 2,    // a side without quantity
  kDropUnchanged = 1U << 3,   // price and size repeat the symbol's last kept quote
  kDropSuspicious = 1U << 4,  // Flag::kSuspicious; trades, too
  kDropEverything = (1U << 5) - 1,
};

/// Hours of a session, in nanoseconds after midnight UTC; events outside are dropped. open == close: no session hours,
/// the session is the UTC day. close < open: the session spans midnight.
struct SessionHours {
  std::int64_t open_ns = 0;
  std::int64_t close_ns = 0;
};

using ParamValue = std::variant<std::int64_t, double, std::string>;

/// One column: an operation of the registry, its input where it takes one, and its parameters. An input is a series, an
/// earlier feature, or a formula of such; an operation on several takes them separated by commas.
struct FeatureDef {
  std::string name;
  std::string op;
  std::string input;
  std::map<std::string, ParamValue> params;
};

/// Bars, which are a clock of their own: series `<name>.open`, `.high`, `.low`, `.close` and so on step as one closes.
struct BarsDef {
  std::string name;
  std::string kind;             // time, tick, volume or dollar
  ParamValue every;             // "1m", trades, base units, quote currency
  std::string price = "trade";  // or mid: whose open, high, low and close
};

/// One rule of a [clean] table: what becomes of events that break it.
struct CleanRow {
  std::string rule;
  std::string policy;  // flag, hold, nan or drop
  std::map<std::string, ParamValue> params;
};

/// The parsed feature spec. `sha256` is the hash of its canonical JSON, in hex; snapshots and models carry it.
struct Spec {
  std::string name;
  std::string sha256;
  Origin origin = Origin::kSessionOpen;
  RowOn row_on = RowOn::kQuote;
  std::uint32_t drop = kDropNothing;
  SessionHours session;
  std::vector<FeatureDef> features;
  std::vector<BarsDef> bars{};  // in any order: names are different
  std::vector<CleanRow> clean{};
};

}  // namespace hft::feature
