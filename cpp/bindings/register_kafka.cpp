#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hft/feed/hop_probe.hpp"
#include "hft/feed/paced_feed.hpp"
#include "hft/kafka/partitioner.hpp"
#include "registrations.hpp"

namespace hft::bindings {
namespace {

namespace py = pybind11;
using feed::FeedBlock;
using feed::FeedConfig;
using kafka::milliseconds;
using Settings = std::vector<std::pair<std::string, std::string>>;
using Indices = py::array_t<std::uint32_t, py::array::c_style>;
using Partitions = py::array_t<std::int32_t, py::array::c_style>;

std::vector<kafka::Setting> settings_of(const Settings& pairs) {
  std::vector<kafka::Setting> out;
  for (const auto& [name, value] : pairs) out.push_back({name, value});
  return out;
}

void check_interrupt() {
  const py::gil_scoped_acquire locked;
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
}

milliseconds seconds(double s) { return milliseconds{static_cast<std::int64_t>(s * 1e3)}; }

/// Keeps Python's bytes alive; let go of under the GIL only.
std::shared_ptr<const FeedBlock> block_of(const py::sequence& values, const std::optional<Indices>& keys,
                                          const std::optional<Indices>& topics,
                                          const std::optional<Partitions>& partitions, std::size_t n_keys,
                                          std::size_t n_topics) {
  auto block = std::make_shared<FeedBlock>();
  auto owner = std::make_shared<py::tuple>(values);  // a copy of the references: the caller's list may change
  const std::size_t n = owner->size();
  const auto take = [&](const auto& column, auto& out, const char* name, std::size_t n_allowed) {
    using Item = typename std::decay_t<decltype(out)>::value_type;
    out.assign(n, Item{0});
    if (!column) return;
    if (column->ndim() != 1 || static_cast<std::size_t>(column->size()) != n) {
      throw py::value_error(std::string{name} + " must have one entry for each value");
    }
    for (std::size_t i = 0; i < n; ++i) {
      const auto item = column->data()[i];
      if (static_cast<std::uint64_t>(item) >= n_allowed) {
        throw py::value_error(std::string{name} + ": entry " + std::to_string(i) + " is out of range");
      }
      out[i] = static_cast<Item>(item);
    }
  };
  take(keys, block->keys, "keys", n_keys);
  take(topics, block->topics, "topics", n_topics);
  if (partitions) take(partitions, block->partitions, "partitions", INT32_MAX);
  block->values.reserve(n);
  for (const py::handle value : *owner) {
    if (!PyBytes_Check(value.ptr())) throw py::type_error("values must be bytes");
    block->values.push_back(std::as_bytes(std::span{PyBytes_AS_STRING(value.ptr()),
                                                    static_cast<std::size_t>(PyBytes_GET_SIZE(value.ptr()))}));
  }
  block->owner = std::move(owner);
  return block;
}

FeedConfig feed_config(const std::string& library, const Settings& settings, std::vector<std::string> topics,
                       std::vector<std::string> keys, double rate_hz, std::size_t n_producers, bool time_header,
                       double connect_timeout_s) {
  if (topics.empty()) throw py::value_error("topics must name at least one topic");
  if (!(rate_hz >= 0) || rate_hz > 1e9) throw py::value_error("rate_hz must be >= 0 and <= 1e9");
  if (keys.empty()) keys.emplace_back();
  return {&kafka::Library::load(library), settings_of(settings), std::move(topics), std::move(keys), rate_hz,
          n_producers, time_header, seconds(connect_timeout_s)};
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

py::dict feed_dict(const feed::FeedTotals& totals, const feed::Schedule& schedule) {
  const double elapsed_s =
      static_cast<double>(std::max<std::int64_t>(totals.last_sent_ns - schedule.start_ns(), 0)) / 1e9;
  py::dict out;
  out["n_sent"] = totals.n_sent;
  out["n_delivered"] = totals.n_delivered;
  out["n_failed"] = totals.n_failed;
  out["n_lost"] = totals.n_sent - totals.n_delivered;
  out["elapsed_s"] = totals.n_sent == 0 ? 0.0 : elapsed_s;
  out["rate_hz"] = elapsed_s > 0 && totals.n_sent != 0 ? static_cast<double>(totals.n_sent) / elapsed_s : 0.0;
  out["lateness_ns"] = summary_of(totals.lateness);
  out["acknowledged_ns"] = summary_of(totals.acknowledged);
  out["errors"] = totals.errors;
  return out;
}

class FeederObject {
 public:
  explicit FeederObject(const FeedConfig& config) : n_keys_{config.keys.size()}, n_topics_{config.topics.size()} {
    const py::gil_scoped_release unlocked;
    feed_ = std::make_unique<feed::PacedFeed>(config, check_interrupt);
  }
  ~FeederObject() {
    const py::gil_scoped_release unlocked;
    feed_->stop();  // joins threads; the blocks go afterwards, under the GIL again
  }
  FeederObject(const FeederObject&) = delete;
  FeederObject& operator=(const FeederObject&) = delete;

  void push(const py::sequence& values, const std::optional<Indices>& keys, const std::optional<Indices>& topics,
            const std::optional<Partitions>& partitions) {
    auto block = block_of(values, keys, topics, partitions, n_keys_, n_topics_);
    {
      const py::gil_scoped_release unlocked;
      feed_->push(block, check_interrupt);
    }
    feed_->drop_retired();
  }
  py::dict finish(double timeout_s) {
    bool complete = false;
    {
      const py::gil_scoped_release unlocked;
      complete = feed_->finish(seconds(timeout_s), check_interrupt);
    }
    feed_->drop_retired();
    py::dict out = feed_dict(feed_->totals(), feed_->schedule());
    out["complete"] = complete;
    return out;
  }
  void abort() noexcept { feed_->abort(); }
  [[nodiscard]] std::uint64_t n_sent() const noexcept { return feed_->n_sent(); }
  [[nodiscard]] std::uint64_t n_delivered() const noexcept { return feed_->n_delivered(); }
  [[nodiscard]] std::vector<std::int32_t> n_partitions() const {
    std::vector<std::int32_t> out;
    for (std::size_t i = 0; i < n_topics_; ++i) out.push_back(feed_->n_partitions(i));
    return out;
  }

 private:
  std::size_t n_keys_;
  std::size_t n_topics_;
  std::unique_ptr<feed::PacedFeed> feed_;
};

py::dict measure_hop(const std::string& library, const Settings& producer, const Settings& consumer,
                     const std::string& topic, const py::sequence& values, std::vector<std::string> keys,
                     const std::optional<Indices>& key_of, const std::optional<Partitions>& partitions, double rate_hz,
                     std::size_t n_producers, const std::optional<std::string>& decisions, std::uint64_t warm_up,
                     double quiet_s, double connect_timeout_s) {
  feed::ProbeConfig config;
  config.feed =
      feed_config(library, producer, {topic}, std::move(keys), rate_hz, n_producers, false, connect_timeout_s);
  config.consumer = settings_of(consumer);
  config.read_topic = decisions.value_or(topic);
  config.hop = decisions ? feed::Hop::kDecisions : feed::Hop::kSame;
  config.warm_up = warm_up;
  config.quiet = seconds(quiet_s);
  const auto block = block_of(values, key_of, std::nullopt, partitions, config.feed.keys.size(), 1);
  if (rate_hz == 0) throw py::value_error("rate_hz must be > 0: latency counts from the schedule");

  std::unique_ptr<feed::HopProbe> probe;
  feed::ProbeTotals totals;
  {
    const py::gil_scoped_release unlocked;
    probe = std::make_unique<feed::HopProbe>(config, check_interrupt);
    totals = probe->run(block, check_interrupt);
  }
  py::dict out = feed_dict(totals.feed, probe->schedule());
  const double reading_s = static_cast<double>(totals.last_read_ns - totals.first_read_ns) / 1e9;
  out["n_read"] = totals.n_read;
  out["n_matched"] = totals.n_matched;
  out["read_rate_hz"] = reading_s > 0 ? static_cast<double>(totals.n_read) / reading_s : 0.0;
  out["latency_ns"] = summary_of(totals.latency);
  out["error"] = totals.error;
  const py::gil_scoped_release unlocked;
  probe.reset();  // waits for librdkafka's threads
  return out;
}

void register_feeder(py::module_& m) {
  py::class_<FeederObject>(m, "Feeder",
                           R"(Sends prepared messages at a fixed rate, whatever the brokers do: an open loop.

A partition belongs to one of the producers, so its order is that of the values. hftcore.kafka.feed uses it.)")
      .def(py::init([](const std::string& library, const Settings& settings, std::vector<std::string> topics,
                       std::vector<std::string> keys, double rate_hz, std::size_t n_producers, bool time_header,
                       double connect_timeout_s) {
             return std::make_unique<FeederObject>(feed_config(library, settings, std::move(topics), std::move(keys),
                                                               rate_hz, n_producers, time_header, connect_timeout_s));
           }),
           py::kw_only(), py::arg("library"), py::arg("settings"), py::arg("topics"),
           py::arg("keys") = std::vector<std::string>{}, py::arg("rate_hz") = 0.0, py::arg("n_producers") = 1,
           py::arg("time_header") = false, py::arg("connect_timeout_s") = 10.0)
      .def("push", &FeederObject::push, py::arg("values"), py::kw_only(), py::arg("keys") = py::none(),
           py::arg("topics") = py::none(), py::arg("partitions") = py::none(),
           R"(Hand over the next messages; waits while three blocks are still being sent.

keys and topics are indices (uint32) into the names given before, default 0; partitions (int32) default to the key's.)")
      .def("finish", &FeederObject::finish, py::arg("timeout_s") = 30.0,
           "Wait until all is delivered, or nothing moved for timeout_s; the figures.")
      .def("abort", &FeederObject::abort, "Give up what was not sent. Any thread.")
      .def_property_readonly("n_sent", &FeederObject::n_sent)
      .def_property_readonly("n_delivered", &FeederObject::n_delivered)
      .def_property_readonly("n_partitions", &FeederObject::n_partitions, "Of each topic.");
}

}  // namespace

void register_kafka(py::module_& m) {
  m.doc() = "Kafka from C++: paced feeding, and measuring the way through the brokers.";
  register_feeder(m);
  m.def("measure_hop", &measure_hop, py::kw_only(), py::arg("library"), py::arg("producer"), py::arg("consumer"),
        py::arg("topic"), py::arg("values"), py::arg("keys") = std::vector<std::string>{},
        py::arg("key_of") = py::none(), py::arg("partitions") = py::none(), py::arg("rate_hz"),
        py::arg("n_producers") = 1, py::arg("decisions") = py::none(), py::arg("warm_up") = 0, py::arg("quiet_s") = 2.0,
        py::arg("connect_timeout_s") = 10.0,
        R"(Send values to `topic` at a rate and read them back in this process; latencies from the schedule, in ns.

With `decisions`, a topic of a daemon's decision frames is read instead, and each decision is matched with the message
that caused it. Nobody else may write to `topic` meanwhile.)");
  m.def("partition_of", [](const py::bytes& key, std::int32_t n_partitions) {
          if (n_partitions < 1) throw py::value_error("n_partitions must be >= 1");
          return kafka::partition_of(std::string_view{key}, n_partitions);
        }, py::arg("key"), py::arg("n_partitions"), "The partition of a key, as the daemon computes it.");
  m.def("library_version", [](const std::string& path) { return kafka::Library::load(path).version(); },
        py::arg("path") = "", "Version of the librdkafka that is loaded from there.");
}

}  // namespace hft::bindings
