#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hft/telemetry/log.hpp"

namespace hft::telemetry {

/// One JSON object, built in place: allocates nothing, never grows beyond what a pipe takes in one piece (PIPE_BUF).
class LogLine {
 public:
  static constexpr std::size_t kMaxBytes = 4'096;
  static constexpr std::size_t kMaxValueBytes = 1'024;  // of a text before escaping

  LogLine() noexcept { put('{'); }

  void add(const Field& field) noexcept;
  /// UTC to the microsecond, RFC 3339.
  void add_time(std::int64_t unix_ns) noexcept;

  /// The line with its end. Nothing may be added afterwards.
  [[nodiscard]] std::string_view finish() noexcept;

 private:
  /// Room for what finish() adds after everything else.
  static constexpr std::string_view kCutEnd = ",\"cut\":true}\n";

  void put(char c) noexcept {
    if (size_ < kMaxBytes - kCutEnd.size()) {
      bytes_[size_++] = c;
    } else {
      is_full_ = true;
    }
  }
  void put(std::string_view text) noexcept {
    for (const char c : text) put(c);
  }
  void put_number(double value) noexcept;
  template <class Integer>
  void put_integer(Integer value) noexcept;
  void put_text(std::string_view text) noexcept;
  void put_escaped(unsigned char c) noexcept;

  std::array<char, kMaxBytes> bytes_;
  std::size_t size_ = 0;
  bool is_full_ = false;  // something did not fit at all
  bool is_cut_ = false;
};

}  // namespace hft::telemetry
