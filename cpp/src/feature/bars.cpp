#include "hft/feature/bars.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "hft/feature/registry.hpp"
#include "hft/feature/window_length.hpp"
#include "params.hpp"

namespace hft::feature {
namespace {

const std::vector<std::string> kKinds{"time", "tick", "volume", "dollar"};  // by value of BarKind
const std::vector<std::string> kPrices{"trade", "mid"};                     // by value of BarPrice
constexpr std::int64_t kMaxTicks = 1'000'000'000;

[[noreturn]] void refuse(const BarsDef& def, const std::string& rule, const std::string& hint = "") {
  throw std::invalid_argument("bars '" + def.name + "': " + rule + hint);
}

std::string shown(const ParamValue& value) {
  return std::holds_alternative<std::string>(value) ? '"' + text_of(value) + '"' : text_of(value);
}

std::size_t one_of(const BarsDef& def, const std::string& key, const std::string& value,
                   const std::vector<std::string>& choices) {
  const auto it = std::ranges::find(choices, value);
  if (it != choices.end()) return static_cast<std::size_t>(it - choices.begin());
  std::string all;
  for (const std::string& choice : choices) all += (all.empty() ? "" : ", ") + choice;
  refuse(def, key + " must be one of " + all + ", was \"" + value + '"', did_you_mean(value, choices));
}

std::int64_t span_of(const BarsDef& def) {
  const auto bad = [&] {
    refuse(def, "every of time bars must be a time such as \"1m\" (ns, us, ms, s, m, h), longer than 0 and at most 366 "
                "days, was " + shown(def.every));
  };
  const auto* text = std::get_if<std::string>(&def.every);
  if (text == nullptr) bad();
  std::int64_t span_ns = 0;
  try {
    span_ns = WindowLength::parse_span_ns(*text);
  } catch (const std::invalid_argument&) {
    bad();
  }
  if (span_ns < 1) bad();
  return span_ns;
}

std::int64_t count_of(const BarsDef& def) {
  const auto* n = std::get_if<std::int64_t>(&def.every);
  if (n != nullptr && *n >= 1 && *n <= kMaxTicks) return *n;
  refuse(def, "every of tick bars must be a number of trades in 1.." + std::to_string(kMaxTicks) + ", was " +
                  shown(def.every));
}

double size_of(const BarsDef& def, const char* unit) {
  const auto* real = std::get_if<double>(&def.every);
  const auto* integer = std::get_if<std::int64_t>(&def.every);
  const double size = real != nullptr ? *real : integer != nullptr ? static_cast<double>(*integer) : 0.0;
  if (std::isfinite(size) && size > 0.0) return size;
  refuse(def, "every of " + def.kind + " bars must be a number > 0 (" + unit + "), was " + shown(def.every));
}

}  // namespace

BarRule bar_rule(BarsDef& def) {
  BarRule rule;
  rule.kind = static_cast<BarKind>(one_of(def, "kind", def.kind, kKinds));
  rule.price = static_cast<BarPrice>(one_of(def, "price", def.price, kPrices));
  switch (rule.kind) {
    case BarKind::kTime:
      rule.every = span_of(def);
      def.every = WindowLength::time(rule.every).text();
      break;
    case BarKind::kTick: rule.every = count_of(def); break;
    case BarKind::kVolume: def.every = rule.size = size_of(def, "base units"); break;
    case BarKind::kDollar: def.every = rule.size = size_of(def, "quote currency"); break;
  }
  return rule;
}

std::span<const BarSeries> bar_series() {
  static const std::vector<BarSeries> all{
      {"open", "px", "first price of the bar", &Bar::open},
      {"high", "px", "highest price of the bar", &Bar::high},
      {"low", "px", "lowest price of the bar", &Bar::low},
      {"close", "px", "last price of the bar", &Bar::close},
      {"volume", "qty", "traded quantity of the bar", &Bar::volume},
      {"value", "px qty", "traded value of the bar: sum of price x quantity", &Bar::value},
      {"vwap", "px", "value / volume of the bar; NaN without a trade", &Bar::vwap},
      {"n_trades", "1", "trades of the bar", &Bar::n_trades}};
  return all;
}

}  // namespace hft::feature
