#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "hft/base/descriptor.hpp"
#include "hft/event/format.hpp"
#include "hft/event/instrument.hpp"
#include "source.hpp"

namespace hft::daemon {

/// Inputs from a file or from standard input: packed records behind their preamble, or JSON lines. One lane, whose
/// offsets count the records. A daemon that goes on skips what it had: the same stream must be given again.
class TapeSource final : public Source {
 public:
  /// Cold path: an empty path is standard input. Throws Fatal (kConfig) where the tape cannot be read, or its
  /// instrument table is not `instruments`.
  TapeSource(const std::filesystem::path& path, event::Format format, std::span<const event::Instrument> instruments,
             std::uint64_t begin);

  [[nodiscard]] std::size_t poll(std::span<RawInput> out, std::chrono::milliseconds timeout) override;
  [[nodiscard]] std::size_t poll_lane(std::size_t, sequence::Lane, std::span<RawInput> out,
                                      std::chrono::milliseconds timeout) override {
    return poll(out, timeout);
  }
  void release() override {}
  void go_live() override {}
  [[nodiscard]] bool ended() const override { return ended_; }
  [[nodiscard]] std::uint64_t begins_at(std::size_t, sequence::Lane) const override { return begin_; }
  [[nodiscard]] bool is_behind(std::size_t, sequence::Lane) const override { return false; }
  [[nodiscard]] std::string name_of(const RawInput& input) const override {
    return name_ + ":0:" + std::to_string(input.offset);
  }

 private:
  [[nodiscard]] std::span<const std::byte> left() const noexcept;
  bool fill(std::chrono::milliseconds timeout);
  /// The next record, or nothing where more bytes are needed first.
  [[nodiscard]] std::span<const std::byte> take_record();
  [[nodiscard]] std::span<const std::byte> take_packed();
  [[nodiscard]] std::span<const std::byte> take_line();
  void read_preamble(std::span<const event::Instrument> instruments);

  std::string name_;
  event::Format format_;
  base::Descriptor file_;
  std::uint64_t begin_;
  std::uint64_t next_ = 0;
  std::vector<std::byte> buffer_;
  std::size_t at_ = 0;
  std::size_t filled_ = 0;
  bool at_end_ = false;  // of the bytes
  std::atomic<bool> ended_{false};  // the control thread looks, too
};

}  // namespace hft::daemon
