#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hft::config {

/// One thing that is wrong, or (as a warning) unwise, in a configuration file.
struct Problem {
  std::string file;
  std::uint32_t line = 0;  // from 1; 0: not about a line
  std::uint32_t column = 0;
  std::string key;   // "risk.max_order_qty"; empty: about the file
  std::string text;  // the rule, the allowed values and the value found

  /// file:line:column: key: text
  [[nodiscard]] std::string message() const;
};

/// Everything that is wrong with a configuration, in the order of the file; what() has one line for each.
class ConfigErrors : public std::runtime_error {
 public:
  explicit ConfigErrors(std::vector<Problem> problems);
  [[nodiscard]] const std::vector<Problem>& problems() const noexcept { return problems_; }

 private:
  std::vector<Problem> problems_;
};

}  // namespace hft::config
