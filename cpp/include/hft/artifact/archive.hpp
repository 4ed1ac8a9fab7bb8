#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace hft::artifact {

inline constexpr std::size_t kMaxMembers = 16;
inline constexpr std::size_t kMaxModelBytes = std::size_t{1} << 31;  // so that every offset fits ZIP's 32 bits
inline constexpr std::size_t kMaxNameBytes = 100;

using Members = std::map<std::string, std::string>;  // name to bytes

/// A model's files in memory, of a folder or of one .hft file. `path` is where they were read; errors call a member
/// path / name. What Python's hftcore.archive says of the two holds here.
struct ModelFiles {
  std::filesystem::path path;
  Members members;

  [[nodiscard]] std::filesystem::path where(const std::string& name) const { return path / name; }
  [[nodiscard]] const std::string& at(const std::string& name) const { return members.at(name); }
};

/// Reads a model's folder or .hft file whole; nothing in it is believed yet. Throws ArtifactError.
[[nodiscard]] ModelFiles read_files(const std::filesystem::path& path);

/// The bytes of the .hft file of these members: a ZIP archive of stored members in the one spelling that they have.
/// Takes what unpack() and read_files() give: names are plain, counts and sizes within the limits above.
[[nodiscard]] std::string pack(const Members& members);

/// The members of a .hft file. Throws ArtifactError if a single byte is another than pack() writes for them.
[[nodiscard]] Members unpack(std::string_view raw, const std::filesystem::path& path);

/// Whether a name can be a file's in a model: letters, digits, dot, dash and underscore, no dot or dash first.
[[nodiscard]] bool is_plain(std::string_view name) noexcept;

}  // namespace hft::artifact
