#include "hft/model/forest_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <stdexcept>

#include "hft/base/number_text.hpp"
#include "hft/model/compiled_library.hpp"
#include "hft/model/forest.hpp"
#include "kernel_path.hpp"
#include "plain_walk.hpp"
#include "ranked_walk.hpp"

namespace hft::model {
namespace {

/// The library adds to what it finds.
class CompiledWalk {
 public:
  CompiledWalk(const std::string& path, std::size_t n_features, std::size_t n_margins)
      : library_{path, n_features, n_margins}, n_features_{n_features}, n_margins_{n_margins} {}

  void predict(const double* rows, std::size_t n_rows, double* margins) const noexcept {
    std::fill_n(margins, n_rows * n_margins_, 0.0);
    for (std::size_t i = 0; i < n_rows; ++i) library_.add_margins(rows + i * n_features_, margins + i * n_margins_);
  }

 private:
  CompiledLibrary library_;
  std::size_t n_features_;
  std::size_t n_margins_;
};

struct NamedPath {
  std::string_view name;
  std::span<const KernelPath> (*variants)() noexcept;
};
constexpr std::array<NamedPath, 4> kPaths{
    {{"vbmi", vbmi_paths}, {"avx512", avx512_paths}, {"avx2", avx2_paths}, {"scalar", scalar_paths}}};

std::string list_of(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// Those to try, fastest first.
std::span<const NamedPath> paths_from(std::string_view path) {
  const char* forced = path.empty() ? std::getenv("HFTCORE_KERNEL") : nullptr;
  if (forced != nullptr) path = forced;
  if (path.empty()) return kPaths;
  const auto chosen = std::ranges::find(kPaths, path, &NamedPath::name);
  if (chosen == kPaths.end() || chosen->variants().empty()) {
    const std::string what = forced != nullptr ? "HFTCORE_KERNEL" : "path";
    throw std::invalid_argument("ForestModel: " + what + " must be one that this CPU can run (" +
                                list_of(kernel_paths()) + "), was " + std::string{path});
  }
  return {chosen, kPaths.end()};
}

}  // namespace

std::vector<std::string> kernel_paths() {
  std::vector<std::string> names;
  for (const NamedPath& path : kPaths) {
    if (!path.variants().empty()) names.emplace_back(path.name);
  }
  return names;
}

ForestModel::ForestModel(std::size_t n_features, std::size_t n_classes, OutputRule rule, double alpha)
    : n_features_{n_features},
      n_margins_{n_margins_of(rule, n_classes)},
      n_classes_{n_classes},
      alpha_{alpha},
      rule_{rule} {
  if (n_classes == 0) throw std::invalid_argument("ForestModel: n_classes must be >= 1, was 0");
  if (rule == OutputRule::kSigmoid && n_classes != 2) {
    throw std::invalid_argument("ForestModel: n_classes under the rule sigmoid must be 2, was " +
                                std::to_string(n_classes));
  }
  if (!(std::isfinite(alpha) && alpha > 0.0)) {
    throw std::invalid_argument("ForestModel: alpha must be finite and > 0, was " + base::shortest_text(alpha));
  }
}

template <class Walk>
void ForestModel::walk_with(std::shared_ptr<const Walk> walk, std::string_view path) {
  forest_ = std::move(walk);
  predict_ = [](const void* forest, const double* rows, std::size_t n_rows, double* margins) noexcept {
    static_cast<const Walk*>(forest)->predict(rows, n_rows, margins);
  };
  path_ = path;
}

ForestModel ForestModel::from_forest(const Forest& forest, std::size_t n_classes, OutputRule rule, double alpha,
                                     std::string_view path) {
  ForestModel model{forest.n_features, n_classes, rule, alpha};
  if (model.n_margins_ != forest.n_margins) {
    throw std::invalid_argument("ForestModel: n_margins of the forest must be " + std::to_string(model.n_margins_) +
                                " for the rule and " + std::to_string(n_classes) + " classes, was " +
                                std::to_string(forest.n_margins));
  }
  const auto paths = paths_from(path);
  const auto plan = RankPlan::of(forest);
  for (const NamedPath& named : plan ? paths : std::span<const NamedPath>{}) {
    if (auto walk = RankedWalk::of(forest, *plan, named.variants())) {
      model.walk_with(std::move(walk), named.name);
      return model;
    }
  }
  model.walk_with(std::make_shared<const PlainWalk>(forest), "scalar");
  return model;
}

ForestModel ForestModel::from_library(const std::string& library_path, std::size_t n_features, std::size_t n_classes,
                                      OutputRule rule, double alpha) {
  ForestModel model{n_features, n_classes, rule, alpha};
  model.walk_with(std::make_shared<const CompiledWalk>(library_path, n_features, model.n_margins_), kCompiled);
  return model;
}

void ForestModel::predict_probas(std::span<const double> rows, std::size_t n_rows,
                                 std::span<double> proba) const noexcept {
  const std::span<double> margins = proba.last(n_rows * n_margins_);
  predict_margins(rows, n_rows, margins);
  scores_of(margins, n_rows, proba);
}

void ForestModel::scores_of(std::span<const double> margins, std::size_t n_rows,
                            std::span<double> scores) const noexcept {
  // From the front: where the margins are the last of the scores, none is overwritten that is still to be read.
  for (std::size_t i = 0; i < n_rows; ++i) {
    const std::span<double> own = scores.subspan(i * n_classes_, n_classes_);
    std::copy_n(margins.data() + i * n_margins_, n_margins_, own.data());
    apply_output_rule(rule_, alpha_, own);
  }
}

}  // namespace hft::model
