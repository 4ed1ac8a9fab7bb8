#pragma once

#include <ostream>
#include <string>
#include <utility>

namespace hft::config {

/// Text that no log, message or description shows: it prints as ***. reveal() is the one way to it.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_{std::move(text)} {}
  [[nodiscard]] const std::string& reveal() const noexcept { return text_; }
  friend bool operator==(const Secret&, const Secret&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "***"; }

 private:
  std::string text_;
};

}  // namespace hft::config
