// Our declarations against those of a real header: built where Debian's librdkafka-dev is installed.
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <cstddef>
#include <type_traits>

#include "hft/kafka/api.hpp"
#include "hft/kafka/library.hpp"

namespace hft::kafka {
namespace {

/// Two types that a call passes in the same way: the same number, an enum and an integer of its size, or two pointers.
template <class Ours, class Theirs>
constexpr bool same_shape() {
  if constexpr (std::is_pointer_v<Ours> && std::is_pointer_v<Theirs>) {
    using Left = std::remove_pointer_t<Ours>;
    using Right = std::remove_pointer_t<Theirs>;
    if constexpr (std::is_scalar_v<Left> && std::is_scalar_v<Right>) return same_shape<Left, Right>();
    return std::is_scalar_v<Left> == std::is_scalar_v<Right> && std::is_void_v<Left> == std::is_void_v<Right>;
  } else if constexpr (std::is_enum_v<Ours> || std::is_enum_v<Theirs>) {
    return sizeof(Ours) == sizeof(Theirs) && !std::is_floating_point_v<Ours> && !std::is_floating_point_v<Theirs>;
  } else {
    return std::is_same_v<std::remove_cv_t<Ours>, std::remove_cv_t<Theirs>>;
  }
}

template <class Ours, class Theirs>
struct SameSignature : std::false_type {};
template <class R, class... A, class S, class... B>
struct SameSignature<R (*)(A...), S (*)(B...)> {
  static constexpr bool parameters() {
    if constexpr (sizeof...(A) == sizeof...(B)) return (same_shape<A, B>() && ...);
    return false;
  }
  static constexpr bool value = (std::is_void_v<R> ? std::is_void_v<S> : same_shape<R, S>()) && parameters();
};

#define HFT_SAME_FUNCTION(result, name, parameters) \
  static_assert(SameSignature<decltype(c::Api::name##_), decltype(&rd_kafka_##name)>::value, "rd_kafka_" #name);
HFT_KAFKA_FUNCTIONS(HFT_SAME_FUNCTION)
#undef HFT_SAME_FUNCTION

static_assert(!SameSignature<int (*)(int), int (*)(long)>::value && !SameSignature<int (*)(), int (*)(int)>::value);
static_assert(!SameSignature<void (*)(int*), void (*)(rd_kafka_t*)>::value, "the comparison does compare");

#define HFT_SAME_FIELD(Ours, ours, Theirs, theirs)                           \
  static_assert(offsetof(c::Ours, ours) == offsetof(Theirs, theirs) &&       \
                sizeof(c::Ours::ours) == sizeof(Theirs::theirs), #Theirs "." #theirs)

static_assert(sizeof(c::Message) == sizeof(rd_kafka_message_t));
HFT_SAME_FIELD(Message, err, rd_kafka_message_t, err);
HFT_SAME_FIELD(Message, topic, rd_kafka_message_t, rkt);
HFT_SAME_FIELD(Message, partition, rd_kafka_message_t, partition);
HFT_SAME_FIELD(Message, payload, rd_kafka_message_t, payload);
HFT_SAME_FIELD(Message, len, rd_kafka_message_t, len);
HFT_SAME_FIELD(Message, key, rd_kafka_message_t, key);
HFT_SAME_FIELD(Message, key_len, rd_kafka_message_t, key_len);
HFT_SAME_FIELD(Message, offset, rd_kafka_message_t, offset);
HFT_SAME_FIELD(Message, opaque, rd_kafka_message_t, _private);

static_assert(sizeof(c::VArg) == sizeof(rd_kafka_vu_t));
HFT_SAME_FIELD(VArg, vtype, rd_kafka_vu_t, vtype);
HFT_SAME_FIELD(VArg, u.i32, rd_kafka_vu_t, u.i32);
HFT_SAME_FIELD(VArg, u.mem.ptr, rd_kafka_vu_t, u.mem.ptr);
HFT_SAME_FIELD(VArg, u.mem.size, rd_kafka_vu_t, u.mem.size);
HFT_SAME_FIELD(VArg, u.header.name, rd_kafka_vu_t, u.header.name);
HFT_SAME_FIELD(VArg, u.header.val, rd_kafka_vu_t, u.header.val);
HFT_SAME_FIELD(VArg, u.header.size, rd_kafka_vu_t, u.header.size);
static_assert(int{c::kVRkt} == RD_KAFKA_VTYPE_RKT && int{c::kVPartition} == RD_KAFKA_VTYPE_PARTITION);
static_assert(int{c::kVValue} == RD_KAFKA_VTYPE_VALUE && int{c::kVKey} == RD_KAFKA_VTYPE_KEY);
static_assert(int{c::kVOpaque} == RD_KAFKA_VTYPE_OPAQUE && int{c::kVMsgFlags} == RD_KAFKA_VTYPE_MSGFLAGS);
static_assert(int{c::kVHeader} == RD_KAFKA_VTYPE_HEADER);

static_assert(sizeof(c::Metadata) == sizeof(rd_kafka_metadata_t));
HFT_SAME_FIELD(Metadata, topic_cnt, rd_kafka_metadata_t, topic_cnt);
HFT_SAME_FIELD(Metadata, topics, rd_kafka_metadata_t, topics);
static_assert(sizeof(c::MetadataTopic) == sizeof(rd_kafka_metadata_topic_t));
HFT_SAME_FIELD(MetadataTopic, topic, rd_kafka_metadata_topic_t, topic);
HFT_SAME_FIELD(MetadataTopic, partition_cnt, rd_kafka_metadata_topic_t, partition_cnt);
HFT_SAME_FIELD(MetadataTopic, partitions, rd_kafka_metadata_topic_t, partitions);
HFT_SAME_FIELD(MetadataTopic, err, rd_kafka_metadata_topic_t, err);

static_assert(c::kNoError == RD_KAFKA_RESP_ERR_NO_ERROR &&
              c::kOffsetOutOfRange == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
static_assert(c::kLeaderNotAvailable == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
static_assert(c::kNotLeader == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
static_assert(c::kUnknownTopicOrPart == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
static_assert(c::kRequestTimedOut == RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
static_assert(c::kNetworkException == RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION);
static_assert(c::kOffsetNotAvailable == RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE);
static_assert(c::kTransport == RD_KAFKA_RESP_ERR__TRANSPORT && c::kResolve == RD_KAFKA_RESP_ERR__RESOLVE);
static_assert(c::kPartitionEof == RD_KAFKA_RESP_ERR__PARTITION_EOF && c::kTimedOut == RD_KAFKA_RESP_ERR__TIMED_OUT);
static_assert(c::kAllBrokersDown == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && c::kFatal == RD_KAFKA_RESP_ERR__FATAL);
static_assert(c::kQueueFull == RD_KAFKA_RESP_ERR__QUEUE_FULL && c::kInvalidArg == RD_KAFKA_RESP_ERR__INVALID_ARG);
static_assert(c::kWaitCache == RD_KAFKA_RESP_ERR__WAIT_CACHE);
static_assert(c::kAutoOffsetReset == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET);
static_assert(int{c::kProducer} == RD_KAFKA_PRODUCER && int{c::kConsumer} == RD_KAFKA_CONSUMER);
static_assert(int{c::kConfUnknown} == RD_KAFKA_CONF_UNKNOWN && int{c::kConfInvalid} == RD_KAFKA_CONF_INVALID &&
              int{c::kConfOk} == RD_KAFKA_CONF_OK);
static_assert(c::kEventDelivery == RD_KAFKA_EVENT_DR && c::kEventLog == RD_KAFKA_EVENT_LOG);
static_assert(c::kEventError == RD_KAFKA_EVENT_ERROR && c::kEventStats == RD_KAFKA_EVENT_STATS);
static_assert(c::kMsgCopy == RD_KAFKA_MSG_F_COPY);
static_assert(c::kOffsetBeginning == RD_KAFKA_OFFSET_BEGINNING && c::kOffsetEnd == RD_KAFKA_OFFSET_END);
static_assert(c::kOffsetInvalid == RD_KAFKA_OFFSET_INVALID);
static_assert(Library::kLeastVersion <= RD_KAFKA_VERSION, "the header is one that we support");

TEST(KafkaApi, AgreesWithTheHeaderOfLibrdkafka) { SUCCEED() << "compared at compile time"; }

}  // namespace
}  // namespace hft::kafka
