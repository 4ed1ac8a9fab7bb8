#include "hft/snapshot/store.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstring>
#include <iostream>
#include <stdexcept>

#include "store_fixture.hpp"

namespace hft::snapshot {
namespace {

TEST_F(StoreTest, GivesBackWhatWasSavedUnderRisingNumbers) {
  Store store{folder, 3};
  EXPECT_FALSE(store.newest_valid().found);
  for (unsigned i = 1; i <= 3; ++i) {
    const auto payload = payload_of(100 * i, i);
    const Saved saved = store.save(payload);
    ASSERT_TRUE(saved) << saved.what;
    EXPECT_EQ(saved.number, i);
    EXPECT_EQ(saved.n_bytes, std::filesystem::file_size(file(i)));
    const Search search = store.newest_valid();
    ASSERT_TRUE(search.found);
    EXPECT_EQ(search.found->number, i);
    EXPECT_EQ(copy_of(search.found->payload()), payload);
    EXPECT_TRUE(search.rejected.empty());
  }
}

TEST_F(StoreTest, PiecesAndOnePieceMakeTheSameBytes) {
  const auto payload = payload_of(3'000'000, 5);
  const std::span<const std::byte> all{payload};
  const std::array<std::span<const std::byte>, 4> pieces{all.first(1), all.subspan(1, 2'000'000),
                                                         all.subspan(2'000'001, 0), all.subspan(2'000'001)};
  ASSERT_TRUE(Store(folder / "a", 3).save(payload));
  ASSERT_TRUE(Store(folder / "b", 3).save(pieces));
  EXPECT_EQ(bytes_of_file(folder / "a" / "snapshot-1.hfts"), bytes_of_file(folder / "b" / "snapshot-1.hfts"));
}

TEST_F(StoreTest, AnEmptyStateIsAState) {
  Store store{folder, 3};
  ASSERT_TRUE(store.save(std::span<const std::byte>{}));
  const Search search = store.newest_valid();
  ASSERT_TRUE(search.found);
  EXPECT_TRUE(search.found->payload().empty());
}

TEST_F(StoreTest, KeepsTheNewestAndANewStoreGoesOnCounting) {
  {
    Store store{folder, 3};
    for (unsigned i = 0; i < 5; ++i) ASSERT_TRUE(store.save(payload_of(10, i)));
    EXPECT_EQ(store.numbers(), (std::vector<std::uint64_t>{3, 4, 5}));
  }
  Store again{folder, 4};
  EXPECT_EQ(again.save(payload_of(10, 9)).number, 6U);
  EXPECT_EQ(again.numbers(), (std::vector<std::uint64_t>{3, 4, 5, 6}));
}

TEST_F(StoreTest, EveryCutIsRejectedAndTheOneBeforeItIsFound) {
  Store store{folder, 3};
  const auto older = payload_of(70, 1);
  ASSERT_TRUE(store.save(older));
  ASSERT_TRUE(store.save(payload_of(80, 2)));
  const std::string whole = bytes_of_file(file(2));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    write_file(file(2), whole.substr(0, n));
    const Search search = store.newest_valid();
    ASSERT_TRUE(search.found) << n;
    EXPECT_EQ(search.found->number, 1U) << n;
    EXPECT_EQ(copy_of(search.found->payload()), older);
    ASSERT_EQ(search.rejected.size(), 1U);
    EXPECT_NE(search.rejected[0].reason.find("torn"), std::string::npos) << search.rejected[0].reason;
  }
  write_file(file(2), whole + "x");
  EXPECT_NE(store.newest_valid().rejected.at(0).reason.find("too long"), std::string::npos);
}

TEST_F(StoreTest, EveryFlippedByteIsRejectedWithAReason) {
  Store store{folder, 3};
  ASSERT_TRUE(store.save(payload_of(70, 1)));
  ASSERT_TRUE(store.save(payload_of(80, 2)));
  const std::string whole = bytes_of_file(file(2));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string bad = whole;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    write_file(file(2), bad);
    const Search search = store.newest_valid();
    ASSERT_TRUE(search.found) << i;
    EXPECT_EQ(search.found->number, 1U) << i;
    const char* why = i < 8 ? "bad magic" : i < 64 ? "header's checksum" : "payload's checksum";
    EXPECT_NE(search.rejected.at(0).reason.find(why), std::string::npos) << i << ": " << search.rejected.at(0).reason;
  }
}

