#include "hft/artifact/archive.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "hft/artifact/artifact.hpp"

namespace {

using hft::artifact::ArtifactError;
using hft::artifact::Members;
using hft::artifact::pack;
using hft::artifact::read_files;
using hft::artifact::unpack;

const Members kFiles{{"forest.bin", std::string(100, '\7')}, {"manifest.json", "{}"}, {"model_card.md", ""}};

std::string refusal(const std::string& data) {
  try {
    (void)unpack(data, "up.hft");
  } catch (const ArtifactError& error) {
    return error.what();
  }
  return "";
}

TEST(Archive, WhatIsPackedComesBack) { EXPECT_EQ(unpack(pack(kFiles), "up.hft"), kFiles); }

TEST(Archive, EveryByteCounts) {
  const std::string whole = pack(kFiles);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string other = whole;
      other[at] = static_cast<char>(other[at] ^ (1 << bit));
      EXPECT_NE(refusal(other), "") << at << " " << bit;
    }
  }
}

TEST(Archive, EveryLengthCounts) {
  const std::string whole = pack(kFiles);
  for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_NE(refusal(whole.substr(0, n)), "") << n;
  EXPECT_NE(refusal(whole + '\0'), "");
}

TEST(Archive, NamesThatAreNoFilesOfAModelAreRefused) {
  for (const char* name : {"../a", "/a", ".a", "-a", "a b", "a\\b", "\xC3\xBC"}) {
    EXPECT_NE(refusal(pack({{name, "1"}})).find("plain names"), std::string::npos) << name;
  }
  EXPECT_NE(refusal(pack({{std::string(101, 'a'), "1"}})).find("plain names"), std::string::npos);
}

TEST(Archive, BytesOfAnyOriginAreSafe) {
  std::mt19937 random{7};
  const std::string whole = pack(kFiles);
  for (int round = 0; round < 20'000; ++round) {
    std::string data = whole;
    for (int change = 0; change < 3; ++change) {
      const std::size_t at = random() % data.size();
      switch (random() % 3) {
        case 0: data[at] = static_cast<char>(random()); break;
        case 1: data.erase(at, random() % 20); break;
        default: data.insert(at, data.substr(at, random() % 20)); break;
      }
      if (data.empty()) break;
    }
    if (data != whole && refusal(data).empty()) {
      EXPECT_EQ(pack(unpack(data, "up.hft")), data);
    }
  }
}

TEST(Archive, AFolderAndAFileHoldTheSame) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                       ("hftcore-archive-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  for (const auto& [name, data] : kFiles) std::ofstream{folder / name, std::ios::binary} << data;
  const std::filesystem::path file = folder.string() + ".hft";
  std::ofstream{file, std::ios::binary} << pack(kFiles);
  EXPECT_EQ(read_files(folder).members, kFiles);
  EXPECT_EQ(read_files(file).members, kFiles);
  EXPECT_EQ(read_files(file).where("manifest.json"), file / "manifest.json");
  std::filesystem::create_directory(folder / "inner");
  EXPECT_THROW((void)read_files(folder), ArtifactError);
  std::filesystem::remove_all(folder);
  std::filesystem::remove(file);
  EXPECT_THROW((void)read_files(folder), ArtifactError);
}

}  // namespace
