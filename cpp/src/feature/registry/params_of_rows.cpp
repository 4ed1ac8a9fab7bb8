#include <utility>

#include "rows.hpp"

namespace hft::feature {

Param integer(const IntRange& range, std::string doc) {
  return {.name = std::string(range.name),
          .type = ParamType::kInteger,
          .min = static_cast<double>(range.min),
          .max = static_cast<double>(range.max),
          .choices = {},
          .doc = std::move(doc)};
}

Param integer(const IntRange& range, std::int64_t fallback, std::string doc) {
  Param param = integer(range, std::move(doc));
  param.required = false;
  param.fallback = fallback;
  return param;
}

Param real(const RealRange& range, std::string doc) {
  Param param = real(range, 0.0, std::move(doc));
  param.required = true;
  return param;
}

Param real(const RealRange& range, double fallback, std::string doc) {
  return {.name = std::string(range.name),
          .type = ParamType::kReal,
          .required = false,
          .fallback = fallback,
          .min = range.min,
          .max = range.max,
          .choices = {},
          .doc = std::move(doc)};
}

Param choice(std::string name, std::vector<std::string> choices, std::string doc) {
  ParamValue first = choices.front();
  return {.name = std::move(name),
          .type = ParamType::kChoice,
          .required = false,
          .fallback = std::move(first),
          .choices = std::move(choices),
          .doc = std::move(doc)};
}

std::vector<Param> windowed(std::int64_t min_count, std::vector<Param> more) {
  Param window{.name = "window",
               .type = ParamType::kWindow,
               .min = static_cast<double>(min_count),
               .max = static_cast<double>(kMaxWindow),
               .choices = {},
               .doc = "an integer: the last n inputs; text such as \"5s\": the inputs of (t - 5s, t]"};
  Param room =
      integer(WindowLength::kMaxEvents, "room of a time window; if more inputs fall inside, the oldest leaves early");
  room.required = false;
  room.fallback = WindowLength::kDefaultMaxEvents;
  std::vector<Param> all{window, room};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace hft::feature
