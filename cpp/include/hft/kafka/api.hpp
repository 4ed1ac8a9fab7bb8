#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

/// The part of librdkafka's C interface that we use, declared by ourselves: the library is opened at run time, so
/// neither building nor installing needs its headers. Its C ABI is stable; we use what 2.0.2 has. The test
/// kafka_api_header compares every type, offset, constant and signature here with a real header.
namespace hft::kafka::c {

// Opaque handles: rd_kafka_t and so on.
struct Handle;
struct Conf;
struct TopicConf;
struct Topic;
struct Queue;
struct Event;
struct Headers;
struct Error;

/// rd_kafka_resp_err_t: negative for the client's own errors, positive for a broker's.
using Code = int;
inline constexpr Code kNoError = 0;
inline constexpr Code kOffsetOutOfRange = 1;
inline constexpr Code kUnknownTopicOrPart = 3;
inline constexpr Code kLeaderNotAvailable = 5;
inline constexpr Code kNotLeader = 6;
inline constexpr Code kRequestTimedOut = 7;
inline constexpr Code kNetworkException = 13;
inline constexpr Code kOffsetNotAvailable = 78;  // a new leader does not know yet how far its followers are
inline constexpr Code kTransport = -195;
inline constexpr Code kResolve = -193;
inline constexpr Code kPartitionEof = -191;
inline constexpr Code kAllBrokersDown = -187;
inline constexpr Code kInvalidArg = -186;
inline constexpr Code kTimedOut = -185;
inline constexpr Code kQueueFull = -184;
inline constexpr Code kWaitCache = -164;
inline constexpr Code kFatal = -150;
inline constexpr Code kAutoOffsetReset = -140;
inline constexpr Code kLogTruncation = -139;  // since 2.1: unknown to the header of 2.0.2

enum ClientType : int { kProducer = 0, kConsumer = 1 };
enum ConfResult : int { kConfUnknown = -2, kConfInvalid = -1, kConfOk = 0 };

inline constexpr int kEventDelivery = 0x1;
inline constexpr int kEventLog = 0x4;
inline constexpr int kEventError = 0x8;
inline constexpr int kEventStats = 0x40;

inline constexpr int kMsgCopy = 0x2;
inline constexpr std::int64_t kOffsetBeginning = -2;
inline constexpr std::int64_t kOffsetEnd = -1;
inline constexpr std::int64_t kOffsetInvalid = -1001;

struct Message {
  Code err;
  Topic* topic;
  std::int32_t partition;
  void* payload;
  std::size_t len;
  void* key;
  std::size_t key_len;
  std::int64_t offset;
  void* opaque;  // producer: what produceva was given
};

enum VType : int {
  kVEnd = 0,
  kVTopic = 1,
  kVRkt = 2,
  kVPartition = 3,
  kVValue = 4,
  kVKey = 5,
  kVOpaque = 6,
  kVMsgFlags = 7,
  kVTimestamp = 8,
  kVHeader = 9,
};

/// One argument of produceva.
struct VArg {
  VType vtype;
  union {
    const char* cstr;
    Topic* topic;
    int i;
    std::int32_t i32;
    std::int64_t i64;
    struct {
      void* ptr;
      std::size_t size;
    } mem;
    struct {
      const char* name;
      const void* val;
      ::ssize_t size;
    } header;
    void* ptr;
    char pad[64];
  } u;
};

struct MetadataBroker {
  std::int32_t id;
  char* host;
  int port;
};

struct MetadataPartition {
  std::int32_t id;
  Code err;
  std::int32_t leader;
  int replica_cnt;
  std::int32_t* replicas;
  int isr_cnt;
  std::int32_t* isrs;
};

struct MetadataTopic {
  char* topic;
  int partition_cnt;
  MetadataPartition* partitions;
  Code err;
};

struct Metadata {
  int broker_cnt;
  MetadataBroker* brokers;
  int topic_cnt;
  MetadataTopic* topics;
  std::int32_t orig_broker_id;
  char* orig_broker_name;
};

static_assert(sizeof(Message) == 72 && sizeof(VArg) == 72 && sizeof(Metadata) == 48, "the C ABI on 64-bit targets");

/// Every function that we call: result, name without rd_kafka_, parameters.
// clang-format off
#define HFT_KAFKA_FUNCTIONS(X)                                                                      \
  X(int, version, (void))                                                                           \
  X(const char*, version_str, (void))                                                               \
  X(const char*, err2str, (Code))                                                                   \
  X(const char*, err2name, (Code))                                                                  \
  X(Code, last_error, (void))                                                                       \
  X(Conf*, conf_new, (void))                                                                        \
  X(void, conf_destroy, (Conf*))                                                                    \
  X(ConfResult, conf_set, (Conf*, const char*, const char*, char*, std::size_t))                    \
  X(void, conf_set_events, (Conf*, int))                                                            \
  X(Handle*, new, (ClientType, Conf*, char*, std::size_t))                                          \
  X(void, destroy, (Handle*))                                                                       \
  X(Code, set_log_queue, (Handle*, Queue*))                                                         \
  X(Code, fatal_error, (Handle*, char*, std::size_t))                                               \
  X(Topic*, topic_new, (Handle*, const char*, TopicConf*))                                          \
  X(void, topic_destroy, (Topic*))                                                                  \
  X(Queue*, queue_new, (Handle*))                                                                   \
  X(Queue*, queue_get_main, (Handle*))                                                              \
  X(void, queue_destroy, (Queue*))                                                                  \
  X(void, queue_forward, (Queue*, Queue*))                                                          \
  X(Event*, queue_poll, (Queue*, int))                                                              \
  X(int, event_type, (const Event*))                                                                \
  X(int, event_log, (Event*, const char**, const char**, int*))                                     \
  X(Code, event_error, (Event*))                                                                    \
  X(const char*, event_error_string, (Event*))                                                      \
  X(const char*, event_stats, (Event*))                                                             \
  X(const Message*, event_message_next, (Event*))                                                   \
  X(void, event_destroy, (Event*))                                                                  \
  X(int, consume_start_queue, (Topic*, std::int32_t, std::int64_t, Queue*))                         \
  X(int, consume_stop, (Topic*, std::int32_t))                                                      \
  X(Message*, consume_queue, (Queue*, int))                                                         \
  X(::ssize_t, consume_batch_queue, (Queue*, int, Message**, std::size_t))                          \
  X(void, message_destroy, (Message*))                                                              \
  X(std::int64_t, message_timestamp, (const Message*, int*))                                        \
  X(Code, message_headers, (const Message*, Headers**))                                             \
  X(Code, header_get_all, (const Headers*, std::size_t, const char**, const void**, std::size_t*))  \
  X(Error*, produceva, (Handle*, const VArg*, std::size_t))                                         \
  X(Code, error_code, (const Error*))                                                               \
  X(const char*, error_string, (const Error*))                                                      \
  X(void, error_destroy, (Error*))                                                                  \
  X(int, outq_len, (Handle*))                                                                       \
  X(Code, query_watermark_offsets,                                                                  \
    (Handle*, const char*, std::int32_t, std::int64_t*, std::int64_t*, int))                        \
  X(Code, metadata, (Handle*, int, Topic*, const Metadata**, int))                                  \
  X(void, metadata_destroy, (const Metadata*))
// clang-format on

/// The functions of one loaded library, called as api.poll_(...): the C name without its prefix, with an underscore.
struct Api {
#define HFT_KAFKA_MEMBER(result, name, parameters) result(*name##_) parameters;
  HFT_KAFKA_FUNCTIONS(HFT_KAFKA_MEMBER)
#undef HFT_KAFKA_MEMBER
};

}  // namespace hft::kafka::c
