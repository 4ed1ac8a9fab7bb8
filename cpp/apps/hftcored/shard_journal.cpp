#include "shard_journal.hpp"

#include <utility>

#include "exit_code.hpp"
#include "hft/base/json.hpp"

namespace hft::daemon {

ShardJournal::ShardJournal(std::filesystem::path path, std::string header, std::optional<std::uint64_t> from_bytes)
    : path_{std::move(path)}, header_{std::move(header)}, begins_with_header_{!from_bytes} {
  ledger::Resumed resumed = ledger::Journal::resume(path_, from_bytes.value_or(0));
  writer_.emplace(std::move(resumed.journal));
  tail_ = std::move(resumed.tail);
  tail_begins_at_ = resumed.tail_begins_at;
  n_bytes_cut_ = writer_->recovery().n_bytes_cut;
  if (!begins_with_header_ || !tail_.empty()) return;
  begins_with_header_ = false;  // it stands before what will be read
  if (!writer_->append_text(ledger::FrameKind::kRunHeader, header_)) {
    throw Fatal(ExitCode::kDisk, path_.string() + ": cannot be written");
  }
}

ledger::FrameScanner ShardJournal::frames() const {
  ledger::FrameScanner frames{tail_, path_.string(), tail_begins_at_};
  if (!begins_with_header_) return frames;
  const auto first = frames.next();
  if (first && first->kind == ledger::FrameKind::kRunHeader && first->text() == header_) return frames;
  throw Fatal(ExitCode::kMismatch,
              path_.string() + ": belongs to another configuration: its header must be " + header_);
}

std::map<std::uint64_t, sequence::Control> ShardJournal::controls() const {
  std::map<std::uint64_t, sequence::Control> controls;
  ledger::FrameScanner frames{tail_, path_.string(), tail_begins_at_};
  while (const auto frame = frames.next()) {
    if (frame->kind != ledger::FrameKind::kControl) continue;
    const base::Json control = base::Json::parse(frame->text());
    controls[static_cast<std::uint64_t>(control.at("control").as_int64())] = {
        static_cast<std::uint64_t>(control.at("n_inputs").as_int64()), std::string{frame->text()}};
  }
  return controls;
}

void ShardJournal::cut(std::uint64_t end) {
  (void)writer_->close();
  writer_.reset();
  std::filesystem::resize_file(path_, end);
  writer_.emplace(ledger::Journal::resume(path_, end).journal);
}

}  // namespace hft::daemon
