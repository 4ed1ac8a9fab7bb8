#include "hft/gen/stream.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using namespace hft::gen;
using hft::event::Format;

Config config(double seconds, double rate_hz) {
  Config config{{{"AAA"}, {"BBB"}}};
  config.seconds = seconds;
  config.rate_hz = rate_hz;
  return config;
}

class Pipe : public testing::Test {
 protected:
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);
    ASSERT_EQ(::pipe(ends_.data()), 0);
  }
  std::string drain() const {
    std::string all;
    std::array<char, 65536> part;
    for (::ssize_t n; (n = ::read(ends_[0], part.data(), part.size())) > 0;) {
      all.append(part.data(), static_cast<std::size_t>(n));
    }
    return all;
  }
  /// The stream's bytes as the pipe's reader gets them.
  std::string streamed(Format format, const StreamOptions& options, const Config& what) {
    std::string bytes;
    std::thread reader{[&] { bytes = drain(); }};
    Generator generator{what};
    const StreamResult result = write_stream(generator, format, ends_[1], options);
    ::close(ends_[1]);
    reader.join();
    EXPECT_FALSE(result.reader_left);
    EXPECT_EQ(result.n_bytes, bytes.size());
    return bytes;
  }

  std::array<int, 2> ends_{};
};

TEST_F(Pipe, PackedBytesDoNotDependOnThePace) {
  const std::string fast = streamed(Format::kPacked, {}, config(0.5, 20'000));
  SetUp();
  StreamOptions paced;
  paced.pace_hz = 100'000;
  EXPECT_EQ(streamed(Format::kPacked, paced, config(0.5, 20'000)), fast);
}

TEST_F(Pipe, PacingKeepsTheRate) {
  StreamOptions options;
  options.pace_hz = 50'000;
  std::uint64_t n_events = 0;
  options.on_tick = [&](std::uint64_t n) { n_events = n; };
  const auto start = std::chrono::steady_clock::now();
  streamed(Format::kJson, options, config(1.0, 20'000));
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const double due = static_cast<double>(n_events - 1) / options.pace_hz;
  EXPECT_GE(took, due - 1e-3) << "the last event left before it was due";
  EXPECT_LE(took, due + 5) << "a loaded machine may be late, but it does not hang";
}

TEST_F(Pipe, AReaderThatLeavesIsACleanEnd) {
  ::close(ends_[0]);
  Generator generator{config(10.0, 20'000)};
  const StreamResult result = write_stream(generator, Format::kPacked, ends_[1], {});
  EXPECT_TRUE(result.reader_left);
  EXPECT_EQ(result.n_events, 0U);
  ::close(ends_[1]);
}

TEST_F(Pipe, ANonBlockingPipeIsWaitedFor) {
  ::fcntl(ends_[1], F_SETFL, O_NONBLOCK);
  EXPECT_GT(streamed(Format::kPacked, {}, config(5.0, 20'000)).size(), 5'000'000U);
}

TEST_F(Pipe, WhatTheCallbackThrowsStopsTheStream) {
  ::fcntl(ends_[1], F_SETFL, O_NONBLOCK);  // nobody reads: the pipe fills, and the stream waits
  StreamOptions options;
  options.on_tick = [](std::uint64_t) { throw std::runtime_error("enough"); };
  Generator generator{config(10.0, 20'000)};
  EXPECT_THROW(write_stream(generator, Format::kJson, ends_[1], options), std::runtime_error);
}

TEST_F(Pipe, APaceBelowZeroIsRefused) {
  StreamOptions options;
  options.pace_hz = -1.0;
  Generator generator{config(1.0, 1'000)};
  EXPECT_THROW(write_stream(generator, Format::kJson, ends_[1], options), std::invalid_argument);
}

}  // namespace
