#include <array>
#include <cstring>

#include "../cpp/book/book_twin.hpp"
#include "fuzz_messages.hpp"
#include "hft/book/order_book.hpp"

// Any events: the book shows what a book of maps shows, a lost one shows nothing, and it comes back from its own bytes.
// Then the input as a saved state: refused, or one that comes back too.

namespace {

using namespace hft;
constexpr std::size_t kCapacity = 8;

void save_and_load(const book::OrderBook& book, book::IdRule rule) {
  base::ByteWriter saved;
  book.save(saved);
  book::OrderBook again{kCapacity, rule};
  base::ByteReader reader{saved.bytes()};
  again.load(reader);
  base::ByteWriter twice;
  again.save(twice);
  fuzz::require(saved.bytes().size() == twice.bytes().size() &&
                    std::memcmp(saved.bytes().data(), twice.bytes().data(), saved.bytes().size()) == 0,
                "a saved book came back as another one");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t n_bytes) {
  const auto rule = n_bytes % 2 == 0 ? book::IdRule::kRising : book::IdRule::kConsecutive;
  book::OrderBook book{kCapacity, rule};
  book::testing::BookTwin twin{kCapacity};
  constexpr std::size_t kStep = 5;  // flags and side, px, qty, id, a scale for the two
  for (std::size_t i = 0; i + kStep <= n_bytes; i += kStep) {
    const std::uint8_t* b = data + i;
    event::Event e{};
    e.kind = event::EventKind::kBookLevel;
    e.side = static_cast<event::Side>(b[0] & 3U);
    e.flags = static_cast<std::uint16_t>((b[0] >> 2U) & (event::kSnapshot | event::kGapBefore | event::kSequenceReset));
    const unsigned shift = b[4] > 250 ? 45 : 0;  // now and then beyond every bound
    e.level = {static_cast<std::int64_t>(static_cast<std::int8_t>(b[1])) * (std::int64_t{1} << shift),
               static_cast<std::int64_t>(b[2] % 4) * (std::int64_t{1} << shift), b[3] % 16 - 1, 0};
    const std::uint64_t n_snapshots = book.counters().n_snapshots;
    const bool taken = book.apply(e);
    const bool shows = book.valid() || book.status() == book::Status::kFilling;
    if (book.counters().n_snapshots != n_snapshots || !shows) twin.clear();
    fuzz::require(!taken || shows, "a level changed a book that shows nothing");
    if (taken) twin.set(e.side, e.level.px_ticks, e.level.qty_lots);
    fuzz::require(twin.equals(book), "the book of maps is another one");
  }
  save_and_load(book, rule);
  book::OrderBook restored{kCapacity, rule};
  base::ByteReader reader{fuzz::as_bytes(data, n_bytes)};
  try {
    restored.load(reader);
  } catch (const std::invalid_argument&) {
    fuzz::require(restored.status() == book::Status::kEmpty && restored.bids().size() == 0,
                  "a refused book is not new");
    return 0;
  }
  save_and_load(restored, rule);
  return 0;
}
