#include "hft/event/instrument_rules.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>

namespace {

using hft::event::Instrument;

std::string refusal(const std::function<void(Instrument&)>& change) {
  Instrument instrument{"AAA"};
  change(instrument);
  try {
    hft::event::validate(instrument);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(InstrumentRules, DefaultsHold) {
  EXPECT_EQ(refusal([](Instrument&) {}), "");
}

TEST(InstrumentRules, ARefusalNamesSymbolRuleAndValue) {
  EXPECT_EQ(refusal([](Instrument& i) { i.tick.den = 0; }), "Instrument AAA: tick_den must be >= 1, was 0");
  EXPECT_EQ(refusal([](Instrument& i) { i.lot.num = -3; }), "Instrument AAA: lot_num must be >= 1, was -3");
  EXPECT_EQ(refusal([](Instrument& i) { i.max_px_ticks = 0; }),
            "Instrument AAA: max_px_ticks must be >= min_px_ticks (1), was 0");
}

TEST(InstrumentRules, SymbolsThatJsonWouldEscapeAreRefused) {
  for (const char* symbol : {"", "A B", "A\"", "A\\", "A\n", "\x7f", "\xC3\xA4"}) {
    EXPECT_NE(refusal([&](Instrument& i) { i.symbol = symbol; }), "") << symbol;
  }
  EXPECT_NE(refusal([](Instrument& i) { i.symbol = std::string(33, 'A'); }), "");
  EXPECT_EQ(refusal([](Instrument& i) { i.symbol = std::string(32, 'A'); }), "");
}

TEST(InstrumentRules, PricesMustFitADoubleExactly) {
  const std::int64_t limit = hft::event::kMaxPxProduct;
  EXPECT_EQ(refusal([&](Instrument& i) { i.max_px_ticks = limit; }), "");
  EXPECT_NE(refusal([&](Instrument& i) { i.max_px_ticks = limit + 1; }), "");
  EXPECT_NE(refusal([&](Instrument& i) { i.max_px_ticks = limit, i.tick.num = 2; }), "");
  EXPECT_NE(refusal([&](Instrument& i) { i.min_px_ticks = -limit - 1; }), "");
}

}  // namespace
