#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace hft::kafka {

enum class ErrorKind : std::uint8_t {
  kOther = 0,
  kQueueFull = 1,  // the producer's own queue: poll, then try again
  kInputLost = 2,  // the wanted offset is not in the log (any more)
  kFatal = 3,      // this client will never work again: an idempotent producer that lost its order, for instance
};

/// What went wrong, in words without secrets. `code` is librdkafka's: negative from the client, positive from a broker.
struct Error {
  ErrorKind kind = ErrorKind::kOther;
  int code = 0;
  std::string text;
};

/// Thrown on cold paths only: loading, configuring, starting, asking for watermarks.
class KafkaError : public std::runtime_error {
 public:
  explicit KafkaError(const std::string& text, int code = 0) : std::runtime_error(text), code_{code} {}
  [[nodiscard]] int code() const noexcept { return code_; }

 private:
  int code_;
};

}  // namespace hft::kafka
