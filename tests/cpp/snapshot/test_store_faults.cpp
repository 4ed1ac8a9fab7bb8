#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "hft/base/fault.hpp"
#include "hft/snapshot/store.hpp"
#include "store_fixture.hpp"

namespace hft::snapshot {
namespace {

/// Runs `work` in a child; 0 when it came to its end, 1000 + signal when it was killed.
template <class Work>
int run_in_child(Work&& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work() ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

using StoreFaults = StoreTest;

TEST_F(StoreFaults, KilledAtEachPointItLeavesTheOldOrTheNewAndNothingBetween) {
  const auto older = payload_of(5'000, 1);
  const auto newer = payload_of(3'000'000, 2);
  struct Case {
    const char* point;
    std::uint64_t survives;
  };
  for (const Case& c : {Case{"mid_snapshot", 1}, Case{"before_rename", 1}, Case{"after_rename", 2}}) {
    std::filesystem::remove_all(folder);
    ASSERT_TRUE(Store(folder, 3).save(older));
    EXPECT_EQ(run_in_child([&] {
                base::arm_fault(c.point);
                return static_cast<bool>(Store(folder, 3).save(newer));
              }),
              1000 + SIGKILL);
    EXPECT_EQ(n_files(), 2U) << c.point << ": the older one and the temporary or the newer one";
    Store store{folder, 3};
    EXPECT_EQ(n_files(), c.survives) << c.point << ": the temporary file is gone";
    const Search search = store.newest_valid();
    ASSERT_TRUE(search.found) << c.point;
    EXPECT_EQ(search.found->number, c.survives) << c.point;
    EXPECT_EQ(copy_of(search.found->payload()), c.survives == 1 ? older : newer) << c.point;
    EXPECT_TRUE(search.rejected.empty());
    EXPECT_EQ(store.save(older).number, 3U) << c.point << ": the number of the one that was lost is not used again";
  }
}

TEST_F(StoreFaults, MidSnapshotIsHalfOfTheBytesAlsoOfAShortOne) {
  for (const std::size_t n_bytes : {std::size_t{1}, std::size_t{100}, std::size_t{4'000'000}}) {
    EXPECT_EQ(run_in_child([&] {
                base::arm_fault("mid_snapshot:2");
                Store store{folder, 3};
                return store.save(payload_of(n_bytes, 1)) && store.save(payload_of(n_bytes, 2));
              }),
              1000 + SIGKILL);
    EXPECT_TRUE(Store(folder, 3).newest_valid().found);
  }
}

TEST_F(StoreFaults, AFullDiskIsAResultAndTheOlderOnesStay) {
  const auto older = payload_of(5'000, 1);
  ASSERT_TRUE(Store(folder, 3).save(older));
  EXPECT_EQ(run_in_child([&] {
              std::signal(SIGXFSZ, SIG_IGN);
              const rlimit limit{100'000, 100'000};
              ::setrlimit(RLIMIT_FSIZE, &limit);
              Store store{folder, 3};
              const Saved saved = store.save(payload_of(200'000, 2));
              const bool is_told = !saved && saved.error_number == EFBIG && saved.number == 0 &&
                                   saved.what.find("snapshot-2.hfts: cannot be written: ") != std::string::npos;
              return is_told && n_files() == 1 && store.save(payload_of(50'000, 3)).number == 2;
            }),
            0);
  const Search search = Store(folder, 3).newest_valid();
  EXPECT_EQ(search.found->number, 2U);
  EXPECT_EQ(search.found->n_bytes, 50'000U);
}

TEST_F(StoreFaults, AFolderThatVanishedIsAResult) {
  Store store{folder, 3};
  std::filesystem::remove_all(folder);
  const Saved saved = store.save(payload_of(10, 1));
  EXPECT_EQ(saved.error_number, ENOENT);
  EXPECT_NE(saved.what.find("cannot be made"), std::string::npos);
  std::filesystem::create_directories(folder);
  EXPECT_EQ(store.save(payload_of(10, 1)).number, 1U);
}

TEST_F(StoreFaults, AFileThatCannotBeReadIsRejectedWithItsReason) {
  Store store{folder, 3};
  ASSERT_TRUE(store.save(payload_of(10, 1)));
  std::filesystem::create_directory(file(2));  // opens, but read() fails: like a disk error
  const Search search = store.newest_valid();
  EXPECT_EQ(search.found->number, 1U);
  EXPECT_FALSE(search.rejected.at(0).reason.empty());
}

}  // namespace
}  // namespace hft::snapshot
