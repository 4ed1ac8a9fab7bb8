#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace hft::snapshot {

/// The folder of snapshots cannot be used.
class SnapshotError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What became of one save(). A failed one left the older snapshots as they were.
struct Saved {
  std::uint64_t number = 0;   // of the new snapshot; 0 when it failed
  std::uint64_t n_bytes = 0;  // of its file
  int error_number = 0;       // errno; 0 when saved
  std::string what;           // "snapshot-7.hfts: cannot be written: No space left on device"; empty when saved

  [[nodiscard]] explicit operator bool() const noexcept { return error_number == 0; }
};

/// A snapshot in memory, its checksum right.
struct Loaded {
  std::uint64_t number = 0;
  std::filesystem::path path;

  [[nodiscard]] std::span<const std::byte> payload() const noexcept { return {bytes.get(), n_bytes}; }
  std::unique_ptr<std::byte[]> bytes;
  std::size_t n_bytes = 0;
};

struct Rejected {
  std::filesystem::path path;
  std::string reason;
};

/// The newest snapshot that passed every test, and the newer ones that did not, newest first.
struct Search {
  std::optional<Loaded> found;
  std::vector<Rejected> rejected;
};

/// A folder of numbered state images, of which a machine that stops at any moment leaves the last whole one readable.
///
/// save() writes a temporary file, forces it to the disk, renames it and forces the folder: a name `snapshot-N.hfts`
/// exists only over complete bytes. Numbers rise and are never used again, also not those of damaged files. The payload
/// belongs to the caller; its meaning and its positions in the input are not read here.
///
/// Cost: save is the disk's time plus 0.1 ns a byte, and no allocation of the payload's size. One thread at a time, and
/// one process (its lock is the caller's). The process must ignore SIGXFSZ to meet a file size limit alive.
class Store {
 public:
  static constexpr std::size_t kMinKeep = 3;  // newest damaged and its predecessor refused must not be the end

  /// Cold path: makes the folder and removes temporary files of a writer that was stopped. Throws
  /// std::invalid_argument unless keep >= 3, SnapshotError when the folder cannot be used.
  Store(std::filesystem::path folder, std::size_t keep);

  /// Writes the next snapshot, then removes all but the newest `keep` of those not found damaged.
  [[nodiscard]] Saved save(std::span<const std::byte> payload) noexcept;
  /// The same for a payload that lies in pieces.
  [[nodiscard]] Saved save(std::span<const std::span<const std::byte>> pieces) noexcept;

  /// Takes the payload, or throws any std::exception to refuse it: its what() becomes the reason.
  using Accept = std::function<void(const Loaded&)>;

  /// Reads from the newest file back until one is whole and accepted. Never throws over a file's content.
  [[nodiscard]] Search newest_valid(const Accept& accept = {});

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
  /// Numbers of the files that are there, rising. Throws SnapshotError when the folder cannot be read.
  [[nodiscard]] std::vector<std::uint64_t> numbers() const;

 private:
  void prune();

  std::filesystem::path folder_;
  std::size_t keep_;
  std::uint64_t last_number_ = 0;
  std::vector<std::uint64_t> damaged_;  // found so by newest_valid: they do not count as kept
};

}  // namespace hft::snapshot
