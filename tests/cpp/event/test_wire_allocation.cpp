// The hot path's own binary: every operator new is counted, and a million messages must cost none.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "allocation_count.hpp"
#include "hft/event/sequence_guard.hpp"
#include "hft/event/wire_decoder.hpp"
#include "message_samples.hpp"

namespace hft::event {
namespace {

TEST(WireAllocation, AMillionMessagesAllocateNothing) {
  std::string evolved{own_avro_schema()};
  evolved.insert(evolved.find('[') + 1, R"({"name":"nothing","type":"null"},)");
  for (const Format format : {Format::kPacked, Format::kJson, Format::kAvro}) {
    const WireDecoder decoder{format, samples::instruments(), std::array{0U, 1U}, {{1, evolved}}};
    SequenceGuard guard{2};
    std::vector<std::string> messages;
    for (const Event& event : samples::one_of_each()) {
      const std::string good = samples::message(format, event);
      for (const std::string& value : {good, " " + good, good.substr(0, good.size() / 2), good + "}"}) {
        messages.push_back(value);
      }
    }
    std::size_t n_good = 0;
    const std::size_t before = testing::n_allocations();
    ASSERT_GT(before, 0U) << "the counter counts";
    for (int round = 0; round < 50'000; ++round) {
      for (const std::string& value : messages) {
        Event event;
        if (decoder.decode(std::as_bytes(std::span{value}), event) != DecodeStatus::kOk) continue;
        n_good += guard.check(event.symbol_id, event.source_seq, event.flags) != SequenceGuard::Seen::kReset ? 1 : 0;
      }
    }
    EXPECT_EQ(testing::n_allocations(), before);
    EXPECT_EQ(n_good, format == Format::kJson ? 500'000U : 250'000U);
  }
}

}  // namespace
}  // namespace hft::event
