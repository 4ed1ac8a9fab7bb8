#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "event_array.hpp"
#include "hft/engine/replay.hpp"
#include "hft/ledger/journal.hpp"
#include "hft/ledger/memory_journal.hpp"
#include "hft/model/forest_model.hpp"
#include "registrations.hpp"
#include "stream_scorer.hpp"

namespace hft::bindings {
namespace {

using engine::Feed;
using engine::ReplayConfig;
using engine::ReplayResult;
using engine::StageTimes;
using model::ForestModel;

Feed feed_named(std::string_view name) {
  if (name == "threads") return Feed::kThreads;
  if (name == "events") return Feed::kEvents;
  if (name == "batch") return Feed::kBatch;
  throw py::value_error("feed must be 'threads', 'events' or 'batch', was '" + std::string{name} + "'");
}

ring::WaitKind wait_named(std::string_view name) {
  if (const auto wait = ring::wait_kind_of(name)) return *wait;
  throw py::value_error("wait must be 'spin', 'yield' or 'block', was '" + std::string{name} + "'");
}

/// The bytes of an EVENT_DTYPE array, or of uint8, which may hold anything.
std::span<const std::byte> bytes_of(const py::array& records) {
  if (!records.dtype().equal(py::dtype::of<std::uint8_t>())) return std::as_bytes(events_of(records));
  if (records.ndim() != 1 || (records.flags() & py::array::c_style) == 0) {
    throw py::value_error("records of dtype uint8 must have shape (n,) and be contiguous");
  }
  return {static_cast<const std::byte*>(records.data()), static_cast<std::size_t>(records.size())};
}

py::dict summary_of(const telemetry::LatencyHistogram& times) {
  py::dict row;
  row["count"] = times.count();
  row["mean"] = times.mean_ns();
  row["p50"] = times.percentile_ns(0.50);
  row["p90"] = times.percentile_ns(0.90);
  row["p99"] = times.percentile_ns(0.99);
  row["p99_9"] = times.percentile_ns(0.999);
  row["max"] = times.max_ns();
  return row;
}

py::dict stages_of(const StageTimes& times) {
  py::dict stages;
  for (std::size_t i = 0; i < engine::kStages; ++i) {
    if (times.by_stage[i].count() == 0) continue;
    stages[py::str(std::string{engine::kStageNames[i]})] = summary_of(times.by_stage[i]);
  }
  return stages;
}

/// Where nothing goes: for an engine that is made only to see whether its parts fit.
struct NoSink {
  bool append(const ledger::JournalRecord&) noexcept { return false; }
};

/// Records before it, strategy, limits, model or none.
using ChangeArgs =
    std::tuple<std::uint64_t, decision::ThresholdParams, risk::Limits, std::shared_ptr<ForestModel>>;

/// One replay: made, run once, looked at from another thread meanwhile. What can be refused is refused by the
/// constructor, before any journal is made or replaced.
class ReplayJob {
 public:
  ReplayJob(py::array records, feature::Spec spec, std::vector<event::Instrument> instruments,
            std::shared_ptr<const ForestModel> model, engine::EngineConfig config, std::string header_json,
            std::vector<ChangeArgs> changes, std::optional<std::filesystem::path> journal_path, bool overwrite,
            ReplayConfig replay, bool timed, std::string state)
      : records_{std::move(records)}, bytes_{bytes_of(records_)}, spec_{std::move(spec)},
        instruments_{std::move(instruments)}, model_{std::move(model)}, config_{config},
        header_json_{std::move(header_json)}, change_args_{std::move(changes)}, journal_path_{std::move(journal_path)},
        existing_{overwrite ? ledger::Existing::kReplace : ledger::Existing::kRefuse}, replay_{replay}, timed_{timed},
        state_{std::move(state)} {
    if (model_ == nullptr) throw py::type_error("model must not be None");
    engine::validate(replay_);
    ledger::check_text(ledger::FrameKind::kRunHeader, header_json_);
    const event::PackedDecoder decoder{instruments_};
    NoSink nowhere;
    const engine::Engine engine{spec_, instruments_, *model_, config_, nowhere};
    for (const auto& [n_records_before, strategy, limits, other] : change_args_) {
      changes_.push_back({n_records_before, {strategy, limits}, other.get()});
    }
    engine::validate(std::span<const engine::Change<ForestModel>>{changes_}, *model_);
  }

