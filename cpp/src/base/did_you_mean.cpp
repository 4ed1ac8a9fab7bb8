#include "hft/base/did_you_mean.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace hft::base {
namespace {

/// Levenshtein distance: single letters inserted, removed or replaced.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + static_cast<std::size_t>(a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

std::string did_you_mean(std::string_view wrong, std::span<const std::string> known) {
  constexpr std::size_t kFar = 1000;
  std::string_view best;
  std::size_t best_distance = kFar;
  for (const std::string& name : known) {
    std::size_t distance = edit_distance(wrong, name);
    if (distance > std::max(wrong.size(), name.size()) / 3) {
      // "std" is far from "rolling_std", and yet it is what was meant.
      const bool part = wrong.size() >= 3 && (contains(name, wrong) || contains(wrong, name));
      distance = part ? 100 + distance : kFar;
    }
    if (distance < best_distance) best = name, best_distance = distance;
  }
  return best.empty() ? std::string{} : " (did you mean '" + std::string(best) + "'?)";
}

}  // namespace hft::base
