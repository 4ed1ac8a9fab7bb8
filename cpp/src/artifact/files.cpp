#include "files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace hft::artifact {
namespace {

std::string text_of(const std::string& name) { return "'" + name + "'"; }
std::string text_of(int number) { return std::to_string(number); }

/// A list as Python prints it.
template <class T>
std::string text_of(const std::vector<T>& values) {
  std::string out;
  for (const T& value : values) out += (out.empty() ? "" : ", ") + text_of(value);
  return "[" + out + "]";
}

[[noreturn]] void refuse_other(const std::filesystem::path& path, std::string_view what, const std::string& expected,
                               const std::string& found) {
  refuse(path, std::string{what} + " must be " + expected + ", was " + found);
}

}  // namespace

void refuse(const std::filesystem::path& path, const std::string& what) {
  throw ArtifactError(path.string() + ": " + what);
}

void expect(const std::filesystem::path& path, std::string_view what, const std::string& expected,
            const std::string& found) {
  if (expected != found) refuse_other(path, what, expected, found);
}

void expect(const std::filesystem::path& path, std::string_view what, const std::vector<std::string>& expected,
            const std::vector<std::string>& found) {
  if (expected != found) refuse_other(path, what, text_of(expected), text_of(found));
}

void expect(const std::filesystem::path& path, std::string_view what, const std::vector<int>& expected,
            const std::vector<int>& found) {
  if (expected != found) refuse_other(path, what, text_of(expected), text_of(found));
}

std::string read_file(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) refuse(path, std::string{"cannot be read: "} + std::strerror(errno));
  std::string bytes;
  std::array<char, 1 << 16> block;
  ssize_t n = 0;
  while ((n = ::read(file, block.data(), block.size())) != 0) {
    if (n > 0) bytes.append(block.data(), static_cast<std::size_t>(n));
    else if (errno != EINTR) break;
  }
  const int error = n < 0 ? errno : 0;
  ::close(file);
  if (error != 0) refuse(path, std::string{"cannot be read: "} + std::strerror(error));
  return bytes;
}

base::Json parse_object(const std::filesystem::path& path, std::string_view text) {
  base::Json found;
  try {
    found = base::Json::parse(text);
  } catch (const base::JsonError& error) {
    refuse(path, std::string{"no JSON: "} + error.what());
  }
  if (!found.is(base::Json::Kind::kObject)) {
    refuse(path, "must hold a JSON object, held " + std::string{name_of(found.kind())});
  }
  return found;
}

}  // namespace hft::artifact
