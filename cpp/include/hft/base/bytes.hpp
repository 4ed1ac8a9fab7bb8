#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace hft::base {

static_assert(std::endian::native == std::endian::little, "stored bytes are little-endian, and so is every target");

/// Appends values to a byte string: one that grows, or room that the caller has made.
///
/// Growing is for cold paths: it allocates. Fixed room is never left and nothing throws: what does not fit is left out,
/// as is all that follows, and overflowed() says so.
class ByteWriter {
 public:
  static constexpr bool kReads = false;

  ByteWriter() = default;
  explicit ByteWriter(std::span<std::byte> room) noexcept
      : begin_{room.data()}, at_{begin_}, end_{begin_ + room.size()}, is_fixed_{true} {}
  ByteWriter(const ByteWriter&) = delete;
  ByteWriter& operator=(const ByteWriter&) = delete;

  template <class T>
    requires(std::is_arithmetic_v<T> || std::is_enum_v<T>)
  void operator()(const T& value) {
    put(&value, sizeof value);
  }
  void operator()(std::string_view text) {
    (*this)(static_cast<std::uint32_t>(text.size()));
    put(text.data(), text.size());
  }
  void append(std::span<const std::byte> raw) { put(raw.data(), raw.size()); }
  /// Makes room for so many bytes in all, where it grows.
  void reserve(std::size_t n_bytes) {
    if (!is_fixed_ && n_bytes > static_cast<std::size_t>(end_ - begin_)) grow_to(n_bytes);
  }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {begin_, at_}; }
  [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }

 private:
  void put(const void* raw, std::size_t n_bytes) {
    if (n_bytes > static_cast<std::size_t>(end_ - at_)) [[unlikely]] {
      if (is_fixed_) {
        end_ = at_;
        overflowed_ = true;
        return;
      }
      const auto used = static_cast<std::size_t>(at_ - begin_);
      grow_to(std::max({2 * used, used + n_bytes, kLeastBytes}));
    }
    if (n_bytes == 0) return;  // of no text, there may be no address either
    std::memcpy(at_, raw, n_bytes);
    at_ += n_bytes;
  }
  void grow_to(std::size_t n_bytes) {
    const auto used = static_cast<std::size_t>(at_ - begin_);
    auto grown = std::make_unique_for_overwrite<std::byte[]>(n_bytes);
    if (used != 0) std::memcpy(grown.get(), begin_, used);
    owned_ = std::move(grown);
    begin_ = owned_.get(), at_ = begin_ + used, end_ = begin_ + n_bytes;
  }

  static constexpr std::size_t kLeastBytes = 256;

  std::unique_ptr<std::byte[]> owned_;
  std::byte* begin_ = nullptr;
  std::byte* at_ = nullptr;
  std::byte* end_ = nullptr;
  bool is_fixed_ = false;
  bool overflowed_ = false;
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

/// A bool as one byte: any other than 0 and 1 is no bool.
template <class Bool, class Archive>
void archive_bool(Bool& value, Archive& ar) {
  auto byte = static_cast<std::uint8_t>(value);
  ar(byte);
  if constexpr (Archive::kReads) {
    if (byte > 1) throw std::invalid_argument("stored bool must be 0 or 1, was " + std::to_string(byte));
    value = byte == 1;
  }
}

}  // namespace hft::base
