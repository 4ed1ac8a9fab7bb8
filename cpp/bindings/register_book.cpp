#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "event_array.hpp"
#include "hft/base/bytes.hpp"
#include "hft/book/order_book.hpp"
#include "one_thread.hpp"
#include "registrations.hpp"

namespace hft::bindings {
namespace {

using book::OrderBook;
using Book = OneThread<OrderBook>;
using Ints = py::array_t<std::int64_t, py::array::c_style>;
using Sides = py::array_t<std::uint8_t, py::array::c_style>;

constexpr const char* kStatusNames[] = {"empty", "filling", "valid", "lost"};

Book make_book(std::size_t capacity, const std::string& ids) {
  if (ids != "rising" && ids != "consecutive") {
    throw std::invalid_argument("OrderBook: ids must be rising or consecutive, was \"" + ids + "\"");
  }
  return Book{OrderBook{capacity, ids == "rising" ? book::IdRule::kRising : book::IdRule::kConsecutive}};
}

/// Calls `after(i)` behind each event.
template <class After>
std::size_t apply_each(OrderBook& book, std::span<const event::Event> events, std::int64_t symbol_id, After after) {
  std::size_t n_levels = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const event::Event& e = events[i];
    if (e.kind == event::EventKind::kBookLevel && (symbol_id < 0 || e.symbol_id == symbol_id)) {
      n_levels += static_cast<std::size_t>(book.apply(e));
    }
    after(i);
  }
  return n_levels;
}

std::size_t apply(Book& self, const py::array& events, std::int64_t symbol_id) {
  const auto all = events_of(events);
  return self.without_gil([&](OrderBook& book) { return apply_each(book, all, symbol_id, [](std::size_t) {}); });
}

/// Best bid and ask after each event: px, qty, px, qty in ticks and lots.
Ints tops(Book& self, const py::array& events, std::int64_t symbol_id) {
  const auto all = events_of(events);
  Ints out({static_cast<py::ssize_t>(all.size()), py::ssize_t{4}});
  std::int64_t* rows = out.mutable_data();
  self.without_gil([&](OrderBook& book) {
    return apply_each(book, all, symbol_id, [&](std::size_t i) {
      const event::TopOfBook top = book.valid() ? book.top() : event::TopOfBook{};
      std::int64_t* row = rows + 4 * i;
      row[0] = top.bid_px_ticks, row[1] = top.bid_qty_lots, row[2] = top.ask_px_ticks, row[3] = top.ask_qty_lots;
    });
  });
  return out;
}

struct Columns {
  std::span<const std::uint8_t> side;
  std::span<const std::int64_t> px_ticks;
  std::span<const std::int64_t> qty_lots;
};

/// Side (1 bid, 2 ask), price and quantity of the levels of one message.
Columns columns_of(const Sides& side, const Ints& px, const Ints& qty) {
  if (side.ndim() != 1 || px.ndim() != 1 || qty.ndim() != 1 || side.size() != px.size() || px.size() != qty.size()) {
    throw py::value_error("side, px_ticks and qty_lots must have one shape (n,)");
  }
  const auto n = static_cast<std::size_t>(side.size());
  return {{side.data(), n}, {px.data(), n}, {qty.data(), n}};
}

void set_all(OrderBook& book, const Columns& levels) noexcept {
  for (std::size_t i = 0; i < levels.side.size(); ++i) {
    if (!book.set(static_cast<event::Side>(levels.side[i]), levels.px_ticks[i], levels.qty_lots[i])) return;
  }
}

bool snapshot(Book& self, std::int64_t id, const Sides& side, const Ints& px, const Ints& qty) {
  const Columns levels = columns_of(side, px, qty);
  return self.without_gil([&](OrderBook& book) {
    book.begin_snapshot(id);
    set_all(book, levels);
    book.end_snapshot();
    return book.valid();
  });
}

bool update(Book& self, std::int64_t before, std::int64_t last, const Sides& side, const Ints& px, const Ints& qty) {
  if (before >= last) {
    throw py::value_error("the id before must be < that of the message, was " + std::to_string(before) + " and " +
                          std::to_string(last));
  }
  const Columns levels = columns_of(side, px, qty);
  return self.without_gil([&](OrderBook& book) {
    if (!book.begin_update(before, last)) return false;
    set_all(book, levels);
    return book.valid();
  });
}

/// The best n levels of one side, best first: shape (m, 2), m <= n, ticks and lots.
Ints levels(const Book& self, bool bids, std::size_t n) {
  const OrderBook& book = self.get();
  const book::BookSide& side = bids ? book.bids() : book.asks();
  const std::size_t n_out = book.valid() ? std::min(n, side.size()) : 0;
  Ints out({static_cast<py::ssize_t>(n_out), py::ssize_t{2}});
  std::vector<book::Level> best(n_out);
  side.best(best);
  std::int64_t* row = out.mutable_data();
  for (const book::Level& level : best) *row++ = level.px_ticks, *row++ = level.qty_lots;
  return out;
}

std::size_t n_levels(const Book& self, bool bids) {
  return (bids ? self.get().bids() : self.get().asks()).size();
}

py::dict counters(const Book& self) {
  py::dict out;
  book::Counters::visit(self.get().counters(), [&out](const char* name, std::uint64_t n) { out[name] = n; });
  return out;
}

py::bytes save(const Book& self) {
  base::ByteWriter out;
  self.get().save(out);
  return {reinterpret_cast<const char*>(out.bytes().data()), out.bytes().size()};
}

void load(Book& self, const py::bytes& blob) {
  const std::string_view text = blob;
  base::ByteReader in{std::as_bytes(std::span{text.data(), text.size()})};
  self.get().load(in);
  if (in.left() != 0) {
    self.get().reset();
    throw py::value_error("OrderBook snapshot: " + std::to_string(in.left()) + " bytes too many");
  }
}

}  // namespace

