#include "hft/artifact/npz.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "crc32.hpp"

namespace hft::artifact {
namespace {

constexpr std::string_view kLocalMark{"PK\3\4"};
constexpr std::string_view kCentralMark{"PK\1\2"};
constexpr std::string_view kEndMark{"PK\5\6"};
constexpr std::size_t kLocalBytes = 30;
constexpr std::size_t kCentralBytes = 46;
constexpr std::size_t kEndBytes = 22;
constexpr std::uint32_t kZip64 = 0xFFFFFFFF;  // the true number stands elsewhere: archives beyond 4 GiB

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument("no npz archive: " + what); }

template <class T>
T number_at(std::string_view bytes, std::size_t at) {
  if (at > bytes.size() || bytes.size() - at < sizeof(T)) refuse("it ends too soon");
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);  // little-endian, as every target is
  return value;
}

std::string_view part(std::string_view bytes, std::size_t at, std::size_t n) {
  if (at > bytes.size() || bytes.size() - at < n) refuse("it ends too soon");
  return bytes.substr(at, n);
}

struct Entry {
  std::string name;
  std::string_view data;
};

/// A member, of which the central directory's record begins at `at`; moves `at` behind the record.
Entry read_entry(std::string_view bytes, std::size_t& at) {
  if (part(bytes, at, 4) != kCentralMark) refuse("its directory is damaged");
  const auto flags = number_at<std::uint16_t>(bytes, at + 8);
  const auto method = number_at<std::uint16_t>(bytes, at + 10);
  const auto crc = number_at<std::uint32_t>(bytes, at + 16);
  const auto stored_bytes = number_at<std::uint32_t>(bytes, at + 20);
  const auto data_bytes = number_at<std::uint32_t>(bytes, at + 24);
  const auto name_bytes = number_at<std::uint16_t>(bytes, at + 28);
  const auto extra_bytes = number_at<std::uint16_t>(bytes, at + 30);
  const auto comment_bytes = number_at<std::uint16_t>(bytes, at + 32);
  const auto offset = number_at<std::uint32_t>(bytes, at + 42);
  const std::string name{part(bytes, at + kCentralBytes, name_bytes)};
  at += kCentralBytes + std::size_t{name_bytes} + extra_bytes + comment_bytes;

  constexpr std::uint16_t kUnreadable = 0x1 | 0x20 | 0x40;  // encrypted, patched, strongly encrypted
  if ((flags & kUnreadable) != 0 || method != 0) refuse(name + " is compressed or encrypted; np.savez stores");
  if (data_bytes == kZip64 || offset == kZip64) refuse(name + " is larger than probes are");
  if (stored_bytes != data_bytes) refuse(name + " has two lengths");
  const std::size_t local = offset;
  if (part(bytes, local, 4) != kLocalMark) refuse(name + " is not where the directory says");
  const auto local_name_bytes = number_at<std::uint16_t>(bytes, local + 26);
  const auto local_extra_bytes = number_at<std::uint16_t>(bytes, local + 28);
  if (part(bytes, local + kLocalBytes, local_name_bytes) != name) refuse(name + " has two names");
  const std::size_t begin = local + kLocalBytes + local_name_bytes + local_extra_bytes;
  const std::string_view data = part(bytes, begin, data_bytes);
  if (crc32(data) != crc) refuse(name + " was altered: its CRC-32 does not fit");
  return {name, data};
}

