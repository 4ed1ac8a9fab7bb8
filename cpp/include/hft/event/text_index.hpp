#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace hft::event {

/// Finds short texts in a fixed set: symbols, keys. Open addressing, at most half full, no text outside its slot.
///
/// Cost: one hash of at most four words and, nearly always, one line of cache; no allocation.   Many threads may look.
class TextIndex {
 public:
  static constexpr std::size_t kMaxBytes = 32;
  static constexpr std::uint32_t kNone = 0xFFFF'FFFFU;

  TextIndex() = default;
  /// Cold path: throws std::invalid_argument where a text is empty, longer than kMaxBytes or there twice.
  explicit TextIndex(std::span<const std::string_view> texts) {
    slots_.resize(std::bit_ceil(2 * texts.size() + 2));
    mask_ = slots_.size() - 1;
    shift_ = 64U - static_cast<unsigned>(std::countr_zero(slots_.size()));
    for (std::size_t i = 0; i < texts.size(); ++i) insert(texts[i], static_cast<std::uint32_t>(i));
  }

  /// Its place in the set, or kNone.
  [[nodiscard]] std::uint32_t find(std::string_view text) const noexcept {
    if (text.size() > 8) return find_long(text);
    const std::uint64_t word = short_word(text);
    for (std::size_t at = home(word);; at = next(at)) {
      const Slot& slot = slots_[at];
      if (slot.words[0] == word && slot.n_bytes == text.size()) [[likely]]
        return slot.index;
      if (slot.n_bytes == 0) return kNone;
    }
  }

 private:
  using Words = std::array<std::uint64_t, kMaxBytes / 8>;
  struct Slot {
    Words words{};              // zero-filled
    std::uint32_t n_bytes = 0;  // 0: empty
    std::uint32_t index = kNone;
  };

  [[nodiscard]] std::uint32_t find_long(std::string_view text) const noexcept {
    if (text.size() > kMaxBytes) [[unlikely]]
      return kNone;
    const Words words = words_of(text);
    for (std::size_t at = home(fold(words));; at = next(at)) {
      const Slot& slot = slots_[at];
      if (slot.words == words && slot.n_bytes == text.size()) [[likely]]
        return slot.index;
      if (slot.n_bytes == 0) return kNone;
    }
  }

  /// At most eight bytes as a word; no byte after the text's end is read.
  static std::uint64_t short_word(std::string_view text) noexcept {
    const std::size_t n = text.size();
    if (n >= 4) {
      std::uint32_t low = 0, high = 0;
      std::memcpy(&low, text.data(), 4);
      std::memcpy(&high, text.data() + n - 4, 4);
      return low | (std::uint64_t{high} << (8 * (n - 4)));
    }
    if (n == 0) return 0;
    // First, middle and last byte: of one or two bytes they coincide.
    const auto byte = [&](std::size_t at) { return std::uint64_t{static_cast<unsigned char>(text[at])} << (8 * at); };
    return byte(0) | byte(n / 2) | byte(n - 1);
  }

  static Words words_of(std::string_view text) noexcept {
    Words words{};
    for (std::size_t n = 0; !text.empty(); ++n) {
      words[n] = short_word(text.substr(0, 8));
      text.remove_prefix(text.size() < 8 ? text.size() : 8);
    }
    return words;
  }

  /// A short text folds to its only word.
  static std::uint64_t fold(const Words& words) noexcept {
    return words[0] ^ std::rotl(words[1] * kOdd, 17) ^ std::rotl(words[2] * kOdd, 31) ^ std::rotl(words[3] * kOdd, 47);
  }
  [[nodiscard]] std::size_t home(std::uint64_t folded) const noexcept {
    const std::uint64_t h = folded * kOdd;
    return static_cast<std::size_t>((h ^ (h >> 32)) * kOdd >> shift_);
  }
  [[nodiscard]] std::size_t next(std::size_t at) const noexcept { return (at + 1) & mask_; }

  void insert(std::string_view text, std::uint32_t index) {
    if (text.empty() || text.size() > kMaxBytes) {
      throw std::invalid_argument("a name must have 1 to " + std::to_string(kMaxBytes) + " bytes, was '" +
                                  std::string{text} + "'");
    }
    if (find(text) != kNone) throw std::invalid_argument("there are two of '" + std::string{text} + "'");
    const Words words = words_of(text);
    std::size_t at = home(fold(words));
    while (slots_[at].n_bytes != 0) at = next(at);
    slots_[at] = {words, static_cast<std::uint32_t>(text.size()), index};
  }

  static constexpr std::uint64_t kOdd = 0x9E37'79B9'7F4A'7C15ULL;
  std::vector<Slot> slots_{2};  // a power of two, at least half of it empty
  std::size_t mask_ = 1;
  unsigned shift_ = 63;
};

}  // namespace hft::event
