#include "panel.hpp"

#include <utility>

namespace hft::daemon {
namespace {

std::string lane_name(const Setup& setup, const ShardSetup& shard, std::size_t topic) {
  const std::string name = setup.uses_kafka() ? setup.config.input.topics[topic] : "tape";
  return "lane." + name + "/" + std::to_string(shard.partition);
}

std::vector<std::string> stage_names() { return {engine::kStageNames.begin(), engine::kStageNames.end()}; }

telemetry::Layout layout_of(const Setup& setup) {
  telemetry::Layout layout{.name = setup.config.name, .writer = "hftcored " HFT_VERSION};
  layout.counters = {{"ingest", {"polled", "bytes", "poison", "stale"}},
                     {"hot", {"inputs", "decisions", "orders", "fills"}},
                     {"publisher", {"published", "late", "queue_full"}},
                     {"acks", {"acknowledged"}},
                     {"snapshot", {"saved", "failed"}}};
  layout.gauges = {{"daemon", {"fence_epoch"}},
                   {"ring.ingest_to_hot", {"fill", "capacity"}},
                   {"ring.hot_to_publisher", {"fill", "capacity"}},
                   {"ring.hot_to_journal", {"fill", "capacity"}},
                   {"snapshot", {"number", "size_bytes", "taken_unix_ns"}}};
  for (const ShardSetup& shard : setup.shards) {
    for (std::size_t topic = 0; topic < shard.lanes.size(); ++topic) {
      layout.gauges.push_back({lane_name(setup, shard, topic), {"lag_messages"}});
    }
  }
  layout.histograms = {{"ingest", stage_names()},   {"hot", stage_names()},          {"publisher", {"publish"}},
                       {"acks", {"ack"}},           {"journal_file", {"sync"}},      {"snapshot", {"snapshot"}}};
  layout.texts = {"state", "model_id", "last_error"};
  return layout;
}

}  // namespace

Panel::Panel(const Setup& setup)
    : Panel{telemetry::Page::create(setup.config.telemetry_page, layout_of(setup)), setup} {}

Panel::Panel(telemetry::Page page, const Setup& setup)
    : ingest_times{page.place<engine::StageTimes>("ingest")},
      hot_times{page.place<engine::StageTimes>("hot")},
      journal_sync{page.histogram("journal_file", "sync")},
      page_{std::move(page)} {
  ingest = {page_.counter("ingest", "polled"), page_.counter("ingest", "bytes"), page_.counter("ingest", "poison"),
            page_.counter("ingest", "stale")};
  hot = {page_.counter("hot", "inputs"), page_.counter("hot", "decisions"), page_.counter("hot", "orders"),
         page_.counter("hot", "fills")};
  outlet = {page_.counter("publisher", "published"),   page_.counter("publisher", "late"),
            page_.counter("publisher", "queue_full"),  &page_.histogram("publisher", "publish"),
            page_.counter("acks", "acknowledged"),     &page_.histogram("acks", "ack")};
  snapshot = {page_.counter("snapshot", "saved"),     page_.counter("snapshot", "failed"),
              page_.gauge("snapshot", "number"),      page_.gauge("snapshot", "size_bytes"),
              page_.gauge("snapshot", "taken_unix_ns"), &page_.histogram("snapshot", "snapshot")};
  ring_inputs_ = page_.gauge("ring.ingest_to_hot", "fill");
  ring_outputs_ = page_.gauge("ring.hot_to_publisher", "fill");
  ring_records_ = page_.gauge("ring.hot_to_journal", "fill");
  for (const ShardSetup& shard : setup.shards) {
    for (std::size_t topic = 0; topic < shard.lanes.size(); ++topic) {
      lags_.push_back(page_.gauge(lane_name(setup, shard, topic), "lag_messages"));
    }
  }
}

void Panel::show_rings(const Rings& rings) {
  ring_inputs_.set(static_cast<std::int64_t>(rings.inputs.size_approx()));
  ring_outputs_.set(static_cast<std::int64_t>(rings.outputs.size_approx()));
  ring_records_.set(static_cast<std::int64_t>(rings.records.size_approx()));
  page_.gauge("ring.ingest_to_hot", "capacity").set(static_cast<std::int64_t>(rings.inputs.capacity()));
  page_.gauge("ring.hot_to_publisher", "capacity").set(static_cast<std::int64_t>(rings.outputs.capacity()));
  page_.gauge("ring.hot_to_journal", "capacity").set(static_cast<std::int64_t>(rings.records.capacity()));
}

}  // namespace hft::daemon
