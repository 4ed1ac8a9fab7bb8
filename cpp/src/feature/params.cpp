#include "params.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace hft::feature {
namespace {

constexpr const char* kMaxEvents = "max_events";

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

[[noreturn]] void refuse(const Param& param, const std::string& rule, const ParamValue& value,
                         const std::string& hint = "") {
  const bool quoted = std::holds_alternative<std::string>(value);
  const std::string shown = quoted ? "\"" + text_of(value) + "\"" : text_of(value);
  throw std::invalid_argument(param.name + " must be " + rule + ", was " + shown + hint);
}

std::string span_of(const Operation& op, const Param& param, const std::string& text) {
  try {
    return WindowLength::time(WindowLength::parse_span_ns(text, op.standalone)).text();
  } catch (const std::invalid_argument&) {
    if (param.max > 0.0) throw;  // the window's own words; a time that is no window has others
    refuse(param, "a time such as \"5s\", longer than 0 and at most 366 days", text);
  }
}

/// What is read back from "1 2.5 4"; commas are blanks.
std::vector<double> numbers_of(const Param& param, const std::string& text) {
  std::vector<double> all;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    while (at != end && (*at == ' ' || *at == ',' || *at == '\n' || *at == '\t')) ++at;
    if (at == end) return all;
    const auto [next, error] = std::from_chars(at, end, all.emplace_back());
    if (error != std::errc{}) refuse(param, "numbers such as \"1 2.5 4\"", text);
    at = next;
  }
}

std::string one_spelling(const std::vector<double>& numbers) {
  std::string text;
  for (const double x : numbers) text.append(text.empty() ? "" : " ").append(text_of(x));
  return text;
}

/// "hold:2000ms" is "hold:2s": a word of the choices, and its time where the word ends in a colon.
std::string policy_of(const Operation& op, const Param& param, const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string word = text.substr(0, colon == std::string::npos ? colon : colon + 1);
  std::vector<std::string> shown = param.choices;
  for (std::string& choice : shown) choice += choice.back() == ':' ? "TIME" : "";
  if (std::ranges::find(param.choices, word) == param.choices.end()) {
    refuse(param, "one of " + join(shown), text, did_you_mean(word, param.choices));
  }
  if (colon == std::string::npos) return text;
  try {
    const std::int64_t span_ns = WindowLength::parse_span_ns(text.substr(colon + 1), op.standalone);
    return word + WindowLength::time(span_ns).text();
  } catch (const std::invalid_argument&) {
    refuse(param, word + " and a time such as \"5s\", longer than 0 and at most 366 days", text);
  }
}

ParamValue typed(const Operation& op, const Param& param, const ParamValue& value) {
  const auto* integer = std::get_if<std::int64_t>(&value);
  const auto* real = std::get_if<double>(&value);
  const auto* text = std::get_if<std::string>(&value);
  switch (param.type) {
    case ParamType::kInteger:
      if (integer == nullptr) refuse(param, "an integer", value);
      return *integer;
    case ParamType::kReal:
      if (text != nullptr) refuse(param, "a number", value);
      return real != nullptr ? *real : static_cast<double>(*integer);
    case ParamType::kChoice:
      if (text == nullptr || std::ranges::find(param.choices, *text) == param.choices.end()) {
        refuse(param, "one of " + join(param.choices), value,
               text != nullptr ? did_you_mean(*text, param.choices) : "");
      }
      return *text;
    case ParamType::kFormula:
      if (text == nullptr) refuse(param, "text such as \"bid_px - 0.5 * spread_px\"", value);
      return *text;
    case ParamType::kNumbers: return one_spelling(numbers_of(param, text_of(value)));
    case ParamType::kPolicy:
      if (text == nullptr) refuse(param, "text such as \"hold:2s\"", value);
      return policy_of(op, param, *text);
    case ParamType::kWindow:
      if (real != nullptr || (text == nullptr && param.max == 0.0)) {
        refuse(param, param.max == 0.0 ? "a time such as \"5s\"" : "an integer or a time such as \"5s\"", value);
      }
      if (text != nullptr) return span_of(op, param, *text);
      return *integer;
  }
  return value;
}

}  // namespace

