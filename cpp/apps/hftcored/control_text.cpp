#include "control_text.hpp"

#include "hft/base/json.hpp"

namespace hft::daemon {
namespace {

constexpr std::string_view kControl = "{\"control\":";
constexpr std::string_view kInputs = ",\"n_inputs\":";
constexpr std::string_view kStart = ",\"start\":";
constexpr std::string_view kSettings = ",\"settings\":";

std::size_t n_digits(std::uint64_t n) noexcept {
  std::size_t digits = 1;
  for (; n >= 10; n /= 10) ++digits;
  return digits;
}

}  // namespace

std::string control_text(std::uint64_t number, std::uint64_t n_inputs, const Change& change) {
  std::string text{kControl};
  text += std::to_string(number);
  (text += kInputs) += std::to_string(n_inputs);
  if (!change.start.empty()) (text += kStart) += change.start;
  (text += kSettings) += change.json;
  return text += "}";
}

std::size_t control_text_bytes(std::uint64_t number, std::uint64_t n_inputs, const Change& change) noexcept {
  const std::size_t start_bytes = change.start.empty() ? 0 : kStart.size() + change.start.size();
  return kControl.size() + n_digits(number) + kInputs.size() + n_digits(n_inputs) + start_bytes + kSettings.size() +
         change.json.size() + 1;
}

std::string settings_in(std::string_view control) { return base::Json::parse(control).at("settings").canonical(); }

std::map<sequence::Lane, std::uint64_t> start_in(std::string_view control) {
  std::map<sequence::Lane, std::uint64_t> start;
  const base::Json parsed = base::Json::parse(control);
  const base::Json* found = parsed.find("start");
  for (std::size_t i = 0; found != nullptr && i < found->keys().size(); ++i) {
    start[static_cast<sequence::Lane>(std::stoul(found->keys()[i]))] =
        static_cast<std::uint64_t>(found->items()[i].as_int64());
  }
  return start;
}

std::string start_text(const std::map<sequence::Lane, std::uint64_t>& start) {
  std::string text = "{";
  for (const auto& [lane, offset] : start) {
    text += (text.size() > 1 ? ",\"" : "\"") + std::to_string(lane) + "\":" + std::to_string(offset);
  }
  return text + "}";
}

}  // namespace hft::daemon
