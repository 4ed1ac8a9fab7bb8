// The part of a plan that makes bars: a clock each, with the series of its last closed bar.
#include <algorithm>
#include <stdexcept>
#include <tuple>

#include "hft/feature/bar_node.hpp"
#include "hft/feature/plan.hpp"

namespace hft::feature {
namespace {

constexpr std::size_t kMaxNameBytes = 64;

void check_name(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto follows = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  if (name.empty() || name.size() > kMaxNameBytes || !letter(name.front()) || !std::ranges::all_of(name, follows)) {
    throw std::invalid_argument("bars '" + name + "': a name is a letter or _, then letters, digits and _, at most 64");
  }
  for (const char* clock : {"none", "quote", "trade", "input", "book"}) {
    if (name == clock) throw std::invalid_argument("bars '" + name + "': the name is taken by a clock");
  }
  for (const Series& s : series()) {
    if (name == s.name) throw std::invalid_argument("bars '" + name + "': the name is taken by a series");
  }
}

}  // namespace

void Plan::add_bars(const std::vector<BarsDef>& asked) {
  if (asked.size() > kMaxBars) {
    throw std::invalid_argument("bars: a spec has at most " + std::to_string(kMaxBars) + ", was " +
                                std::to_string(asked.size()));
  }
  for (const BarsDef& def : asked) {
    check_name(def.name);
    Bars& bars = bars_.emplace_back(Bars{def, {}, 0, Clock::kNone});
    bars.rule = bar_rule(bars.def);
  }
  // Of those that close at one moment the small ones first, whatever the order of the spec's table.
  const auto rank = [](const Bars& b) { return std::tie(b.rule.kind, b.rule.every, b.rule.size, b.def.name); };
  std::ranges::sort(bars_, [&](const Bars& a, const Bars& b) { return rank(a) < rank(b); });
  for (Bars& bars : bars_) {
    if (std::ranges::count(bars_, bars.def.name, [](const Bars& b) { return b.def.name; }) > 1) {
      throw std::invalid_argument("bars '" + bars.def.name + "': the name is there twice");
    }
    bars.node = static_cast<std::uint32_t>(nodes_.size());
    bars.clock = static_cast<Clock>(programs_.size());
    nodes_.push_back(std::make_unique<BarNode>(bars.rule));
    share_keys_.emplace_back();  // never shared
    programs_.emplace_back();
    for (const BarSeries& s : bar_series()) {
      const Reader* reader = keep(std::make_unique<BarReader>(bars.node, s.member));
      sources_.push_back({bars.def.name + "." + s.name, bars.clock, s.unit, reader});
    }
  }
}

const Plan::Bars* Plan::bars_of(Clock clock) const noexcept {
  const auto it = std::ranges::find(bars_, clock, &Bars::clock);
  return it == bars_.end() ? nullptr : &*it;
}

}  // namespace hft::feature
