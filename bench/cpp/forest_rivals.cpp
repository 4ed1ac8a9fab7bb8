// One row through one forest, ours beside its rivals, by the same caller: python bench/python/models.py --cpp trains
// the forest, has every rival compile it, fills a folder with what they made and runs this program on it.
//
// HFT_FOREST names the folder: forest.bin, rows.bin, margins.bin; compiled.so (ours), stock.so (TL2cgen), lleaves.so,
// and model.txt for LightGBM, whose library HFT_LIGHTGBM names. What is missing is left out. They take turns of 1,024
// rows each, so that a slow second of the machine hits all; of each only the fastest half of the turns counts.
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "hft/model/forest_model.hpp"
#include "hft/telemetry/tick_clock.hpp"

namespace {

using namespace hft;
using Margin = std::function<double(const double* row)>;

constexpr std::size_t kTurnRows = 1'024;
constexpr std::size_t kTurns = 64;

struct Contender {
  std::string name;
  Margin margin;
  double tolerance = 0.0;  // of its margins beside the library's that trained the forest
  std::vector<std::vector<std::int64_t>> turns{};
};

template <class T>
std::vector<T> read_all(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw std::runtime_error{path.string() + ": cannot be read"};
  const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
  std::vector<T> values(bytes.size() / sizeof(T));
  std::copy_n(bytes.data(), values.size() * sizeof(T), reinterpret_cast<char*>(values.data()));
  return values;
}

/// A function of a library, of which one stays open for as long as the program runs.
template <class F>
F* function_of(const std::filesystem::path& library, const char* name) {
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* found = handle == nullptr ? nullptr : dlsym(handle, name);
  if (found == nullptr) throw std::runtime_error{library.string() + ": " + dlerror()};
  return reinterpret_cast<F*>(found);
}

Margin ours(const std::shared_ptr<model::ForestModel>& forest) {
  return [forest](const double* row) {
    double margin = 0.0;
    forest->predict_margin({row, forest->n_features()}, {&margin, 1});
    return margin;
  };
}

Margin lightgbm(const std::filesystem::path& library, const std::filesystem::path& model, std::size_t n_features) {
  constexpr int kFloat64 = 1;
  constexpr int kRawScore = 1;
  const auto check = [](int status) {
    if (status != 0) throw std::runtime_error{"LightGBM refused"};
  };
  void* booster = nullptr;
  void* fast = nullptr;
  int n_iterations = 0;
  check(function_of<int(const char*, int*, void**)>(library, "LGBM_BoosterCreateFromModelfile")(
      model.c_str(), &n_iterations, &booster));
  check(function_of<int(void*, int, int, int, int, std::int32_t, const char*, void**)>(
      library, "LGBM_BoosterPredictForMatSingleRowFastInit")(booster, kRawScore, 0, -1, kFloat64,
                                                             static_cast<std::int32_t>(n_features), "num_threads=1",
                                                             &fast));
  auto* predict = function_of<int(void*, const void*, std::int64_t*, double*)>(
      library, "LGBM_BoosterPredictForMatSingleRowFast");
  return [predict, fast](const double* row) {
    std::int64_t n_out = 0;
    double margin = 0.0;
    predict(fast, row, &n_out, &margin);
    return margin;
  };
}

std::vector<Contender> contenders(const std::filesystem::path& folder, std::size_t& n_features) {
  std::vector<Contender> all;
  const auto bytes = read_all<std::byte>(folder / "forest.bin");
  for (const std::string& path : model::kernel_paths()) {
    auto forest = std::make_shared<model::ForestModel>(
        model::ForestModel::from_forest(bytes, 1, model::OutputRule::kIdentity, 1.0, path));
    n_features = forest->n_features();
    if (forest->path() == path) all.push_back({"hftcore " + path, ours(forest)});
  }
  if (std::filesystem::exists(folder / "compiled.so")) {
    all.push_back({"hftcore compiled",
                   ours(std::make_shared<model::ForestModel>(model::ForestModel::from_library(
                       folder / "compiled.so", n_features, 1, model::OutputRule::kIdentity, 1.0)))});
  }
  if (std::filesystem::exists(folder / "lleaves.so")) {
    auto* root = function_of<void(const double*, double*, int, int)>(folder / "lleaves.so", "forest_root");
    all.push_back({"lleaves", [root](const double* row) {
                     double margin = 0.0;
                     root(row, &margin, 0, 1);
                     return margin;
                   }, 1e-9});
  }
  if (std::filesystem::exists(folder / "stock.so")) {
    auto* predict = function_of<void(const double*, int, double*)>(folder / "stock.so", "predict");
    all.push_back({"TL2cgen C", [predict](const double* row) {
                     double margin = 0.0;
                     predict(row, 1, &margin);
                     return margin;
                   }, 1e-9});
  }
  if (const char* library = std::getenv("HFT_LIGHTGBM"); library != nullptr) {
    all.push_back({"LightGBM fast", lightgbm(library, folder / "model.txt", n_features)});
  }
  return all;
}

void check(const Contender& one, std::span<const double> rows, std::span<const double> margins, std::size_t width) {
  for (std::size_t i = 0; i < margins.size(); ++i) {
    const double found = one.margin(rows.data() + i * width);
    const bool same = std::bit_cast<std::uint64_t>(found) == std::bit_cast<std::uint64_t>(margins[i]);
    if (!same && !(std::abs(found - margins[i]) <= one.tolerance)) {
      throw std::runtime_error{one.name + ": row " + std::to_string(i) + " must give " + std::to_string(margins[i]) +
                               ", gave " + std::to_string(found)};
    }
  }
}

std::vector<std::int64_t> turn(const Contender& one, std::span<const double> rows, std::size_t width) {
  const auto& clock = telemetry::TickClock::instance();
  std::vector<std::int64_t> times;
  times.reserve(kTurnRows);
  double sum = 0.0;
  for (std::size_t i = 0; i < kTurnRows; ++i) {
    const std::uint64_t begin_ticks = clock.ticks();
    sum += one.margin(rows.data() + i * width);
    times.push_back(clock.ns_between(begin_ticks, clock.ticks()));
  }
  volatile double keep = sum;
  (void)keep;
  std::sort(times.begin(), times.end());
  return times;
}

std::int64_t clock_ns() {
  const Contender nothing{"", [](const double* row) { return *row; }};
  const std::vector<double> row(kTurnRows, 0.0);
  return turn(nothing, row, 1)[kTurnRows / 2];
}

/// The turns of one contender, the disturbed half of them left out.
std::vector<std::int64_t> calm(Contender& one) {
  std::ranges::sort(one.turns, {}, [](const auto& times) { return times[kTurnRows / 2]; });
  std::vector<std::int64_t> all;
  for (std::size_t i = 0; i < kTurns / 2; ++i) all.insert(all.end(), one.turns[i].begin(), one.turns[i].end());
  std::sort(all.begin(), all.end());
  return all;
}

int compare(const std::filesystem::path& folder) {
  std::size_t width = 0;
  std::vector<Contender> all = contenders(folder, width);
  const auto rows = read_all<double>(folder / "rows.bin");
  const auto margins = read_all<double>(folder / "margins.bin");
  const std::size_t n_rows = rows.size() / width;
  for (const Contender& one : all) check(one, rows, margins, width);
  for (std::size_t i = 0; i < kTurns; ++i) {
    const std::size_t first = i * kTurnRows % (n_rows - kTurnRows + 1);
    for (Contender& one : all) one.turns.push_back(turn(one, std::span{rows}.subspan(first * width), width));
  }
  const std::int64_t empty_ns = clock_ns();
  std::printf("%-20s %10s %10s   of %zu rows, less %lld ns for the clock\n", "one row, C++", "p50 ns", "p99 ns", n_rows,
              static_cast<long long>(empty_ns));
  for (Contender& one : all) {
    const std::vector<std::int64_t> times = calm(one);
    std::printf("%-20s %10lld %10lld\n", one.name.c_str(), static_cast<long long>(times[times.size() / 2] - empty_ns),
                static_cast<long long>(times[times.size() * 99 / 100] - empty_ns));
  }
  return EXIT_SUCCESS;
}

}  // namespace

int main() {
  const char* folder = std::getenv("HFT_FOREST");
  if (folder == nullptr) {
    std::puts("HFT_FOREST must name a folder; run python bench/python/models.py --cpp <build folder>");
    return EXIT_FAILURE;
  }
  try {
    return compare(folder);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
}
