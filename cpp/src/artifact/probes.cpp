#include "probes.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <span>

#include "files.hpp"
#include "hft/artifact/npz.hpp"
#include "hft/base/number_text.hpp"

namespace hft::artifact {
namespace {

constexpr double kScoreTolerance = 1e-12;  // margins are sums and have defined bits; scores allow another exp

using Shape = std::vector<std::size_t>;
using Row = std::span<const double>;

std::string text_of(const Shape& shape) {
  std::string text;
  for (const std::size_t n : shape) text += (text.empty() ? "" : ", ") + std::to_string(n);
  return "(" + text + (shape.size() == 1 ? ",)" : ")");
}

std::string text_of(Row values) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "" : ", ") + base::shortest_text(value);
  return "[" + text + "]";
}

template <class T>
std::vector<T> values_of(const NpyArray& array) {
  std::vector<T> values(array.data.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), array.data.data(), array.data.size());
  return values;
}

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

bool near(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (std::isinf(a) || std::isinf(b)) return a == b;
  return std::abs(a - b) <= kScoreTolerance;
}

template <class Same>
void expect_rows(const std::filesystem::path& path, const std::string& what, const std::vector<double>& expected,
                 const std::vector<double>& found, std::size_t width, Same&& same) {
  const std::size_t n_rows = expected.size() / width;
  std::size_t n_differing = 0;
  std::size_t first = 0;
  for (std::size_t row = n_rows; row-- > 0;) {
    bool differs = false;
    for (std::size_t i = row * width; i < (row + 1) * width; ++i) differs = differs || !same(found[i], expected[i]);
    if (differs) ++n_differing, first = row;
  }
  if (n_differing == 0) return;
  const auto row_of = [&](const std::vector<double>& all) { return text_of(Row{all}.subspan(first * width, width)); };
  refuse(path, "probe row " + std::to_string(first) + " must give the " + what + " " + row_of(expected) + ", gave " +
                   row_of(found) + " (" + std::to_string(n_differing) + " of " + std::to_string(n_rows) +
                   " rows differ)");
}

}  // namespace

void check_probes(const std::filesystem::path& path, const model::ForestModel& model, const Manifest& manifest) {
  const auto n = static_cast<std::size_t>(manifest.n_probes);
  const std::vector<std::pair<std::string, Shape>> shapes{{"rows", {n, model.n_features()}},
                                                          {"margins", {n, model.n_margins()}},
                                                          {"scores", {n, model.n_classes()}},
                                                          {"classes", {model.n_classes()}}};
  std::map<std::string, NpyArray> arrays;
  try {
    arrays = parse_npz(read_file(path));
  } catch (const std::invalid_argument& error) {
    refuse(path, std::string{"no probes: "} + error.what());
  }
  std::vector<std::string> wanted;
  std::vector<std::string> stored;
  for (const auto& [name, shape] : shapes) wanted.push_back(name);
  std::ranges::sort(wanted);
  for (const auto& [name, array] : arrays) stored.push_back(name);
  expect(path, "list of arrays", wanted, stored);
  for (const auto& [name, shape] : shapes) {
    const NpyArray& array = arrays.at(name);
    const std::string type = name == "classes" ? "<i8" : "<f8";
    if (array.descr != type || array.shape != shape) {
      refuse(path, name + " must be " + type + " of shape " + text_of(shape) + ", was " + array.descr + " of shape " +
                       text_of(array.shape));
    }
  }

  std::vector<int> classes;
  for (const std::int64_t label : values_of<std::int64_t>(arrays.at("classes"))) {
    if (label != static_cast<int>(label)) refuse(path, "classes hold " + std::to_string(label) + ", which is no label");
    classes.push_back(static_cast<int>(label));
  }
  expect(path, "classes", manifest.classes, classes);

  const std::vector<double> rows = values_of<double>(arrays.at("rows"));
  std::vector<double> margins(n * model.n_margins());
  std::vector<double> scores(n * model.n_classes());
  for (std::size_t i = 0; i < n; ++i) {
    const Row row = Row{rows}.subspan(i * model.n_features(), model.n_features());
    model.predict_margin(row, std::span{margins}.subspan(i * model.n_margins(), model.n_margins()));
    model.predict_proba(row, std::span{scores}.subspan(i * model.n_classes(), model.n_classes()));
  }
  expect_rows(path, "margins", values_of<double>(arrays.at("margins")), margins, model.n_margins(), same_bits);
  expect_rows(path, "scores", values_of<double>(arrays.at("scores")), scores, model.n_classes(), near);
}

}  // namespace hft::artifact
