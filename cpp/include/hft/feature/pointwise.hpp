#pragma once

#include <cstdint>
#include <utility>

#include "hft/feature/concept.hpp"
#include "hft/feature/node.hpp"

namespace hft::feature {

/// An operation that is a function of its newest input alone, as it stands alone: the value of that input.
///
/// `Map` has `double of(double x) const noexcept`, NaN for what has no value. In a pipeline there is no such state:
/// MapReader reads the input and maps it.
template <class Map>
class Pointwise {
 public:
  explicit Pointwise(Map map) : map_{std::move(map)} {}

  void update(double x) noexcept { value_ = map_.of(x); }
  [[nodiscard]] double value() const noexcept { return value_; }
  [[nodiscard]] std::uint32_t lookback() const noexcept { return 0; }
  void reset() noexcept { value_ = kNotReady; }

  template <class Self, class Archive>
  static void archive(Self& self, Archive& ar) {
    ar(self.value_);
  }

 private:
  Map map_;
  double value_ = kNotReady;
};

/// Reads an input through a function of it: as fresh as the input is, whatever steps it or changes it with the time.
template <class Map>
class MapReader final : public Reader {
 public:
  explicit MapReader(Map map) : map_{std::move(map)} {}

  [[nodiscard]] double read(const View& view) const noexcept override { return map_.of(input_->read(view)); }
  void advance(const View& view) const noexcept override { input_->advance(view); }
  void bind_input(const Reader& input) noexcept override { input_ = &input; }

 private:
  Map map_;
  const Reader* input_ = nullptr;
};

}  // namespace hft::feature