TEST_F(StoreTest, AFileUnderAnothersNumberIsRejected) {
  Store store{folder, 3};
  ASSERT_TRUE(store.save(payload_of(70, 1)));
  std::filesystem::copy_file(file(1), file(9));
  const Search search = store.newest_valid();
  EXPECT_EQ(search.found->number, 1U);
  EXPECT_NE(search.rejected.at(0).reason.find("is snapshot 1 under another's name"), std::string::npos);
}

TEST_F(StoreTest, WhatTheCallerRefusesIsRejectedInItsWords) {
  Store store{folder, 3};
  for (unsigned i = 1; i <= 3; ++i) ASSERT_TRUE(store.save(payload_of(10 * i, i)));
  const Search search = store.newest_valid([](const Loaded& loaded) {
    if (loaded.number > 1) throw std::invalid_argument("made by model up-2");
  });
  ASSERT_TRUE(search.found);
  EXPECT_EQ(search.found->number, 1U);
  ASSERT_EQ(search.rejected.size(), 2U);
  EXPECT_EQ(search.rejected[0].path, file(3));
  EXPECT_EQ(search.rejected[0].reason, "refused: made by model up-2");
}

TEST_F(StoreTest, DamagedOnesDoNotCountAsKeptAndTheirNumbersAreNotUsedAgain) {
  Store writer{folder, 3};
  for (unsigned i = 1; i <= 3; ++i) ASSERT_TRUE(writer.save(payload_of(10, i)));
  write_file(file(2), "damaged");
  write_file(file(3), "damaged");
  Store store{folder, 3};
  EXPECT_EQ(store.newest_valid().found->number, 1U);
  EXPECT_EQ(store.save(payload_of(10, 4)).number, 4U);
  EXPECT_EQ(store.numbers(), (std::vector<std::uint64_t>{1, 2, 3, 4})) << "1 is one of the three good ones";
  ASSERT_TRUE(store.save(payload_of(10, 5)));
  ASSERT_TRUE(store.save(payload_of(10, 6)));
  EXPECT_EQ(store.numbers(), (std::vector<std::uint64_t>{4, 5, 6}));
}

TEST_F(StoreTest, LeavesFilesOfOthersAlone) {
  std::filesystem::create_directories(folder);
  for (const char* name : {"snapshot-.hfts", "snapshot-x.hfts", "snapshot-01.hfts", "notes.txt"})
    write_file(folder / name, "x");
  Store store{folder, 3};
  for (unsigned i = 0; i < 4; ++i) ASSERT_TRUE(store.save(payload_of(10, i)));
  EXPECT_EQ(store.numbers(), (std::vector<std::uint64_t>{2, 3, 4}));
  EXPECT_EQ(n_files(), 4U + 3U);
}

TEST_F(StoreTest, RefusesToKeepTooFewAndFoldersThatCannotBe) {
  EXPECT_THROW(Store(folder, 2), std::invalid_argument);
  write_file(folder, "a file");
  EXPECT_THROW(Store(folder / "below", 3), SnapshotError);
}

TEST_F(StoreTest, QuarterOfAGigabyteIsReadInWellUnderASecond) {
  Store store{folder, 3};
  const std::vector<std::byte> payload(250'000'000, std::byte{7});
  const auto t0 = std::chrono::steady_clock::now();
  ASSERT_TRUE(store.save(payload));
  const auto t1 = std::chrono::steady_clock::now();
  const Search search = store.newest_valid();
  const auto t2 = std::chrono::steady_clock::now();
  ASSERT_TRUE(search.found);
  EXPECT_EQ(search.found->n_bytes, payload.size());
  const auto ms = [](auto d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); };
  std::cout << "250 MB: saved in " << ms(t1 - t0) << " ms, read in " << ms(t2 - t1) << " ms\n";
  EXPECT_LT(ms(t2 - t1), 5'000) << "generous: sanitizers and shared machines run this too";
}

}  // namespace
}  // namespace hft::snapshot
