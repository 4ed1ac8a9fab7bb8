#include "hft/artifact/npz.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <stdexcept>

namespace {

using hft::artifact::NpyArray;
using hft::artifact::parse_npy;
using hft::artifact::parse_npz;

template <class T>
std::string raw(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

std::string npy(const std::string& header, const std::vector<double>& values) {
  std::string bytes = "\x93NUMPY";
  bytes += std::string("\1\0", 2) + raw(static_cast<std::uint16_t>(header.size())) + header;
  for (const double value : values) bytes += raw(value);
  return bytes;
}

std::uint32_t crc32(const std::string& bytes) {
  std::uint32_t crc = ~0U;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

/// One stored member.
std::string zip(const std::string& name, const std::string& data, std::uint16_t method = 0) {
  const auto n = static_cast<std::uint32_t>(data.size());
  const auto n_name = static_cast<std::uint16_t>(name.size());
  const std::string shared = raw<std::uint16_t>(20) + raw<std::uint16_t>(0) + raw(method) + raw<std::uint32_t>(0) +
                             raw(crc32(data)) + raw(n) + raw(n) + raw(n_name) + raw<std::uint16_t>(0);
  const std::string local = "PK\3\4" + shared + name + data;
  const std::string central = "PK\1\2" + raw<std::uint16_t>(20) + shared + std::string(14, '\0') + name;
  return local + central + "PK\5\6" + raw<std::uint32_t>(0) + raw<std::uint16_t>(1) + raw<std::uint16_t>(1) +
         raw(static_cast<std::uint32_t>(central.size())) + raw(static_cast<std::uint32_t>(local.size())) +
         raw<std::uint16_t>(0);
}

std::vector<double> values_of(const NpyArray& array) {
  std::vector<double> values(array.data.size() / sizeof(double));
  std::memcpy(values.data(), array.data.data(), array.data.size());
  return values;
}

const std::string kHeader = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }   \n";
const std::vector<double> kValues{1, 2, 3, 4, 5, 6};

TEST(Npy, IsReadWithItsShape) {
  const NpyArray array = parse_npy(npy(kHeader, kValues));
  EXPECT_EQ(array.descr, "<f8");
  EXPECT_EQ(array.shape, (std::vector<std::size_t>{2, 3}));
  EXPECT_EQ(values_of(array), kValues);
}

TEST(Npy, StoredByColumnsIsTurned) {
  const std::string header = "{\"shape\": (2, 3), 'fortran_order': True, 'descr': '<f8'}";
  EXPECT_EQ(values_of(parse_npy(npy(header, {1, 4, 2, 5, 3, 6}))), kValues);
}

TEST(Npy, ThatIsDamagedIsRefused) {
  for (const char* header :
       {"", "{", "{}", "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)",
        "{'descr': '<f8', 'fortran_order': 0, 'shape': (6,)}", "{'descr': '<f8', 'fortran_order': False, 'shape': (6)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (7,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-6,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (6,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (6,)} x",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000, 1000000, 1000000)}",
        "{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (6,)}"}) {
    EXPECT_THROW((void)parse_npy(npy(header, kValues)), std::invalid_argument) << header;
  }
}

TEST(Npz, HoldsArraysByName) {
  const auto arrays = parse_npz(zip("rows.npy", npy(kHeader, kValues)));
  ASSERT_EQ(arrays.size(), 1U);
  EXPECT_EQ(values_of(arrays.at("rows")), kValues);
}

TEST(Npz, RefusesWhatIsNotStoredOrWasAltered) {
  const std::string member = npy(kHeader, kValues);
  EXPECT_THROW((void)parse_npz(zip("rows.npy", member, 8)), std::invalid_argument);
  EXPECT_THROW((void)parse_npz(""), std::invalid_argument);
  EXPECT_THROW((void)parse_npz("before" + zip("rows.npy", member)), std::invalid_argument);
  std::string altered = zip("rows.npy", member);
  altered[altered.find(member) + member.size() - 1] ^= 1;
  EXPECT_THROW((void)parse_npz(altered), std::invalid_argument);
}

TEST(Npz, AnyDamageIsReadOrRefused) {
  const std::string whole = zip("rows.npy", npy(kHeader, kValues));
  std::mt19937 random{3};
  for (int i = 0; i < 50'000; ++i) {
    std::string bytes = whole;
    for (int n = 0; n < 3; ++n) {
      const std::size_t at = random() % bytes.size();
      if (random() % 3 == 0) bytes.erase(at, random() % 9);
      else bytes[at] = static_cast<char>(random() % 2 == 0 ? random() : 0xFF);
      if (bytes.empty()) bytes = whole;
    }
    try {
      (void)parse_npz(bytes);
    } catch (const std::invalid_argument&) {
    }
  }
}

}  // namespace
