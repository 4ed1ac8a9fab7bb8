#include "hft/telemetry/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace hft::telemetry {
namespace {

class LogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    path = std::filesystem::temp_directory_path() /
           ("hft_log_" + std::string{test->name()} + "_" + std::to_string(::getpid()));
  }
  void TearDown() override { std::filesystem::remove(path); }

  [[nodiscard]] std::vector<std::string> lines() const {
    std::ifstream in{path};
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
  std::filesystem::path path;
};

TEST_F(LogTest, ALineIsOneObjectWithItsFieldsInOrder) {
  Log log{"hftcored-demo", Level::kInfo, path};
  log.info("recovered", {{"partition", 3}, {"offset", std::uint64_t{1} << 63U}, {"lag_s", 0.25}, {"fenced", false},
                         {"topic", "ticks"}, {"model", std::string{"up-2"}}});
  const std::string line = lines().at(0);
  EXPECT_EQ(line.substr(0, 8), "{\"ts\":\"2") << line;
  EXPECT_EQ(line.substr(35),
            R"(,"level":"info","name":"hftcored-demo","msg":"recovered","partition":3,"offset":9223372036854775808,)"
            R"("lag_s":0.25,"fenced":false,"topic":"ticks","model":"up-2"})")
      << line;
}

TEST_F(LogTest, EscapesWhatJsonCannotHold) {
  Log log{"n", Level::kInfo, path};
  log.info("a\"b\\c\nd\te\r", {{"k\"", std::string_view{"\x01\x1f\x7f\0z", 5}},
                               {"good", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"},
                               {"bad", "\xC3(\xED\xA0\x80\xF5\x80\xC0\xAF"},
                               {"nan", std::nan("")},
                               {"inf", std::numeric_limits<double>::infinity()}});
  const std::string line = lines().at(0);
  EXPECT_NE(line.find(
                R"("msg":"a\"b\\c\nd\te\r","k\"":"\u0001\u001f\u007f\u0000z","good":)"),
            std::string::npos)
      << line;
  EXPECT_NE(line.find("\"good\":\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\""), std::string::npos);
  EXPECT_NE(line.find(R"("bad":"\ufffd(\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd",)"
                      R"("nan":"nan","inf":"inf"})"),
            std::string::npos) << line;
}

TEST_F(LogTest, BelowTheLeastLevelNothingIsWritten) {
  Log log{"n", Level::kWarning, path};
  log.info("quiet");
  EXPECT_FALSE(log.takes(Level::kInfo));
  log.set_least(Level::kDebug);
  log.debug("loud");
  EXPECT_EQ(lines().size(), 1U);
  EXPECT_EQ(parse_level("warning"), Level::kWarning);
  EXPECT_EQ(parse_level("warn"), std::nullopt);
}

TEST_F(LogTest, AMessageThatRepeatsIsLimitedAndOthersAreNot) {
  Log log{"n", Level::kInfo, path};
  for (int i = 0; i < 1'000; ++i) log.error("broker is down", {{"try", i}});
  EXPECT_EQ(lines().size(), Log::kBurst);
  log.error("another");
  EXPECT_EQ(lines().size(), Log::kBurst + 1);
}

TEST_F(LogTest, TextsWithoutEndShareOneLimit) {
  Log log{"n", Level::kInfo, path};
  for (int i = 0; i < 2'000; ++i) log.info("message " + std::to_string(i));
  EXPECT_LE(lines().size(), 260U);
  EXPECT_GE(lines().size(), 255U);
}

TEST_F(LogTest, ALineNeverExceedsWhatAPipeTakesAtOnce) {
  Log log{"n", Level::kInfo, path};
  const std::string huge(100'000, '\n');
  log.info(huge, {{"a", huge}, {"b", huge}, {"c", 1}});
  const std::string line = lines().at(0);
  EXPECT_LT(line.size(), 4'096U);
  EXPECT_TRUE(line.ends_with(",\"cut\":true}")) << line.substr(line.size() - 40);
}

TEST_F(LogTest, LinesOfSeveralThreadsDoNotMix) {
  Log log{"n", Level::kInfo, path};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&log, t] {
        for (int i = 0; i < 60; ++i)
          log.info("m" + std::to_string(t * 100 + i), {{"x", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"}});
      });
    }
  }
  const auto all = lines();
  EXPECT_EQ(all.size(), 240U);
  for (const std::string& line : all) {
    EXPECT_TRUE(line.starts_with("{\"ts\":\"") && line.ends_with("\"x\":\"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\"}")) << line;
  }
}

TEST_F(LogTest, AReaderThatLeftCostsALineAndNotTheProcess) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  ::close(ends[0]);
  std::signal(SIGPIPE, SIG_DFL);  // would end us
  Log log{"n", Level::kInfo, ends[1]};
  log.info("into the void");
  sigset_t pending;
  ::sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGPIPE), 0) << "ours was taken back";
  ::close(ends[1]);
}

TEST_F(LogTest, AReaderThatStandsStillDoesNotHoldUs) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const int size = ::fcntl(ends[1], F_SETPIPE_SZ, 4'096);
  ASSERT_GT(size, 0);
  const std::string filler(static_cast<std::size_t>(size), 'x');
  ASSERT_EQ(::write(ends[1], filler.data(), filler.size()), size);
  Log log{"n", Level::kInfo, ends[1]};
  log.info("lost");
  std::string taken(static_cast<std::size_t>(size), '\0');
  ASSERT_EQ(::read(ends[0], taken.data(), taken.size()), size);
  log.info("comes through");
  const auto n = ::read(ends[0], taken.data(), taken.size());
  ASSERT_GT(n, 0);
  EXPECT_NE(taken.find("\"msg\":\"comes through\",\"dropped\":1}\n"), std::string::npos);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(LogTest, AFileThatCannotBeOpenedIsNamed) {
  EXPECT_THROW(Log("n", Level::kInfo, std::filesystem::path{"/nonexistent/log"}), std::system_error);
}

}  // namespace
}  // namespace hft::telemetry
