#include "hft/kafka/producer.hpp"

#include <algorithm>
#include <array>

namespace hft::kafka {
namespace {

constexpr std::array kDefaults{
    DefaultSetting{"client.id", "hftcore"},
    DefaultSetting{"enable.idempotence", "true", true},
    DefaultSetting{"acks", "all", true},
    DefaultSetting{"enable.gapless.guarantee", "true", true},  // fatal rather than a hole in the order
    DefaultSetting{"message.timeout.ms", "0"},                 // 0: for ever; a message given up would be a gap
    DefaultSetting{"linger.ms", "0"},                          // 0.5 to 1 is better above 10,000 messages/s
    DefaultSetting{"compression.type", "none"},
    DefaultSetting{"queue.buffering.max.messages", "500000"},
    DefaultSetting{"request.timeout.ms", "10000"},
    DefaultSetting{"socket.nagle.disable", "true"},
    DefaultSetting{"socket.keepalive.enable", "true"},
    DefaultSetting{"socket.timeout.ms", "10000"},
    DefaultSetting{"retry.backoff.ms", "10"},
    DefaultSetting{"retry.backoff.max.ms", "100", false, true},
    DefaultSetting{"reconnect.backoff.ms", "10"},
    DefaultSetting{"reconnect.backoff.max.ms", "200"},
    DefaultSetting{"topic.metadata.refresh.fast.interval.ms", "10"},
    DefaultSetting{"enable.sparse.connections", "false", false, true},  // a second broker to ask when one dies
    DefaultSetting{"statistics.interval.ms", "1000"},
};

c::VArg argument(c::VType type) noexcept {
  c::VArg arg{};
  arg.vtype = type;
  return arg;
}

c::VArg bytes_argument(c::VType type, std::span<const std::byte> bytes) noexcept {
  c::VArg arg = argument(type);
  arg.u.mem = {const_cast<std::byte*>(bytes.data()), bytes.size()};  // the C interface knows no const; it copies
  return arg;
}

}  // namespace

Producer::Producer(const Library& library, std::span<const Setting> settings)
    : client_{library, c::kProducer, kDefaults, settings} {}

Topic Producer::open(const std::string& name, milliseconds timeout) {
  Topic topic;
  topic.handle = client_.open_topic(name, timeout, &topic.n_partitions);
  return topic;
}

bool Producer::produce(const Topic& topic, std::int32_t partition, std::span<const std::byte> key,
                       std::span<const std::byte> value, std::span<const Header> headers, std::uint64_t tag,
                       Error* why) noexcept {
  std::array<c::VArg, 6 + kMaxHeaders> args;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled up to n
  std::size_t n = 0;
  args[n++] = argument(c::kVRkt);
  args[0].u.topic = topic.handle;
  args[n] = argument(c::kVPartition);
  args[n++].u.i32 = partition;
  args[n] = argument(c::kVMsgFlags);
  args[n++].u.i = c::kMsgCopy;
  args[n] = argument(c::kVOpaque);
  args[n++].u.ptr = reinterpret_cast<void*>(tag);
  args[n++] = bytes_argument(c::kVKey, key);
  args[n++] = bytes_argument(c::kVValue, value);
  for (const Header& header : headers.first(std::min(headers.size(), kMaxHeaders))) {
    args[n] = argument(c::kVHeader);
    args[n++].u.header = {header.name, header.value.data(), static_cast<::ssize_t>(header.value.size())};
  }

  c::Error* error = headers.size() > kMaxHeaders ? nullptr : client_.api().produceva_(client_.handle(), args.data(), n);
  if (error == nullptr && headers.size() <= kMaxHeaders) [[likely]] return true;
  const c::Code code = error == nullptr ? c::kInvalidArg : client_.api().error_code_(error);
  if (why != nullptr) {
    why->kind = code == c::kQueueFull ? ErrorKind::kQueueFull
                : client_.fatal()     ? ErrorKind::kFatal
                                      : ErrorKind::kOther;
    why->code = code;
    why->text = error == nullptr ? "too many headers" : client_.redacted(client_.api().error_string_(error));
  }
  if (error != nullptr) client_.api().error_destroy_(error);
  return false;
}

std::size_t Producer::outq_len() const noexcept {
  return static_cast<std::size_t>(client_.api().outq_len_(client_.handle()));
}

c::Event* Producer::next_deliveries(milliseconds timeout) noexcept {
  for (int wait_ms = static_cast<int>(timeout.count());; wait_ms = 0) {
    c::Event* event = client_.api().queue_poll_(client_.main_queue(), wait_ms);
    if (event == nullptr || client_.api().event_type_(event) == c::kEventDelivery) return event;
    client_.set_aside(event);
  }
}

}  // namespace hft::kafka
