#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace hft::base {

static_assert(std::endian::native == std::endian::little, "stored bytes are little-endian, and so is every target");

/// Appends values to a growing byte string. Cold path: allocates.
class ByteWriter {
 public:
  static constexpr bool kReads = false;

  template <class T>
    requires(std::is_arithmetic_v<T> || std::is_enum_v<T>)
  void operator()(const T& value) {
    const auto* raw = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), raw, raw + sizeof value);
  }
  void operator()(std::string_view text) {
    (*this)(static_cast<std::uint32_t>(text.size()));
    const auto* raw = reinterpret_cast<const std::byte*>(text.data());
    bytes_.insert(bytes_.end(), raw, raw + text.size());
  }
  void append(std::span<const std::byte> raw) { bytes_.insert(bytes_.end(), raw.begin(), raw.end()); }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

/// Reads back what ByteWriter wrote. Cold path: throws std::invalid_argument where the bytes end too soon.
class ByteReader {
 public:
  static constexpr bool kReads = true;

  explicit ByteReader(std::span<const std::byte> bytes) : bytes_{bytes} {}

  template <class T>
    requires(std::is_arithmetic_v<T> || std::is_enum_v<T>)
  void operator()(T& value) {
    std::memcpy(&value, take(sizeof value), sizeof value);
  }
  void operator()(std::string& text) {
    std::uint32_t n_bytes = 0;
    (*this)(n_bytes);
    text.assign(reinterpret_cast<const char*>(take(n_bytes)), n_bytes);
  }
  /// The next bytes as they are; valid as long as what this reads from.
  [[nodiscard]] std::span<const std::byte> take_bytes(std::size_t n_bytes) { return {take(n_bytes), n_bytes}; }
  [[nodiscard]] std::size_t left() const noexcept { return bytes_.size() - at_; }

 private:
  const std::byte* take(std::size_t n_bytes) {
    if (n_bytes > left()) {
      throw std::invalid_argument("bytes end too soon: " + std::to_string(n_bytes) + " expected at offset " +
                                  std::to_string(at_) + ", " + std::to_string(left()) + " left");
    }
    const std::byte* p = bytes_.data() + at_;
    at_ += n_bytes;
    return p;
  }
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
};

}  // namespace hft::base
