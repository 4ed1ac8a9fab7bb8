#include "hft/artifact/archive.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "crc32.hpp"
#include "files.hpp"

namespace hft::artifact {
namespace {

constexpr std::string_view kLocalMark{"PK\3\4"};
constexpr std::string_view kCentralMark{"PK\1\2"};
constexpr std::string_view kEndMark{"PK\5\6"};
constexpr std::size_t kLocalBytes = 30;
constexpr std::uint16_t kVersion = 20;
constexpr std::uint16_t kSomeDay = 33;  // 1980-01-01, the first that ZIP knows

template <class T>
void put(std::string& out, T value) {  // little-endian, as every target is
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

std::uint32_t u32_at(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

/// What a member's header and its record in the directory share: version to length of the extra field.
std::string common_of(std::string_view name, std::string_view data) {
  std::string out;
  put(out, kVersion);
  put(out, std::uint16_t{0});  // flags
  put(out, std::uint16_t{0});  // stored
  put(out, std::uint16_t{0});  // midnight
  put(out, kSomeDay);
  put(out, crc32(data));
  put(out, static_cast<std::uint32_t>(data.size()));
  put(out, static_cast<std::uint32_t>(data.size()));
  put(out, static_cast<std::uint16_t>(name.size()));
  put(out, std::uint16_t{0});
  return out;
}

/// Header and bytes of each member go to one text, its record in the directory to another.
class Writer {
 public:
  /// Returns the header.
  std::string add(std::string_view name, std::string_view data) {
    const std::string common = common_of(name, data);
    std::string header{kLocalMark};
    header.append(common).append(name);
    records_.append(kCentralMark);
    put(records_, kVersion);
    records_.append(common).append(10, '\0');  // comment, disk, attributes
    put(records_, offset_);
    records_.append(name);
    offset_ += static_cast<std::uint32_t>(header.size() + data.size());
    ++n_members_;
    return header;
  }

  [[nodiscard]] std::string directory() const {
    std::string out = records_;
    out.append(kEndMark).append(4, '\0');
    put(out, n_members_);
    put(out, n_members_);
    put(out, static_cast<std::uint32_t>(records_.size()));
    put(out, offset_);
    put(out, std::uint16_t{0});
    return out;
  }

 private:
  std::string records_;
  std::uint32_t offset_ = 0;
  std::uint16_t n_members_ = 0;
};

[[noreturn]] void refuse_too_large(const std::filesystem::path& path) {
  refuse(path, "a model holds at most " + std::to_string(kMaxModelBytes) + " bytes");
}

[[noreturn]] void refuse_too_many(const std::filesystem::path& path) {
  refuse(path, "a model holds at most " + std::to_string(kMaxMembers) + " files");
}

Members read_folder(const std::filesystem::path& folder) {
  const std::filesystem::path manifest = folder / kManifestFile;
  if (!std::filesystem::is_regular_file(manifest)) {
    refuse(folder, "no model folder: there is no file " + manifest.string());
  }
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    found.push_back(entry.path());
    if (found.size() > kMaxMembers) refuse_too_many(folder);
  }
  std::ranges::sort(found);
  std::uintmax_t n_bytes = 0;
  for (const std::filesystem::path& entry : found) {
    if (!std::filesystem::is_regular_file(entry)) refuse(entry, "is not part of this model: it is no file");
    n_bytes += std::filesystem::file_size(entry);
  }
  if (n_bytes > kMaxModelBytes) refuse_too_large(folder);
  Members members;
  for (const std::filesystem::path& entry : found) members.emplace(entry.filename().string(), read_file(entry));
  return members;
}

}  // namespace

bool is_plain(std::string_view name) noexcept {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.size() <= kMaxNameBytes && is_word(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_word(c) || c == '.' || c == '-'; });
}

ModelFiles read_files(const std::filesystem::path& path) {
  try {
    if (std::filesystem::is_directory(path)) return {path, read_folder(path)};
    if (std::filesystem::is_regular_file(path)) {
      if (std::filesystem::file_size(path) > kMaxModelBytes + kMaxMembers * 4 * kMaxNameBytes) refuse_too_large(path);
      return {path, unpack(read_file(path), path)};
    }
  } catch (const std::filesystem::filesystem_error& error) {
    refuse(error.path1(), "cannot be read: " + error.code().message());
  }
  refuse(path, "no model: there is no such file or folder");
}

std::string pack(const Members& members) {
  Writer writer;
  std::string out;
  for (const auto& [name, data] : members) out.append(writer.add(name, data)).append(data);
  return out.append(writer.directory());
}

Members unpack(std::string_view raw, const std::filesystem::path& path) {
  Members members;
  Writer writer;
  std::size_t at = 0;
  while (raw.substr(at).starts_with(kLocalMark)) {
    if (raw.size() - at < kLocalBytes) refuse(path, "no model file: it ends too soon");
    const std::size_t size = u32_at(raw, at + 22);
    const std::size_t n_name = u32_at(raw, at + 26) & 0xFFFFU;
    const std::size_t begin = at + kLocalBytes + n_name;
    if (begin > raw.size() || raw.size() - begin < size) refuse(path, "no model file: it ends too soon");
    const std::string_view name = raw.substr(at + kLocalBytes, n_name);
    if (!is_plain(name) || (!members.empty() && name <= members.rbegin()->first)) {
      refuse(path, "no model file: its files must have plain names, each once and sorted");
    }
    if (members.size() == kMaxMembers) refuse_too_many(path);
    const std::string_view data = raw.substr(begin, size);
    if (writer.add(name, data) != raw.substr(at, begin - at)) {
      refuse(path, "was altered: " + std::string{name} + " does not have the header that its bytes have");
    }
    members.emplace(name, data);
    at = begin + size;
  }
  if (members.empty()) refuse(path, "no model file: it does not begin as one");
  if (raw.substr(at) != writer.directory()) refuse(path, "was altered: its directory is not that of its files");
  return members;
}

}  // namespace hft::artifact
