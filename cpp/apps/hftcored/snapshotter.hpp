#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "hft/snapshot/store.hpp"
#include "hft/telemetry/log.hpp"
#include "hft/telemetry/page.hpp"
#include "ingest.hpp"
#include "journals.hpp"
#include "outlet.hpp"
#include "output_reader.hpp"
#include "setup.hpp"
#include "snapshots.hpp"

namespace hft::daemon {

struct SnapshotGauges {
  telemetry::Counter saved;
  telemetry::Counter failed;
  telemetry::Gauge number;
  telemetry::Gauge size_bytes;
  telemetry::Gauge taken_at_ns;  // wall clock
  telemetry::LatencyHistogram* duration = nullptr;  // from the request to the renamed file
};

/// Asks for copies of state and writes those whose past is safe. Control thread.
class Snapshotter {
 public:
  struct Shard {
    const ShardSetup* setup;
    snapshot::Store* store;
    CopySlot* slot;
    std::chrono::steady_clock::time_point asked_at{};
    bool asked = false;
  };

  /// `reader` watches the outputs; null where there are none.
  Snapshotter(std::vector<Shard> shards, Mailbox& mailbox, const Journals& journals, const Outlet& outlet,
              const OutputReader* reader, std::uint32_t fence_epoch, telemetry::Log& log, const SnapshotGauges& gauges)
      : shards_{std::move(shards)}, mailbox_{mailbox}, journals_{journals}, outlet_{outlet}, reader_{reader},
        fence_epoch_{fence_epoch}, log_{log}, gauges_{gauges} {}

  /// Asks every shard that is not being copied.
  void ask();
  /// Writes what is ready. Call it often.
  void step();
  /// True while a copy is asked for, under way or not written.
  [[nodiscard]] bool busy() const noexcept;

 private:
  void write(std::size_t index, const std::array<std::int64_t, sequence::kOutputs>& offsets);

  std::vector<Shard> shards_;
  Mailbox& mailbox_;
  const Journals& journals_;
  const Outlet& outlet_;
  const OutputReader* reader_;
  std::uint32_t fence_epoch_;
  telemetry::Log& log_;
  SnapshotGauges gauges_;
};

}  // namespace hft::daemon
