#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace hft::telemetry {

enum class Level : std::uint8_t { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3 };

/// "debug", "info", "warning", "error"; nothing for other words.
[[nodiscard]] std::optional<Level> parse_level(std::string_view text) noexcept;

/// One key and its value. Holds views: lives as long as the call that it is an argument of.
struct Field {
  using Value = std::variant<bool, std::int64_t, std::uint64_t, double, std::string_view>;

  Field(std::string_view k, bool v) noexcept : key{k}, value{v} {}
  template <class T>
    requires(std::is_integral_v<T> && std::is_signed_v<T>)
  Field(std::string_view k, T v) noexcept : key{k}, value{std::int64_t{v}} {}
  template <class T>
    requires(std::is_integral_v<T> && std::is_unsigned_v<T> && !std::is_same_v<T, bool>)
  Field(std::string_view k, T v) noexcept : key{k}, value{std::uint64_t{v}} {}
  Field(std::string_view k, double v) noexcept : key{k}, value{v} {}
  Field(std::string_view k, std::string_view v) noexcept : key{k}, value{v} {}
  Field(std::string_view k, const char* v) noexcept : key{k}, value{std::string_view{v}} {}
  Field(std::string_view k, const std::string& v) noexcept : key{k}, value{std::string_view{v}} {}

  std::string_view key;
  Value value;
};

/// One JSON object per line: {"ts": ..., "level": ..., "name": ..., "msg": ..., then the fields in their order}.
///
///   log.warning("broker is down", {{"broker", 2}, {"error", text}});
///
/// A message is known by its text, so variable parts go into fields. Of the same text at most kBurst lines leave per
/// kWindow; the next one after that says how many did not ("suppressed"). A line is at most 4,096 bytes, which a pipe
/// takes whole; longer values are cut ("cut": true). A reader that left or stands still costs lines ("dropped" on the
/// next), never the process: no SIGPIPE, and no wait beyond kMaxWait.
///
/// Cost: microseconds and a lock: cold threads only. Any number of threads; never throws, never allocates after start.
class Log {
 public:
  static constexpr std::uint32_t kBurst = 5;
  static constexpr std::chrono::seconds kWindow{10};
  static constexpr std::chrono::milliseconds kMaxWait{100};

  /// To a descriptor that is open elsewhere; 2 is standard error.
  explicit Log(std::string name, Level least = Level::kInfo, int fd = 2);
  /// Appends to a file. Throws std::system_error naming it.
  Log(std::string name, Level least, const std::filesystem::path& path);
  ~Log();
  Log(Log&&) = delete;

  using Fields = std::initializer_list<Field>;
  void write(Level level, std::string_view msg, Fields fields = {}) noexcept;
  void debug(std::string_view msg, Fields fields = {}) noexcept { write(Level::kDebug, msg, fields); }
  void info(std::string_view msg, Fields fields = {}) noexcept { write(Level::kInfo, msg, fields); }
  void warning(std::string_view msg, Fields fields = {}) noexcept { write(Level::kWarning, msg, fields); }
  void error(std::string_view msg, Fields fields = {}) noexcept { write(Level::kError, msg, fields); }

  void set_least(Level least) noexcept;
  [[nodiscard]] bool takes(Level level) const noexcept;

 private:
  class Sink;
  std::unique_ptr<Sink> sink_;
};

}  // namespace hft::telemetry
