#include "hft/kafka/library.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>

namespace hft::kafka {
namespace {

constexpr const char* kSystemLibrary = "librdkafka.so.1";
constexpr const char* kEnvironment = "HFTCORE_LIBRDKAFKA";

std::string reason() {
  const char* text = ::dlerror();
  return text != nullptr ? text : "unknown reason";
}

std::string path_of(const std::string& given) {
  if (!given.empty()) return given;
  if (const char* named = std::getenv(kEnvironment); named != nullptr && *named != '\0') return named;
  return kSystemLibrary;
}

/// What was tried, and what else could be: the reader has one line to go by.
std::string tried(const std::string& given, const std::string& path) {
  if (!given.empty()) return "librdkafka at " + path + " (the path given)";
  if (path != kSystemLibrary) return "librdkafka at " + path + " (from " + kEnvironment + ")";
  return std::string{"librdkafka: no path given, "} + kEnvironment + " not set, the system's " + path;
}

}  // namespace

Library::Library(const std::string& given) : path_{path_of(given)} {
  handle_ = ::dlopen(path_.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle_ == nullptr) throw KafkaError(tried(given, path_) + " cannot be loaded: " + reason());
  const auto find = [&](const char* name, auto& function) {
    void* found = ::dlsym(handle_, name);
    if (found == nullptr) throw KafkaError(tried(given, path_) + " has no function " + name);
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(found);
  };
  find("rd_kafka_version", api_.version_);
  find("rd_kafka_version_str", api_.version_str_);
  if (api_.version_() < kLeastVersion) {
    throw KafkaError(tried(given, path_) + " must be >= 2.0.2, was " + api_.version_str_());
  }
#define HFT_KAFKA_FIND(result, name, parameters) find("rd_kafka_" #name, api_.name##_);
  HFT_KAFKA_FUNCTIONS(HFT_KAFKA_FIND)
#undef HFT_KAFKA_FIND
}

const Library& Library::load(const std::string& path) {
  static std::mutex mutex;
  static auto& loaded = *new std::map<std::string, std::unique_ptr<Library>>;  // never destroyed: see the class
  const std::lock_guard lock{mutex};
  auto& library = loaded[path_of(path)];
  if (!library) library.reset(new Library(path));
  return *library;
}

std::string Library::text_of(int code) const {
  return std::string{api_.err2str_(code)} + " (" + api_.err2name_(code) + ")";
}

void* Library::symbol(const char* name) const noexcept { return ::dlsym(handle_, name); }

}  // namespace hft::kafka
