#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hft::artifact {

/// One array of an npz file, in C order.
struct NpyArray {
  std::string descr;  // NumPy's name of the type: "<f8", "<i8"
  std::vector<std::size_t> shape;
  std::vector<std::byte> data;  // elements of 8 bytes
};

/// The arrays of an npz file as np.savez writes it: a ZIP archive of stored (not compressed) .npy members whose CRC-32
/// must fit, elements of 8 bytes. Bytes of any origin are safe. Cold path: throws std::invalid_argument.
[[nodiscard]] std::map<std::string, NpyArray> parse_npz(std::string_view bytes);

/// One .npy member (versions 1 to 3); Fortran order is turned into C order.
[[nodiscard]] NpyArray parse_npy(std::string_view bytes);

}  // namespace hft::artifact
