#include "hft/feature/bank/series_bank.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>

#include "hft/feature/fixed_point.hpp"

namespace hft::feature {

std::uint32_t BankPlan::add(const LaneRequest& request) {
  const auto lane = [&](std::uint32_t index) { return static_cast<std::uint32_t>(request.kind) << 24U | index; };
  switch (request.kind) {
    case LaneKind::kEma:
    case LaneKind::kEmaDeviation: return lane(averages.add(request.n));
    case LaneKind::kRsi: return lane(strengths.add(request.n, request.flat));
    case LaneKind::kMin: return lane(minima.add(request.n));
    case LaneKind::kMax: return lane(maxima.add(request.n));
    case LaneKind::kSum:
    case LaneKind::kMean:
    case LaneKind::kVariance:
    case LaneKind::kDeviation:
    case LaneKind::kZScore: break;
  }
  if (!moments.has_room()) return Node::kFull;
  const std::uint32_t window = moments.add(request.n);
  if (request.kind != LaneKind::kZScore) return lane(window);
  scores.push_back({window, request.flat});
  return lane(static_cast<std::uint32_t>(scores.size() - 1));
}

std::uint32_t BankPlan::longest_window() const noexcept {
  return std::max({moments.longest(), minima.longest(), maxima.longest()});
}

std::uint64_t BankPlan::settled() const noexcept {
  return std::max({averages.settled(), strengths.settled(), longest_window()});
}

SeriesBank::SeriesBank(const LaneRequest& first) : first_{first}, first_lane_{take(first)} {}

std::uint32_t SeriesBank::take(const LaneRequest& request) {
  const std::uint32_t lane = plan_->add(request);
  make_room();
  return lane;
}

/// The room of a symbol: what every input touches first, the history after it, the entries of the queues last.
void SeriesBank::make_room() {
  const BankPlan& plan = *plan_;
  const bool has_windows = plan.longest_window() != 0;
  n_history_ = has_windows ? History::capacity(plan.longest_window()) : 1;
  std::size_t end = 0;
  const auto place = [&end](std::size_t n_bytes, std::size_t alignment) {
    const std::size_t at = (end + alignment - 1) / alignment * alignment;
    end = at + n_bytes;
    return at;
  };
  place(sizeof(Head), alignof(Head));
  offsets_.levels = place(plan.averages.size() * sizeof(double), alignof(double));
  offsets_.means = place(2 * plan.strengths.size() * sizeof(double), alignof(double));
  offsets_.sums = place(plan.moments.size() * sizeof(WindowMoments::Sums), alignof(WindowMoments::Sums));
  offsets_.min_first = place(plan.minima.size() * sizeof(std::uint64_t), alignof(std::uint64_t));
  offsets_.max_first = place(plan.maxima.size() * sizeof(std::uint64_t), alignof(std::uint64_t));
  offsets_.history = place(n_history_ * sizeof(double), alignof(double));
  const auto queue_bytes = [&](std::size_t n_lanes) { return n_lanes != 0 ? n_history_ * sizeof(std::uint16_t) : 0; };
  offsets_.min_entries = place(queue_bytes(plan.minima.size()), alignof(std::uint16_t));
  offsets_.max_entries = place(queue_bytes(plan.maxima.size()), alignof(std::uint16_t));
  offsets_.end = end;
  settled_ = plan.settled();
  room_ = std::make_unique_for_overwrite<Line[]>((end + sizeof(Line) - 1) / sizeof(Line));
  reset();
}

std::unique_ptr<Node> SeriesBank::clone() const {
  auto copy = std::make_unique<SeriesBank>(first_);
  copy->plan_ = plan_;
  copy->make_room();
  return copy;
}

void SeriesBank::reset() noexcept {
  std::construct_at(&head());
  std::fill_n(levels(), plan_->averages.size(), 0.0);
  std::fill_n(means(), 2 * plan_->strengths.size(), 0.0);
  std::uninitialized_value_construct_n(moments().sums, plan_->moments.size());
  std::fill_n(minima().first, plan_->minima.size(), 0);
  std::fill_n(maxima().first, plan_->maxima.size(), 0);
}

void SeriesBank::step(const Market&, const double* input) noexcept {
  const double x = *input;
  if (!fits_fixed(x)) [[unlikely]]
    return;
  const BankPlan& plan = *plan_;
  Head& head = this->head();
  const std::uint64_t n_seen = ++head.n_seen;
  plan.averages.update(levels(), n_seen, x);
  plan.strengths.update(means(), n_seen, head.newest, x);
  head.newest = x;
  History inputs = history();
  inputs[n_seen] = x;
  if (plan.moments.size() != 0) plan.moments.update(moments(), inputs, n_seen);
  if (plan.minima.size() != 0) plan.minima.update(minima(), inputs, n_seen);
  if (plan.maxima.size() != 0) plan.maxima.update(maxima(), inputs, n_seen);
}

double SeriesBank::read(std::uint32_t lane) const noexcept {
  const BankPlan& plan = *plan_;
  const std::uint64_t n_seen = head().n_seen;
  const std::uint32_t index = BankPlan::index_of(lane);
  const WindowMoments::State sums = moments();
  const auto full = [&](std::uint32_t window, auto&& value) {
    return plan.moments.ready(n_seen, window) ? value() : kNotReady;
  };
  switch (BankPlan::kind_of(lane)) {
    case LaneKind::kEma: return plan.averages.value(levels(), n_seen, index);
    case LaneKind::kEmaDeviation: return EmaDeviation::of(head().newest, plan.averages.value(levels(), n_seen, index));
    case LaneKind::kRsi: return plan.strengths.value(means(), n_seen, index);
    case LaneKind::kSum: return full(index, [&] { return plan.moments.sum(sums, index); });
    case LaneKind::kMean: return full(index, [&] { return plan.moments.mean(sums, index); });
    case LaneKind::kVariance: return full(index, [&] { return plan.moments.variance(sums, index); });
    case LaneKind::kDeviation: return full(index, [&] { return std::sqrt(plan.moments.variance(sums, index)); });
    case LaneKind::kZScore: {
      const auto [window, flat] = plan.scores[index];
      return full(window, [&, window = window, flat = flat] {
        const double variance = plan.moments.variance(sums, window);
        return plan.moments.zscore(sums, window, head().newest, variance, std::sqrt(variance), flat);
      });
    }
    case LaneKind::kMin: return plan.minima.value(minima(), history(), n_seen, index);
    case LaneKind::kMax: return plan.maxima.value(maxima(), history(), n_seen, index);
  }
  return kNotReady;
}

void SeriesBank::read(std::span<const Output> outputs, double* row) const noexcept {
  if (head().n_seen >= settled_) [[likely]]
    read_all<true>(outputs, row);
  else
    read_all<false>(outputs, row);
}

/// kSettled: every lane has a value, so that none is asked for its lookback.
template <bool kSettled>
void SeriesBank::read_all(std::span<const Output> outputs, double* row) const noexcept {
  const BankPlan& plan = *plan_;
  const std::uint64_t n_seen = head().n_seen;
  const double newest = head().newest;
  const Output* at = outputs.data();
  const Output* const end = at + outputs.size();
  const auto each = [&](LaneKind kind, auto&& value) {
    for (; at != end && BankPlan::kind_of(at->lane) == kind; ++at) {
      row[at->column] = value(BankPlan::index_of(at->lane));
    }
  };
  const auto full = [&](std::uint32_t window, double value) {
    return kSettled || plan.moments.ready(n_seen, window) ? value : kNotReady;
  };
  const double* const levels = this->levels();
  const double* const means = this->means();
  const auto average = [&](std::uint32_t i) { return kSettled ? levels[i] : plan.averages.value(levels, n_seen, i); };
  const WindowMoments::State sums = moments();
  each(LaneKind::kEma, average);
  each(LaneKind::kEmaDeviation, [&](std::uint32_t i) { return EmaDeviation::of(newest, average(i)); });
  each(LaneKind::kRsi, [&](std::uint32_t i) { return plan.strengths.value(means, kSettled ? ~0ULL : n_seen, i); });
  each(LaneKind::kSum, [&](std::uint32_t i) { return full(i, plan.moments.sum(sums, i)); });
  if (sums.mode->is_near) {
    const NearScale scale = sums.mode->scale;
    each(LaneKind::kMean, [&](std::uint32_t i) { return full(i, plan.moments.mean_near(scale, sums, i)); });
  } else {
    each(LaneKind::kMean, [&](std::uint32_t i) { return full(i, plan.moments.mean(sums, i)); });
  }
  if (at != end && BankPlan::kind_of(at->lane) <= LaneKind::kZScore) {
    WindowMoments::Spreads spreads;
    plan.moments.spread(sums, spreads);
    each(LaneKind::kVariance, [&](std::uint32_t i) { return full(i, spreads.variance[i]); });
    each(LaneKind::kDeviation, [&](std::uint32_t i) { return full(i, spreads.deviation[i]); });
    each(LaneKind::kZScore, [&](std::uint32_t i) {
      const auto [w, flat] = plan.scores[i];
      return full(w, plan.moments.zscore(sums, w, newest, spreads.variance[w], spreads.deviation[w], flat));
    });
  }
  const History inputs = history();
  const auto lows = minima();
  const auto highs = maxima();
  const std::uint64_t seen = kSettled ? ~0ULL : n_seen;
  each(LaneKind::kMin, [&](std::uint32_t i) { return plan.minima.value(lows, inputs, seen, i); });
  each(LaneKind::kMax, [&](std::uint32_t i) { return plan.maxima.value(highs, inputs, seen, i); });
}

void SeriesBank::save(base::ByteWriter& out) const {
  // The number of inputs saturates where nothing asks for it any more: the bytes do not grow with the past.
  const BankPlan& plan = *plan_;
  const std::uint64_t n_seen = head().n_seen;
  out(std::min(n_seen, settled_)), out(head().newest);
  for (std::size_t i = 0; i < plan.averages.size(); ++i) out(levels()[i]);
  for (std::size_t i = 0; i < 2 * plan.strengths.size(); ++i) out(means()[i]);
  const History inputs = history();
  for (std::uint64_t age = std::min<std::uint64_t>(n_seen, plan.longest_window()); age > 0; --age) {
    out(inputs[n_seen + 1 - age]);
  }
}

void SeriesBank::load(base::ByteReader& in) {
  const BankPlan& plan = *plan_;
  reset();
  std::uint64_t n_seen = 0;
  double newest = 0.0;
  in(n_seen), in(newest);
  if (n_seen > settled_) throw std::invalid_argument("snapshot: a bank saw more inputs than it counts");
  if (!fits_fixed(newest)) throw std::invalid_argument("snapshot: an input that could not have entered");
  const auto take = [&in](double* to, std::size_t n, bool (*may_be)(double), const char* what) {
    for (std::size_t i = 0; i < n; ++i) {
      in(to[i]);
      if (!may_be(to[i])) throw std::invalid_argument(std::string("snapshot: ") + what + " out of bounds");
    }
  };
  take(levels(), plan.averages.size(), &Averages::may_be, "an average");
  take(means(), 2 * plan.strengths.size(), &Strengths::may_be, "a mean of gains or losses");
  const std::uint64_t n_kept = std::min<std::uint64_t>(n_seen, plan.longest_window());
  History inputs = history();
  for (std::uint64_t i = n_seen - n_kept + 1; i <= n_seen; ++i) {
    in(inputs[i]);
    if (!fits_fixed(inputs[i])) {
      throw std::invalid_argument("snapshot: a window holds an input that could not have entered");
    }
    if (plan.minima.size() != 0) plan.minima.update(minima(), inputs, i);
    if (plan.maxima.size() != 0) plan.maxima.update(maxima(), inputs, i);
  }
  if (plan.moments.size() != 0) plan.moments.sum_up(moments(), inputs, n_seen);
  head().n_seen = n_seen, head().newest = newest;
}

}  // namespace hft::feature
