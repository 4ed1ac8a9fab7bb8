#pragma once

#include <cstdint>

namespace hft::feature {

/// How many events met which fate. A snapshot carries them. Each rule of the drop list and of the [clean] table counts
/// the events that broke it, whatever its policy.
struct Counters {
  std::uint64_t n_events = 0;
  std::uint64_t n_rows = 0;
  std::uint64_t out_of_session = 0;
  std::uint64_t suspicious = 0;
  std::uint64_t out_of_bounds = 0;  // a price or quantity that no instrument has, or a time beyond 2^62 ns
  std::uint64_t one_sided = 0;
  std::uint64_t zero_size = 0;
  std::uint64_t crossed = 0;
  std::uint64_t locked = 0;
  std::uint64_t unchanged = 0;
  std::uint64_t duplicate = 0;
  std::uint64_t late = 0;
  std::uint64_t stale = 0;
  std::uint64_t outlier = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t unknown_symbol = 0;
  std::uint64_t without_effect = 0;  // control events; book levels where the spec reads no book
  std::uint64_t gaps = 0;  // events before which the source lost some: the symbol began anew

  template <class Self, class Visit>
  static void visit(Self& self, Visit&& each) {
    each("n_events", self.n_events), each("n_rows", self.n_rows), each("out_of_session", self.out_of_session);
    each("suspicious", self.suspicious), each("out_of_bounds", self.out_of_bounds), each("one_sided", self.one_sided);
    each("zero_size", self.zero_size), each("crossed", self.crossed), each("locked", self.locked);
    each("unchanged", self.unchanged), each("duplicate", self.duplicate), each("late", self.late);
    each("stale", self.stale), each("outlier", self.outlier);
    each("out_of_order", self.out_of_order), each("unknown_symbol", self.unknown_symbol);
    each("without_effect", self.without_effect), each("gaps", self.gaps);
  }
};

}  // namespace hft::feature
