#include "hft/kafka/library.hpp"

#include <gtest/gtest.h>

#include "mock_cluster.hpp"

namespace hft::kafka {
namespace {

using namespace test;

TEST(Library, NamesThePathThatCannotBeLoaded) {
  const std::string why = failure_of([] { (void)Library::load("/no/such/librdkafka.so"); });
  EXPECT_NE(why.find("/no/such/librdkafka.so (the path given) cannot be loaded"), std::string::npos) << why;
}

TEST(Library, NamesTheEnvironmentWhenThatIsWrong) {
  const char* set = std::getenv("HFTCORE_LIBRDKAFKA");
  const std::string before = set == nullptr ? "" : set;
  ::setenv("HFTCORE_LIBRDKAFKA", "/no/such/lib.so", 1);
  const std::string why = failure_of([] { (void)Library::load(); });
  set == nullptr ? ::unsetenv("HFTCORE_LIBRDKAFKA") : ::setenv("HFTCORE_LIBRDKAFKA", before.c_str(), 1);
  EXPECT_NE(why.find("/no/such/lib.so (from HFTCORE_LIBRDKAFKA) cannot be loaded"), std::string::npos) << why;
}

TEST(Library, RefusesAnotherLibrary) {
  const std::string why = failure_of([] { (void)Library::load("libm.so.6"); });
  EXPECT_NE(why.find("libm.so.6 (the path given) has no function rd_kafka_version"), std::string::npos) << why;
}

TEST(Library, IsLoadedOnceAndSaysWhatItIs) {
  std::string why;
  const Library* library = library_or_null(&why);
  if (library == nullptr && std::getenv("CI") == nullptr) GTEST_SKIP() << why;
  ASSERT_NE(library, nullptr) << why;
  EXPECT_EQ(library, &Library::load());
  EXPECT_GE(library->version(), "2.0.2");
  EXPECT_EQ(library->text_of(c::kOffsetOutOfRange), "Broker: Offset out of range (OFFSET_OUT_OF_RANGE)");
  EXPECT_EQ(library->symbol("rd_kafka_no_such_function"), nullptr);
}

}  // namespace
}  // namespace hft::kafka
