#include "hft/snapshot/store.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "hft/base/descriptor.hpp"
#include "hft/base/fault.hpp"
#include "image.hpp"

namespace hft::snapshot {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemporary = ".writing";  // behind the name that it will have

[[noreturn]] void fail(const fs::path& folder, const std::string& what, const std::error_code& reason) {
  throw SnapshotError(folder.string() + ": " + what + ": " + reason.message());
}

Saved failed(const fs::path& path, const char* what, int error_number) noexcept {
  Saved result;
  result.error_number = error_number == 0 ? EIO : error_number;
  try {
    const std::error_code reason{result.error_number, std::generic_category()};
    result.what = path.string() + ": " + what + ": " + reason.message();
  } catch (const std::bad_alloc&) {  // the number alone must do
  }
  return result;
}

}  // namespace

Store::Store(fs::path folder, std::size_t keep) : folder_{std::move(folder)}, keep_{keep} {
  if (keep_ < kMinKeep) {
    throw std::invalid_argument("snapshots: keep must be >= " + std::to_string(kMinKeep) + ", was " +
                                std::to_string(keep_));
  }
  std::error_code reason;
  fs::create_directories(folder_, reason);
  if (reason) fail(folder_, "the snapshot folder cannot be made", reason);
  std::vector<fs::path> leftovers;
  for (const auto& entry : fs::directory_iterator{folder_, reason}) {
    std::string name = entry.path().filename().string();
    const bool is_leftover = name.ends_with(kTemporary);
    if (is_leftover) name.resize(name.size() - kTemporary.size());
    const auto number = number_in(name);
    if (!number) continue;  // not ours
    last_number_ = std::max(last_number_, *number);
    if (is_leftover) leftovers.push_back(entry.path());
  }
  if (reason) fail(folder_, "the snapshot folder cannot be read", reason);
  for (const auto& path : leftovers) fs::remove(path, reason);  // what cannot be removed is overwritten or never read
}

std::vector<std::uint64_t> Store::numbers() const {
  std::vector<std::uint64_t> found;
  std::error_code reason;
  for (const auto& entry : fs::directory_iterator{folder_, reason}) {
    if (const auto number = number_in(entry.path().filename().string())) found.push_back(*number);
  }
  if (reason) fail(folder_, "the snapshot folder cannot be read", reason);
  std::ranges::sort(found);
  return found;
}

Saved Store::save(std::span<const std::byte> payload) noexcept { return save(std::span{&payload, 1}); }

Saved Store::save(std::span<const std::span<const std::byte>> pieces) noexcept try {
  const std::uint64_t number = last_number_ + 1;
  const fs::path path = folder_ / image_name(number);
  const fs::path temporary = path.string() + std::string{kTemporary};
  const auto give_up = [&](const char* what) {
    const int error_number = errno;
    ::unlink(temporary.c_str());
    return failed(path, what, error_number);
  };
  {
    const base::Descriptor file{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
    if (!file.is_open()) return give_up("cannot be made");
    if (!write_image(file.get(), number, pieces)) return give_up("cannot be written");
  }
  base::fault_point(base::FaultPoint::kBeforeRename);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return give_up("cannot be named");
  base::fault_point(base::FaultPoint::kAfterRename);
  last_number_ = number;  // taken from here on, whatever the folder's disk says
  if (!base::sync_folder(folder_.c_str())) return failed(path, "its folder cannot be synchronised", errno);

  std::uint64_t n_bytes = sizeof(ImageHeader);
  for (const auto& piece : pieces) n_bytes += piece.size();
  prune();
  return {number, n_bytes, 0, {}};
} catch (const std::exception&) {  // no memory for a path
  return failed({}, "cannot be written", ENOMEM);
}

void Store::prune() try {
  const auto is_damaged = [&](std::uint64_t number) { return std::ranges::find(damaged_, number) != damaged_.end(); };
  auto found = numbers();
  std::size_t n_kept = 0;
  while (!found.empty() && n_kept < keep_) {
    if (!is_damaged(found.back())) ++n_kept;
    found.pop_back();
  }
  for (const std::uint64_t number : found) {
    ::unlink((folder_ / image_name(number)).c_str());  // tried again after the next one
  }
} catch (const std::exception&) {  // the snapshot itself is safe; old files stay for now
}

Search Store::newest_valid(const Accept& accept) {
  Search result;
  auto found = numbers();
  for (; !found.empty(); found.pop_back()) {
    const fs::path path = folder_ / image_name(found.back());
    ReadImage read = read_image(path, found.back());
    if (read.image && accept) {
      try {
        accept(*read.image);
      } catch (const std::exception& refused) {
        read = {{}, std::string{"refused: "} + refused.what()};
      }
    }
    if (read.image) {
      result.found = std::move(read.image);
      break;
    }
    if (std::ranges::find(damaged_, found.back()) == damaged_.end()) damaged_.push_back(found.back());
    result.rejected.push_back({path, std::move(read.reason)});
  }
  return result;
}

}  // namespace hft::snapshot