void register_book(py::module_& m) {
  m.doc() = "The order book: price levels of one symbol.";
  py::class_<Book>(m, "OrderBook", "One symbol's price levels in ticks and lots. One thread at a time.")
      .def(py::init(&make_book), py::arg("capacity") = OrderBook::kDefaultCapacity, py::arg("ids") = "rising")
      .def("apply", &apply, py::arg("events"), py::arg("symbol_id") = -1, "Take book levels in; how many changed it.")
      .def("tops", &tops, py::arg("events"), py::arg("symbol_id") = -1,
           "The same, and the best bid and ask after each event: int64, shape (n, 4).")
      .def("snapshot", &snapshot, py::arg("update_id"), py::arg("side").noconvert(), py::arg("px_ticks").noconvert(),
           py::arg("qty_lots").noconvert())
      .def("update", &update, py::arg("before"), py::arg("last"), py::arg("side").noconvert(),
           py::arg("px_ticks").noconvert(), py::arg("qty_lots").noconvert())
      .def("end_snapshot", [](Book& self) { self.get().end_snapshot(); })
      .def("lose", [](Book& self) { self.get().lose(); })
      .def("levels", &levels, py::arg("bids"), py::arg("n"))
      .def("n_levels", &n_levels, py::arg("bids"))
      .def("horizon",
           [](const Book& self, bool bids) -> py::object {
             const book::BookSide& side = bids ? self.get().bids() : self.get().asks();
             if (side.complete()) return py::none();
             return py::int_(side.horizon_px_ticks());
           },
           py::arg("bids"), "None, or the price in ticks at and behind which nothing is kept.")
      .def("counters", &counters)
      .def("save", &save)
      .def("load", &load, py::arg("blob"))
      .def("reset", [](Book& self) { self.get().reset(); })
      .def_property_readonly("status",
                             [](const Book& self) { return kStatusNames[static_cast<int>(self.get().status())]; })
      .def_property_readonly("update_id", [](const Book& self) { return self.get().update_id(); });
  m.attr("DEFAULT_CAPACITY") = OrderBook::kDefaultCapacity;
}

}  // namespace hft::bindings
