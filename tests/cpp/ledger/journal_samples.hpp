#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "hft/ledger/frame.hpp"
#include "hft/ledger/journal_reader.hpp"

namespace hft::ledger::test {

/// A folder that lives as long as a test.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "hft_journal_XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::filesystem::path file(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline DecisionId id_of(std::uint64_t n) { return {n, 1, 0}; }

inline Decision decision_of(std::uint64_t n) {
  return {id_of(n), static_cast<std::int64_t>(n) * 1'000, 2735, 100, 0.75, 0.125, 1, Side::kBuy, Reason::kSignal,
          Refusal::kNone, 0};
}
inline Order order_of(std::uint64_t n) {
  return {id_of(n), static_cast<std::int64_t>(n) * 1'000, 2735, 100, 1, Side::kBuy, Reason::kSignal, 0};
}
inline Fill fill_of(std::uint64_t n) {
  return {id_of(n), static_cast<std::int64_t>(n) * 1'000, 2735, 100, 250, 1, Side::kBuy, {}};
}
inline Mark mark_of(std::uint64_t n) { return {static_cast<std::int64_t>(n) * 1'000, 5471, 1, 0}; }

/// One small run into any journal: text of uneven length, every kind of record.
template <class Sink>
void write_run(Sink& sink, std::uint64_t n_decisions) {
  bool ok = sink.append_text(FrameKind::kRunHeader, R"({"schema":1})");
  for (std::uint64_t n = 0; n < n_decisions; ++n) {
    ok = ok && sink.append(JournalRecord{decision_of(n)}) && sink.append(JournalRecord{order_of(n)}) &&
         sink.append(JournalRecord{fill_of(n)});
  }
  ok = ok && sink.append(JournalRecord{mark_of(n_decisions)}) && sink.append_text(FrameKind::kRunEnd, R"({"n":1})");
  if (!ok) throw std::runtime_error("the sample run was not taken");
}

inline void write_bytes(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  std::fwrite(bytes.data(), 1, bytes.size(), file);
  std::fclose(file);
}

/// Where each whole frame ends, the file header first.
inline std::vector<std::uint64_t> frame_ends(std::span<const std::byte> bytes) {
  FrameScanner scanner{bytes, "sample"};
  std::vector<std::uint64_t> ends{scanner.offset_bytes()};
  while (scanner.next()) ends.push_back(scanner.offset_bytes());
  return ends;
}

}  // namespace hft::ledger::test
