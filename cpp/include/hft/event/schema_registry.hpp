#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace hft::event {

/// Why a schema registry gave no schema; says which registry, what was asked and what came instead.
class RegistryError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The registry answered that it has no schema of that id: whoever wrote the message had none either.
class SchemaNotFound : public RegistryError {
 public:
  using RegistryError::RegistryError;
};

/// The text of the Avro schema with this id: GET <url>/schemas/ids/<id> over plain HTTP/1.1. Cold path: it waits.
///
/// `url` is "http://host[:port][/path]". `timeout` bounds the whole exchange. Throws RegistryError,
/// SchemaNotFound where the registry answered and does not know the id.
[[nodiscard]] std::string fetch_schema(const std::string& url, std::uint32_t id, std::chrono::milliseconds timeout);

}  // namespace hft::event
