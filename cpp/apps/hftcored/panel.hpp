#pragma once

#include <string>
#include <vector>

#include "hft/engine/stopwatch.hpp"
#include "hft/telemetry/page.hpp"
#include "hot.hpp"
#include "ingest.hpp"
#include "kafka_outlet.hpp"
#include "setup.hpp"
#include "snapshotter.hpp"

namespace hft::daemon {

/// The daemon's telemetry page, and a name for every number on it. One place, so that `hftcore top` and this agree.
class Panel {
 public:
  explicit Panel(const Setup& setup);

  void set_state(std::string_view state) { page_.text("state").set(state); }
  void set_model(std::string_view id) { page_.text("model_id").set(id); }
  void set_error(std::string_view text) { page_.text("last_error").set(text); }
  void set_fence_epoch(std::uint32_t epoch) { page_.gauge("daemon", "fence_epoch").set(epoch); }
  void show_rings(const Rings& rings);
  void show_lag(std::size_t lane, std::int64_t n_messages) { lags_[lane].set(n_messages); }
  void beat() noexcept { page_.beat(); }

  engine::StageTimes& ingest_times;
  engine::StageTimes& hot_times;
  telemetry::LatencyHistogram& journal_sync;
  IngestCounters ingest;
  HotCounters hot;
  OutletGauges outlet;
  SnapshotGauges snapshot;

 private:
  explicit Panel(telemetry::Page page, const Setup& setup);

  telemetry::Page page_;
  telemetry::Gauge ring_inputs_;
  telemetry::Gauge ring_outputs_;
  telemetry::Gauge ring_records_;
  std::vector<telemetry::Gauge> lags_;
};

}  // namespace hft::daemon
