#include "hft/gen/generator.hpp"

#include <algorithm>
#include <utility>

#include "hft/gen/variates.hpp"

namespace hft::gen {
namespace {

constexpr std::int64_t kWireNs = 20'000;           // venue to us, at least
constexpr std::uint32_t kWireJitterNs = 60'000;

Config checked(Config config) {
  validate(config);
  return config;
}

AliasTable zipf(std::size_t n_symbols) {
  std::vector<double> weights;
  for (std::size_t rank = 1; rank <= n_symbols; ++rank) weights.push_back(1.0 / static_cast<double>(rank));
  return AliasTable{weights};
}

}  // namespace

Generator::Generator(Config config)
    : config_{checked(std::move(config))},
      rng_{config_.seed},
      symbol_by_activity_{zipf(config_.instruments.size())},
      session_ns_{config_.seconds * 1e9} {
  symbols_.reserve(config_.instruments.size());
  for (const event::Instrument& instrument : config_.instruments) symbols_.emplace_back(instrument, config_, rng_);
}

std::size_t Generator::next(std::span<event::Event> out) noexcept {
  std::size_t n = 0;
  while (n < out.size()) {
    const auto waiting = burst_.events().subspan(burst_taken_);
    if (waiting.empty()) {
      if (!fill_burst()) break;
      continue;
    }
    const std::size_t take = std::min(waiting.size(), out.size() - n);
    std::copy_n(waiting.begin(), take, out.begin() + static_cast<std::ptrdiff_t>(n));
    burst_taken_ += take;
    n += take;
  }
  return n;
}

/// U over the session with mean 1: twice the mean rate at open and close, half of it in between.
double Generator::mean_gap_ns() const noexcept {
  const double from_middle = 2.0 * t_ns_ / session_ns_ - 1.0;
  return 1e9 / (config_.rate_hz * (0.5 + 1.5 * from_middle * from_middle));
}

bool Generator::fill_burst() noexcept {
  if (t_ns_ >= session_ns_) {
    t_ns_ = 0.0;
    n_opened_ = 0;
    ++session_;
  }
  if (session_ >= config_.sessions) {
    session_ = config_.sessions;
    t_ns_ = session_ns_;
    return false;
  }
  double gaps = 1.0;
  if (n_opened_ < symbols_.size()) {
    begin_burst(n_opened_, event::kSnapshot);
    symbols_[n_opened_++].open_session(burst_, rng_);
  } else {
    const std::uint32_t symbol_id = symbol_by_activity_.pick(rng_());
    begin_burst(symbol_id, event::kNoFlags);
    symbols_[symbol_id].happen(t_ns_, burst_, rng_);
    gaps = exponential(rng_());
  }
  // One gap per event, though a burst's events share their time: the mean rate is that of events.
  offset_ += burst_.events().size();
  t_ns_ += static_cast<double>(burst_.events().size()) * gaps * mean_gap_ns();
  return true;
}

void Generator::begin_burst(std::uint32_t symbol_id, std::uint16_t flags) noexcept {
  event::Event head{};
  head.ts_event_ns = config_.start_ns + session_ * kDayNs + static_cast<std::int64_t>(t_ns_);
  last_recv_ns_ = std::max(last_recv_ns_, head.ts_event_ns + kWireNs + below(rng_(), kWireJitterNs));
  head.ts_recv_ns = last_recv_ns_;
  head.source_seq = event::make_source_seq(0, offset_);
  head.symbol_id = symbol_id;
  head.flags = flags;
  burst_.begin(head);
  burst_taken_ = 0;
}

}  // namespace hft::gen