/// Python's literal in a .npy header: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 5), }
class NpyHeader {
 public:
  explicit NpyHeader(std::string_view text) : text_{text} {
    expect('{');
    while (!next_is('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr") descr = once(has_descr_, quoted());
      else if (key == "fortran_order") fortran = once(has_order_, word());
      else if (key == "shape") shape = once(has_shape_, tuple());
      else refuse_header();
      if (!next_is(',')) {
        expect('}');
        break;
      }
    }
    skip_blanks();
    if (!text_.empty() || !has_descr_ || !has_order_ || !has_shape_) refuse_header();
  }
  std::string descr;
  std::vector<std::size_t> shape;
  bool fortran = false;

 private:
  [[noreturn]] static void refuse_header() { refuse("a header of an array is damaged"); }
  template <class T>
  static T once(bool& seen, T value) {
    if (std::exchange(seen, true)) refuse_header();
    return value;
  }
  void skip_blanks() {
    text_.remove_prefix(std::min(text_.find_first_not_of(" \t\n\r\f"), text_.size()));
  }
  bool next_is(char c) {
    skip_blanks();
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!next_is(c)) refuse_header();
  }
  std::string quoted() {
    skip_blanks();
    const char quote = text_.empty() ? '\0' : text_.front();
    const std::size_t end = text_.find(quote, 1);
    if ((quote != '\'' && quote != '"') || end == std::string_view::npos) refuse_header();
    std::string value{text_.substr(1, end - 1)};
    text_.remove_prefix(end + 1);
    return value;
  }
  bool word() {
    skip_blanks();
    const bool value = text_.starts_with("True");
    if (!value && !text_.starts_with("False")) refuse_header();
    text_.remove_prefix(value ? 4 : 5);
    return value;
  }
  std::vector<std::size_t> tuple() {
    std::vector<std::size_t> numbers;
    expect('(');
    while (!next_is(')')) {
      skip_blanks();
      const std::size_t n_digits = std::min(text_.find_first_not_of("0123456789"), text_.size());
      if (n_digits == 0 || n_digits > 9) refuse_header();  // no product of two overflows
      numbers.push_back(std::stoull(std::string{text_.substr(0, n_digits)}));
      text_.remove_prefix(n_digits);
      if (!next_is(',')) {
        expect(')');
        if (numbers.size() == 1) refuse_header();  // (3) is a number, (3,) a tuple
        break;
      }
    }
    return numbers;
  }

  std::string_view text_;
  bool has_descr_ = false;
  bool has_order_ = false;
  bool has_shape_ = false;
};

/// Element (i, j) of an n x m matrix stored by columns goes to where it is stored by rows.
void turn(NpyArray& array) {
  const std::size_t n = array.shape[0];
  const std::size_t m = array.shape[1];
  const std::vector<std::byte> by_columns = array.data;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < m; ++j) std::memcpy(&array.data[8 * (i * m + j)], &by_columns[8 * (j * n + i)], 8);
  }
}

}  // namespace

NpyArray parse_npy(std::string_view bytes) {
  if (part(bytes, 0, 6) != "\x93NUMPY") refuse("a member is no .npy array");
  const char major = part(bytes, 6, 2)[0];
  if (major < 1 || major > 3 || bytes[7] != 0) refuse("an array has an unknown .npy version");
  const std::size_t n_length = major == 1 ? 2 : 4;
  const std::size_t n_header = major == 1 ? number_at<std::uint16_t>(bytes, 8) : number_at<std::uint32_t>(bytes, 8);
  const NpyHeader header{part(bytes, 8 + n_length, n_header)};
  if (header.descr.find('O') != std::string::npos) throw std::invalid_argument("Object arrays cannot be loaded");
  if (header.shape.size() > 2) refuse("an array has more than two dimensions");
  std::size_t n_elements = 1;
  for (const std::size_t n : header.shape) n_elements *= n;
  const std::string_view data = bytes.substr(8 + n_length + n_header);
  if (!header.descr.ends_with('8')) refuse("an array is of " + header.descr + ", not of elements of 8 bytes");
  if (data.size() % 8 != 0 || data.size() / 8 != n_elements) refuse("an array holds more or less than its shape says");
  NpyArray array{header.descr, header.shape, {}};
  const auto* first = reinterpret_cast<const std::byte*>(data.data());
  array.data.assign(first, first + data.size());
  if (header.fortran && header.shape.size() == 2) turn(array);
  return array;
}

std::map<std::string, NpyArray> parse_npz(std::string_view bytes) {
  if (!bytes.starts_with(kLocalMark)) refuse("it does not begin as one");
  const std::size_t end = bytes.rfind(kEndMark);
  if (end == std::string_view::npos || bytes.size() - end < kEndBytes) refuse("it has no directory");
  const std::size_t n_directory = number_at<std::uint32_t>(bytes, end + 12);
  const std::size_t offset = number_at<std::uint32_t>(bytes, end + 16);
  if (offset + n_directory != end) refuse("its directory is damaged");
  std::map<std::string, NpyArray> arrays;
  for (std::size_t at = offset; at < end;) {
    const Entry entry = read_entry(bytes, at);
    std::string name = entry.name;
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    if (!arrays.emplace(name, parse_npy(entry.data)).second) refuse(name + " occurs twice");
  }
  return arrays;
}

}  // namespace hft::artifact
