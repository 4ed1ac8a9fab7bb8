#include "hft/config/errors.hpp"

namespace hft::config {
namespace {

std::string lines_of(const std::vector<Problem>& problems) {
  std::string lines;
  for (const Problem& problem : problems) lines += (lines.empty() ? "" : "\n") + problem.message();
  return lines;
}

}  // namespace

std::string Problem::message() const {
  std::string out = file;
  if (line > 0) out += ":" + std::to_string(line) + ":" + std::to_string(column);
  if (!key.empty()) out += ": " + key;
  return out + ": " + text;
}

ConfigErrors::ConfigErrors(std::vector<Problem> problems)
    : std::runtime_error(lines_of(problems)), problems_{std::move(problems)} {}

}  // namespace hft::config
