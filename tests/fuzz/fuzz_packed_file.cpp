#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>

#include "fuzz_messages.hpp"
#include "hft/base/crc32c.hpp"
#include "hft/event/packed.hpp"

namespace {

using namespace hft;

/// Gives header, table, events and end mark the checksums that fit them, so that what lies behind these is reached.
void repair(std::string& file) {
  event::PackedHeader header{};
  event::PackedEnd end{};
  if (file.size() < sizeof header + sizeof end) return;
  std::memcpy(&header, file.data(), sizeof header);
  std::memcpy(&end, file.data() + file.size() - sizeof end, sizeof end);
  const std::size_t room = file.size() - sizeof header - sizeof end;
  if (header.table_bytes > room) return;
  const auto bytes = std::as_bytes(std::span{file});
  header.table_crc = base::crc32c(bytes.subspan(sizeof header, header.table_bytes));
  header.header_crc =
      base::crc32c(std::as_bytes(std::span{&header, 1}).first(offsetof(event::PackedHeader, header_crc)));
  end.events_crc = base::crc32c(bytes.subspan(sizeof header + header.table_bytes, room - header.table_bytes));
  end.end_crc = base::crc32c(std::as_bytes(std::span{&end, 1}).first(offsetof(event::PackedEnd, end_crc)));
  std::memcpy(file.data(), &header, sizeof header);
  std::memcpy(file.data() + file.size() - sizeof end, &end, sizeof end);
}

void read(const std::string& bytes) {
  static const int kFile = ::memfd_create("packed", 0);
  static const std::string kPath = "/proc/self/fd/" + std::to_string(kFile);
  fuzz::require(::ftruncate(kFile, 0) == 0 &&
                    ::pwrite(kFile, bytes.data(), bytes.size(), 0) == static_cast<::ssize_t>(bytes.size()),
                "memory file");
  try {
    const event::PackedFile file{kPath};
    std::vector<event::Event> events(file.n_events());
    file.read(events);
    const event::PackedDecoder rules{file.instruments()};
    for (const event::Event& event : events) {
      fuzz::require(rules.check(event) == event::DecodeStatus::kOk, "an accepted event breaks a rule");
    }
  } catch (const std::invalid_argument&) {  // a file may be refused, in no other way
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t n_bytes) {
  std::string bytes(reinterpret_cast<const char*>(data), n_bytes);
  // The first byte's highest bit is never set in a file that may be whole: it asks for the repair.
  const bool mend = n_bytes > 0 && (data[0] & 0x80) != 0;
  if (mend) {
    bytes[0] = static_cast<char>(data[0] & 0x7F);
    repair(bytes);
  }
  read(bytes);
  return 0;
}
