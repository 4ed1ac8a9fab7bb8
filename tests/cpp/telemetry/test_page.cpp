#include "hft/telemetry/page.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "page_fixture.hpp"

namespace hft::telemetry {
namespace {

TEST_F(PageTest, AReaderSeesWhatTheWriterSet) {
  Page page = Page::create(path, small_layout());
  Counter polled = page.counter("ingest", "polled");
  polled.add(40);
  polled.add();
  page.counter("hot", "events").set(7);
  page.gauge("lane.ticks/0", "lag_messages").set(-3);
  page.text("state").set("live");
  page.histogram("stages", "ring").record(120);

  const PageCopy copy = PageReader{path}.read();
  EXPECT_EQ(copy.name, "demo");
  EXPECT_EQ(copy.writer, "test 1.0");
  EXPECT_EQ(copy.pid, ::getpid());
  EXPECT_EQ(copy.state, Writer::kAlive);
  EXPECT_GT(copy.start_unix_ns, 1'600'000'000'000'000'000);
  EXPECT_EQ(value_of(copy.counters, "ingest", "polled"), 41U);
  EXPECT_EQ(value_of(copy.counters, "ingest", "poison"), 0U);
  EXPECT_EQ(value_of(copy.counters, "hot", "events"), 7U);
  EXPECT_EQ(value_of(copy.gauges, "lane.ticks/0", "lag_messages"), -3);
  EXPECT_EQ(text_value(copy, "state"), "live");
  EXPECT_EQ(text_value(copy, "last_error"), "");
  EXPECT_EQ(value_of(copy.histograms, "stages", "ring").max_ns(), 120);
  EXPECT_EQ(value_of(copy.histograms, "stages", "decode").count(), 0U);
  EXPECT_EQ(value_of(copy.histograms, "stages", "decode").min_ns(), 0);
}

TEST_F(PageTest, GroupsShareNoCacheLinePair) {
  Page page = Page::create(path, small_layout());
  page.counter("ingest", "poison").set(1);
  page.counter("hot", "events").set(2);
  std::ifstream in{path, std::ios::binary};
  const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
  std::array<std::size_t, 2> at{};
  for (std::size_t i = 3 * kSlotAlign + 8 * sizeof(SlotRow); i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, sizeof word);
    if (word == 1 || word == 2) at[word - 1] = i;
  }
  ASSERT_TRUE(at[0] != 0 && at[1] != 0);
  EXPECT_NE(at[0] / kSlotAlign, at[1] / kSlotAlign);
}

TEST_F(PageTest, AnArrayOfHistogramsLiesOnThePage) {
  struct Times {
    std::array<LatencyHistogram, 3> by_stage;
  };
  Page page = Page::create(path, small_layout());
  Times& times = page.place<Times>("stages");
  times.by_stage[2].record(55);
  EXPECT_EQ(page.histogram("stages", "features").max_ns(), 55);
  EXPECT_EQ(value_of(PageReader{path}.read().histograms, "stages", "features").count(), 1U);
  EXPECT_THROW((void)page.place<LatencyHistogram>("stages"), std::invalid_argument);
}

TEST_F(PageTest, HandlesOutliveAMoveOfThePage) {
  Page page = Page::create(path, small_layout());
  Counter events = page.counter("hot", "events");
  const Page moved = std::move(page);
  events.add(5);
  EXPECT_EQ(value_of(PageReader{path}.read().counters, "hot", "events"), 5U);
}

TEST_F(PageTest, AnEmptyPathMakesAPageForNobody) {
  Page page = Page::create({}, small_layout());
  page.counter("hot", "events").add();
  page.histogram("stages", "ring").record(1);
  EXPECT_EQ(page.counter("hot", "events").value(), 1U);
}

TEST_F(PageTest, HandlesWithoutAPageAreHarmless) {
  Counter counter;
  counter.add();
  Gauge gauge;
  gauge.set(1);
  Text text;
  text.set("x");
}

TEST_F(PageTest, ASecondWriterIsRefusedUntilTheFirstIsGone) {
  {
    const Page page = Page::create(path, small_layout());
    try {
      (void)Page::create(path, small_layout());
      FAIL() << "two writers";
    } catch (const PageError& error) {
      EXPECT_NE(std::string{error.what()}.find("belongs to a process that runs"), std::string::npos);
    }
  }
  EXPECT_NO_THROW((void)Page::create(path, small_layout()));
}

TEST_F(PageTest, NamesThatBreakARuleAreNamed) {
  const auto message = [&](auto&& change) -> std::string {
    Layout layout = small_layout();
    change(layout);
    try {
      (void)Page::create(path, layout);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(message([](Layout& l) { l.counters[0].names[1] = "polled"; }).find("must differ, was \"polled\""),
            std::string::npos);
  EXPECT_NE(message([](Layout& l) { l.counters[1].name = "ingest"; }).find("must differ, was \"ingest\""),
            std::string::npos);
  EXPECT_NE(message([](Layout& l) { l.texts[0] = "two words"; }).find("was \"two words\""), std::string::npos);
  EXPECT_NE(message([](Layout& l) { l.gauges[0].names[0] = std::string(48, 'x'); }).find("1 to 47"), std::string::npos);
  EXPECT_NE(message([](Layout& l) { l.histograms[0].name = ""; }).find("was \"\""), std::string::npos);

  Page page = Page::create(path, small_layout());
  try {
    (void)page.counter("ingest", "poled");
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string{error.what()}.find("there are: polled, poison"), std::string::npos) << error.what();
  }
  EXPECT_THROW((void)page.gauge("ingest", "polled"), std::invalid_argument) << "a counter is no gauge";
}

TEST_F(PageTest, LongTextsAreCutAtACharacter) {
  Page page = Page::create(path, small_layout());
  std::string text = std::string(kTextBytes - 1, 'a') + "\xC3\xA9";  // the last character would straddle the end
  page.text("last_error").set(text);
  EXPECT_EQ(text_value(PageReader{path}.read(), "last_error"), std::string(kTextBytes - 1, 'a'));
  page.text("last_error").set("short");
  EXPECT_EQ(text_value(PageReader{path}.read(), "last_error"), "short");
}

TEST_F(PageTest, AFolderThatIsNotThereIsNamed) {
  EXPECT_THROW((void)Page::create("/nonexistent/x.page", small_layout()), PageError);
}

}  // namespace
}  // namespace hft::telemetry
