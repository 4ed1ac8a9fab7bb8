#include "journals.hpp"

#include <array>
#include <span>
#include <string>
#include <system_error>
#include <thread>

#include "control_text.hpp"
#include "exit_code.hpp"

namespace hft::daemon {
namespace {

constexpr std::size_t kBatch = 64;
constexpr std::chrono::microseconds kNap{500};  // nobody waits for this thread: its core is free for those that matter

}  // namespace

Journals::Journals(std::vector<ledger::Journal> journals, Rings& rings, std::chrono::nanoseconds sync_every,
                   telemetry::LatencyHistogram& sync_times)
    : rings_{rings}, sync_every_{sync_every}, sync_times_{sync_times} {
  for (ledger::Journal& journal : journals) {
    auto& file = *files_.emplace_back(std::make_unique<File>(std::move(journal)));
    file.dirty = true;  // what recovery appended
  }
}

void Journals::run() {
  std::array<JournalItem, kBatch> batch;
  auto synced_at = std::chrono::steady_clock::now();
  for (bool ended = false; !ended;) {
    ended = rings_.records.ended();  // before the look into the ring: what is pushed in between is not lost
    const std::size_t n = rings_.records.try_pop_n(batch);
    for (const JournalItem& item : std::span{batch}.first(n)) append(item);
    ended = ended && n == 0;
    if (n != 0) flush();
    const auto now = std::chrono::steady_clock::now();
    if (now - synced_at >= sync_every_ || ended) {
      sync();
      synced_at = now;
    }
    if (n == 0 && !ended) std::this_thread::sleep_for(kNap);
  }
  for (const auto& file : files_) {
    if (!file->journal.close()) fail(*file);
  }
}

void Journals::append(const JournalItem& item) {
  File& file = *files_[item.shard];
  file.dirty = true;
  const bool stored = item.change == nullptr
                          ? file.journal.append(item.record)
                          : file.journal.append_text(ledger::FrameKind::kControl,
                                                     control_text(item.number, item.n_inputs, *item.change));
  if (!stored) fail(file);
}

void Journals::flush() {
  for (const auto& file : files_) {
    if (file->dirty && !file->journal.flush()) fail(*file);
  }
}

void Journals::sync() {
  for (const auto& file : files_) {
    if (!file->dirty) continue;
    const auto begin = std::chrono::steady_clock::now();
    if (!file->journal.sync()) fail(*file);
    sync_times_.record(std::chrono::nanoseconds{std::chrono::steady_clock::now() - begin}.count());
    file->dirty = false;
    file->synced_bytes.store(file->journal.synced_bytes(), std::memory_order_release);
  }
}

void Journals::fail(const File& file) const {
  throw Fatal(ExitCode::kDisk, "the journal cannot be written: " +
                                   std::error_code{file.journal.error_number(), std::generic_category()}.message());
}

}  // namespace hft::daemon
