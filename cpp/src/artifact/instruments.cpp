#include "hft/artifact/instruments.hpp"

#include <numeric>
#include <set>
#include <stdexcept>
#include <string>

#include "files.hpp"
#include "hft/base/json.hpp"
#include "hft/event/instrument_rules.hpp"

namespace hft::artifact {
namespace {

using base::Json;

event::Step step_of(const Json& pair) {
  const auto items = pair.items();
  if (!pair.is(Json::Kind::kArray) || items.size() != 2) pair.refuse("must be a pair [numerator, denominator]");
  return {items[0].as_int64(), items[1].as_int64()};
}

void reduce(event::Step& step) {
  const std::int64_t common = std::gcd(step.num, step.den);
  step = {step.num / common, step.den / common};
}

}  // namespace

std::vector<event::Instrument> parse_instruments(std::string_view json_text) {
  const Json rows = [&] {
    try {
      return Json::parse(json_text);
    } catch (const base::JsonError& error) {
      throw std::invalid_argument(std::string{"instruments: no JSON: "} + error.what());
    }
  }();
  if (!rows.is(Json::Kind::kArray)) {
    throw std::invalid_argument("instruments: expected a JSON list, found " + std::string{name_of(rows.kind())});
  }
  std::vector<event::Instrument> instruments;
  std::set<std::string> symbols;
  for (const Json& row : rows.items()) {
    const std::string here = "instruments[" + std::to_string(instruments.size()) + "]: ";
    try {
      event::Instrument instrument{row.at("symbol").as_text(), step_of(row.at("tick")), step_of(row.at("lot")),
                                   row.at("min_px_ticks").as_int64(), row.at("max_px_ticks").as_int64()};
      event::validate(instrument);
      reduce(instrument.tick);
      reduce(instrument.lot);
      if (!symbols.insert(instrument.symbol).second) {
        throw std::invalid_argument("symbol '" + instrument.symbol + "' occurs twice");
      }
      instruments.push_back(std::move(instrument));
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(here + error.what());
    }
  }
  return instruments;
}

std::vector<event::Instrument> read_instruments(const std::filesystem::path& path) {
  try {
    return parse_instruments(read_file(path));
  } catch (const ArtifactError& error) {
    throw std::invalid_argument(error.what());
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(path.string() + ": " + error.what());
  }
}

}  // namespace hft::artifact
