#include "page_plan.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

#include "page_memory.hpp"

namespace hft::telemetry {
namespace {

[[noreturn]] void refuse(const std::string& rule, std::string_view name) {
  throw std::invalid_argument("page layout: " + rule + ", was \"" + std::string{name} + "\"");
}

bool is_printable(std::string_view name) noexcept {
  return std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7F; });
}

void put_name(std::array<char, 48>& out, std::string_view name) {
  if (name.empty() || name.size() >= out.size() || !is_printable(name)) {
    refuse("a name must have 1 to " + std::to_string(out.size() - 1) + " visible ASCII characters", name);
  }
  out.fill('\0');
  std::memcpy(out.data(), name.data(), name.size());
}

class Planner {
 public:
  explicit Planner(std::size_t n_rows) : end_{sizeof(PageHeader) + n_rows * sizeof(SlotRow)} {}

  void add(SlotKind kind, const std::vector<Group>& groups) {
    for (const Group& group : groups) {
      align();
      for (const std::string& name : group.names) add_slot(kind, group.name, name);
    }
  }
  void add_texts(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      align();
      add_slot(SlotKind::kText, "", name);
    }
  }
  [[nodiscard]] PagePlan take() {
    align();
    return {std::move(rows_), end_};
  }

 private:
  void add_slot(SlotKind kind, std::string_view group, std::string_view name) {
    SlotRow row{kind, 0, end_, {}, {}};
    if (kind != SlotKind::kText) put_name(row.group, group);
    put_name(row.name, name);
    const bool is_known = std::ranges::any_of(rows_, [&](const SlotRow& other) {
      return other.kind == kind && other.group == row.group && other.name == row.name;
    });
    if (is_known) refuse("names of one kind and group must differ", name);
    rows_.push_back(row);
    end_ += slot_bytes(kind);
  }
  void align() noexcept { end_ = (end_ + kSlotAlign - 1) / kSlotAlign * kSlotAlign; }

  std::vector<SlotRow> rows_;
  std::size_t end_;
};

/// One group's slots lie in one piece, which a name that comes twice would break.
void check_groups(const std::vector<Group>& groups) {
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (groups[i].name == groups[j].name) refuse("groups of one kind must differ", groups[i].name);
    }
  }
}

std::size_t count_slots(const std::vector<Group>& groups) noexcept {
  std::size_t n = 0;
  for (const Group& group : groups) n += group.names.size();
  return n;
}

}  // namespace

PagePlan plan_page(const Layout& layout) {
  Planner planner{count_slots(layout.counters) + count_slots(layout.gauges) + count_slots(layout.histograms) +
                  layout.texts.size()};
  for (const auto* groups : {&layout.counters, &layout.gauges, &layout.histograms}) check_groups(*groups);
  planner.add(SlotKind::kCounter, layout.counters);
  planner.add(SlotKind::kGauge, layout.gauges);
  planner.add(SlotKind::kHistogram, layout.histograms);
  planner.add_texts(layout.texts);
  return planner.take();
}

}  // namespace hft::telemetry
