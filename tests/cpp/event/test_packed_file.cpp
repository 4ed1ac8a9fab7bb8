#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>

#include "event_samples.hpp"
#include "hft/event/encoder.hpp"
#include "hft/event/fd_writer.hpp"
#include "hft/event/packed.hpp"

namespace {

using namespace hft::event;

class PackedFiles : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("hft_packed_" + std::to_string(::getpid()));
    const auto encoder = make_encoder(Format::kPacked, samples::instruments());
    encoder->begin(whole_);
    encoder->append(std::span{events_}.first(2), whole_);
    encoder->append(std::span{events_}.subspan(2), whole_);
    encoder->end(whole_);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  std::vector<Event> read(const std::string& bytes) {
    std::ofstream{path_, std::ios::binary} << bytes;
    const PackedFile file{path_};
    EXPECT_EQ(file.instruments(), samples::instruments());
    std::vector<Event> out(file.n_events());
    file.read(out);
    return out;
  }
  std::string refusal(const std::string& bytes) {
    try {
      read(bytes);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  }

  std::string path_;
  std::vector<Event> events_ = samples::one_of_each();
  std::string whole_;
};

TEST_F(PackedFiles, ReadBackWhatWasWritten) {
  const std::vector<Event> back = read(whole_);
  ASSERT_EQ(back.size(), events_.size());
  EXPECT_EQ(std::memcmp(back.data(), events_.data(), back.size() * sizeof(Event)), 0);
}

TEST_F(PackedFiles, EveryPartIsAMultipleOfTheRecord) {
  EXPECT_EQ(whole_.size() % sizeof(Event), 0U);
  EXPECT_EQ(packed_preamble(samples::instruments()).size() % sizeof(Event), 0U);
}

TEST_F(PackedFiles, EveryTornEndIsNoticed) {
  for (std::size_t n = 0; n < whole_.size(); ++n) EXPECT_NE(refusal(whole_.substr(0, n)), "") << n << " bytes";
  EXPECT_EQ(refusal(whole_.substr(0, whole_.size() - 64)), "torn: no end mark after 5 whole records");
}

TEST_F(PackedFiles, EveryAlteredByteIsNoticed) {
  for (std::size_t at = 0; at < whole_.size(); ++at) {
    std::string altered = whole_;
    altered[at] = static_cast<char>(altered[at] ^ 0x10);
    EXPECT_NE(refusal(altered), "") << "byte " << at;
  }
}

TEST_F(PackedFiles, BytesAfterTheEndAreNoticed) {
  EXPECT_NE(refusal(whole_ + std::string(64, '\0')), "");
  EXPECT_NE(refusal(whole_ + whole_), "");
}

TEST_F(PackedFiles, AFileThatIsNotThereIsASystemError) {
  EXPECT_THROW(PackedFile{"/nonexistent/file"}, std::system_error);
}

TEST_F(PackedFiles, AFailedWriteLeavesNoFile) {
  EXPECT_THROW(write_file(path_, [](int) { throw std::runtime_error("stop"); }), std::runtime_error);
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".partial"));
}

}  // namespace