  py::dict run() {
    ReplayResult result;
    const auto times = std::make_unique<StageTimes>();
    std::optional<ledger::MemoryJournal> memory;
    {
      const py::gil_scoped_release unlocked;
      if (journal_path_) {
        auto file = ledger::Journal::create(*journal_path_, existing_);
        result = run_into(file, *times);
        result.journal_failed = !file.close() || result.journal_failed;
      } else {
        // Room for a record per event, so that none of the feeds moves the journal while it runs. Untouched pages cost
        // nothing; a journal that outgrows it, or the cap, is moved.
        result = run_into(memory.emplace(std::min<std::size_t>(n_records(), kMostReserved)), *times);
      }
    }
    py::dict out;
    out["counters"] = engine::to_json(result.counters);
    out["elapsed_ns"] = result.elapsed_ns;
    out["aborted"] = result.aborted;
    out["journal_failed"] = result.journal_failed;
    out["stages"] = stages_of(*times);
    out["journal"] = py::none();
    if (memory) {
      const auto bytes = memory->bytes();
      out["journal"] = py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    return out;
  }

  void abort() noexcept { control_.abort.store(true, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t n_done() const noexcept { return control_.n_done.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t n_records() const noexcept { return engine::RecordTape::n_records(bytes_.size()); }

 private:
  static constexpr std::size_t kMostReserved = 1U << 20U;  // 100 MB

  template <class Journal>
  ReplayResult run_into(Journal& journal, StageTimes& times) {
    return timed_ ? run_as<true>(journal, times) : run_as<false>(journal, times);
  }
  template <bool Timed, class Journal>
  ReplayResult run_as(Journal& journal, StageTimes& times) {
    engine::Replay<Timed, ForestModel, Journal> replay(
        bytes_, {spec_, instruments_, *model_, config_, header_json_, changes_, std::as_bytes(std::span{state_})},
        replay_, journal, control_);
    return replay.run(times);
  }

  py::array records_;  // keeps the bytes alive
  std::span<const std::byte> bytes_;
  feature::Spec spec_;
  std::vector<event::Instrument> instruments_;
  std::shared_ptr<const ForestModel> model_;
  engine::EngineConfig config_;
  std::string header_json_;
  std::vector<ChangeArgs> change_args_;  // keep the models alive
  std::vector<engine::Change<ForestModel>> changes_;
  std::optional<std::filesystem::path> journal_path_;
  ledger::Existing existing_;
  ReplayConfig replay_;
  bool timed_;
  std::string state_;  // of an engine, to go on from
  engine::ReplayControl control_;
};

void register_parameters(py::module_& m) {
  py::class_<decision::ThresholdParams>(m, "ThresholdParams")
      .def(py::init([](double threshold_frac, std::int64_t order_qty_lots, std::int64_t cooldown_ns,
                       std::int64_t hold_ns, std::uint32_t up_class, std::uint32_t down_class) {
             const decision::ThresholdParams params{threshold_frac, order_qty_lots, cooldown_ns,
                                                    hold_ns, up_class, down_class};
             decision::validate(params);
             return params;
           }),
           py::kw_only(), py::arg("threshold_frac"), py::arg("order_qty_lots"), py::arg("cooldown_ns"),
           py::arg("hold_ns"), py::arg("up_class"), py::arg("down_class"));
  py::class_<risk::Limits>(m, "Limits")
      .def(py::init([](std::uint32_t max_open_positions, std::int64_t max_order_qty_lots,
                       std::int64_t max_position_qty_lots, std::int64_t stop_loss_milli_bps,
                       std::int64_t stop_out_pause_ns, std::int64_t max_reference_age_ns, bool killed) {
             const risk::Limits limits{max_open_positions, max_order_qty_lots, max_position_qty_lots,
                                       stop_loss_milli_bps, stop_out_pause_ns, max_reference_age_ns, killed};
             risk::validate(limits);
             return limits;
           }),
           py::kw_only(), py::arg("max_open_positions"), py::arg("max_order_qty_lots"),
           py::arg("max_position_qty_lots"), py::arg("stop_loss_milli_bps"), py::arg("stop_out_pause_ns"),
           py::arg("max_reference_age_ns"), py::arg("killed"));
  py::class_<execution::Fees>(m, "Fees")
      .def(py::init([](std::int64_t milli_bps, std::int64_t nano_per_unit) {
             const execution::Fees fees{milli_bps, nano_per_unit};
             (void)execution::SimulatedExchange{fees, {}};  // validates
             return fees;
           }),
           py::kw_only(), py::arg("milli_bps"), py::arg("nano_per_unit"));
  py::list assumptions;
  for (const std::string_view line : execution::SimulatedExchange::kAssumptions) assumptions.append(std::string{line});
  m.attr("ASSUMPTIONS") = py::tuple(assumptions);
}

}  // namespace

void register_engine(py::module_& m) {
  m.doc() = "Replays of packed events and streams of messages through features, model, decision, risk and exchange.";
  register_parameters(m);
  register_stream_scorer(m);
  py::class_<ReplayJob>(m, "Replay", "One replay; hftcore.replay makes it. n_done and abort() may be used meanwhile.")
      .def(py::init([](py::array records, feature::Spec spec, std::vector<event::Instrument> instruments,
                       std::shared_ptr<ForestModel> model, const decision::ThresholdParams& strategy,
                       const risk::Limits& limits, const execution::Fees& fees, std::uint32_t config_epoch,
                       std::string header_json, std::vector<ChangeArgs> changes,
                       std::optional<std::filesystem::path> journal_path, bool overwrite, const std::string& feed,
                       const std::string& wait, double rate_hz, bool timed, const py::bytes& state) {
             return std::make_unique<ReplayJob>(
                 std::move(records), std::move(spec), std::move(instruments), std::move(model),
                 engine::EngineConfig{config_epoch, strategy, limits, fees}, std::move(header_json),
                 std::move(changes), std::move(journal_path), overwrite,
                 ReplayConfig{.feed = feed_named(feed), .wait = wait_named(wait), .rate_hz = rate_hz}, timed,
                 std::string{state});
           }),
           py::kw_only(), py::arg("records"), py::arg("spec"), py::arg("instruments"), py::arg("model"),
           py::arg("strategy"), py::arg("limits"), py::arg("fees"), py::arg("config_epoch"), py::arg("header_json"),
           py::arg("changes"), py::arg("journal_path"), py::arg("overwrite"), py::arg("feed"), py::arg("wait"),
           py::arg("rate_hz"), py::arg("timed"), py::arg("state") = py::bytes{})
      .def("run", &ReplayJob::run, "Run to the end, without the GIL. Once only.")
      .def("abort", &ReplayJob::abort, "Ask a running replay to end soon.")
      .def_property_readonly("n_done", &ReplayJob::n_done, "Records done so far.")
      .def_property_readonly("n_records", &ReplayJob::n_records);
}

}  // namespace hft::bindings
