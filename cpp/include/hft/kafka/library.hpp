#pragma once

#include <string>

#include "hft/kafka/api.hpp"
#include "hft/kafka/error.hpp"

namespace hft::kafka {

/// librdkafka, opened at run time and never closed: its threads may outlive whoever opened it.
///
/// Which one: the path given, else the environment variable HFTCORE_LIBRDKAFKA, else the system's librdkafka.so.1. A
/// path that is given is the only one tried. The Python package gives the library inside the confluent-kafka wheel.
class Library {
 public:
  static constexpr int kLeastVersion = 0x020002ff;  // 2.0.2

  /// Cold path: throws KafkaError that names what was tried, and refuses versions before 2.0.2. One path is one
  /// Library, from any thread.
  [[nodiscard]] static const Library& load(const std::string& path = "");

  [[nodiscard]] const c::Api& api() const noexcept { return api_; }
  /// "2.16.0"
  [[nodiscard]] std::string version() const { return api_.version_str_(); }
  /// As it was opened: a path, or librdkafka.so.1.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// "Broker: Offset out of range (OFFSET_OUT_OF_RANGE)"
  [[nodiscard]] std::string text_of(int code) const;
  /// A function outside the table, nullptr when there is none. Tests reach the mock cluster through it.
  [[nodiscard]] void* symbol(const char* name) const noexcept;

  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

 private:
  explicit Library(const std::string& path);

  std::string path_;
  void* handle_ = nullptr;
  c::Api api_{};
};

}  // namespace hft::kafka