WindowLength Params::window() const {
  const ParamValue& value = values_.at("window");
  if (const auto* n = std::get_if<std::int64_t>(&value)) return WindowLength::count(*n, owner_);
  const std::int64_t span_ns = WindowLength::parse_span_ns(std::get<std::string>(value), owner_);
  return WindowLength::time(span_ns, integer(kMaxEvents), owner_);
}

std::vector<double> Params::numbers(const std::string& name) const {
  return numbers_of({.name = name, .type = ParamType::kNumbers, .choices = {}, .doc = {}}, text(name));
}

std::pair<std::string, std::int64_t> Params::policy(const std::string& name) const {
  const std::string& whole = text(name);
  const std::size_t colon = whole.find(':');
  if (colon == std::string::npos) return {whole, 0};
  return {whole.substr(0, colon + 1), WindowLength::parse_span_ns(whole.substr(colon + 1), owner_)};
}

std::string text_of(const ParamValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, std::get<double>(value));
  return {digits, end};
}

Params resolve(const Operation& op, const std::map<std::string, ParamValue>& given) {
  std::vector<std::string> known;
  std::map<std::string, ParamValue> values;
  for (const Param& param : op.params) {
    known.push_back(param.name);
    const auto it = given.find(param.name);
    if (it != given.end())
      values[param.name] = typed(op, param, it->second);
    else if (param.required)
      throw std::invalid_argument(param.name + " is missing: " + param.doc);
    else
      values[param.name] = param.fallback;
  }
  for (const auto& [name, value] : given) {
    if (values.contains(name)) continue;
    const std::string takes = known.empty() ? "takes no parameters" : "takes " + join(known);
    throw std::invalid_argument("unknown parameter '" + name + "'" + did_you_mean(name, known) + "; " + op.name + " " +
                                takes);
  }
  const auto window = values.find("window");
  if (window != values.end() && std::holds_alternative<std::int64_t>(window->second)) {
    if (given.contains(kMaxEvents))
      throw std::invalid_argument("max_events is for time windows; this window is a count");
    values.erase(kMaxEvents);
  }
  return {std::move(values), op.standalone};
}

namespace {

bool is_said(const Param& param, const Params& params) {
  const auto it = params.values().find(param.name);
  return it != params.values().end() && (param.required || it->second != param.fallback);
}

/// A name of what may be a formula: its words, joined.
std::string words_of(const std::string& text) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  };
  if (std::ranges::all_of(text, [&](char c) { return good(c) || c == '-'; })) return text;  // a name already
  std::string words;
  for (const char c : text) {
    if (good(c)) words += c;
    else if (!words.empty() && words.back() != '_') words += '_';
  }
  while (!words.empty() && words.back() == '_') words.pop_back();
  return words;
}

}  // namespace

std::string call_text(const Operation& op, const std::string& input, const Params& params) {
  std::string text = op.name + "(" + input;
  for (const Param& param : op.params) {
    if (!is_said(param, params)) continue;
    const ParamValue& value = params.values().at(param.name);
    const char* quote = std::holds_alternative<std::string>(value) ? "'" : "";
    text += (text.back() == '(' ? "" : ", ") + param.name + "=" + quote + text_of(value) + quote;
  }
  return text + ")";
}

std::string default_name(const Operation& op, const std::string& input, const Params& params) {
  std::string name = op.name;
  if (!input.empty()) name.append(1, '_').append(words_of(input));
  for (const Param& param : op.params) {
    const bool chosen = param.type == ParamType::kChoice && is_said(param, params);
    const bool required = param.required && param.type != ParamType::kFormula && param.type != ParamType::kNumbers;
    if (chosen || required) name.append(1, '_').append(words_of(text_of(params.values().at(param.name))));
  }
  return name;
}

}  // namespace hft::feature
