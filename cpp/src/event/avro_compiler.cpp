#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>

#include "avro_program.hpp"
#include "hft/base/json.hpp"

namespace hft::event {
namespace {

using base::Json;

constexpr std::array<std::string_view, kFields> kAvroNames{
    "symbol",       "kind",       "side",         "flags",        "ts_event_ns",
    "ts_recv_ns",   "source_seq", "bid_px_ticks", "bid_qty_lots", "ask_px_ticks",
    "ask_qty_lots", "px_ticks",   "qty_lots",     "update_id",    "code"};

/// What our schema says of a field.
enum class Wanted : std::uint8_t { kText, kEnum, kInt, kLong, kLongOrNull };

constexpr Wanted wanted(Field field) noexcept {
  if (field == Field::kSymbol) return Wanted::kText;
  if (field == Field::kKind || field == Field::kSide) return Wanted::kEnum;
  if (field == Field::kFlags) return Wanted::kInt;
  return field <= Field::kSourceSeq ? Wanted::kLong : Wanted::kLongOrNull;
}

constexpr std::string_view name_of(Wanted type) noexcept {
  constexpr std::array<std::string_view, 5> kNames{"string", "an enum", "int", "long", "null or long"};
  return kNames[static_cast<std::size_t>(type)];
}

const std::string& text_of(const Json& object, std::string_view key) { return object.at(key).as_text(); }

}  // namespace

/// Turns a schema's JSON into steps: Avro 1.11, "Schema Resolution", with our schema as the reader's.
class AvroCompiler {
 public:
  explicit AvroCompiler(AvroProgram& program) : program_{program} {}

  void compile(const Json& schema) {
    if (schema.find("type") == nullptr || !is_text(schema.at("type"), "record")) {
      schema.refuse("the schema of a message must be a record");
    }
    record(schema, "", 0, true);
    constexpr FieldMask kWithDefault = ~(kHeadFields);
    for (std::size_t i = 0; i < kFields; ++i) {
      const FieldMask bit = mask_of(static_cast<Field>(i));
      if (((found_ | kWithDefault) & bit) == 0) {
        schema.refuse("field '" + std::string{kAvroNames[i]} + "' is missing, and has no default");
      }
    }
  }

 private:
  using Op = AvroProgram::Op;
  using Step = AvroProgram::Step;
  static constexpr int kMaxDepth = 32;
  static constexpr std::size_t kMaxSteps = 4096;
  static constexpr Field kNone = static_cast<Field>(AvroProgram::kSkipped);

  struct Named {
    const Json* schema;
    std::string space;
  };

  static bool is_text(const Json& json, std::string_view text) {
    return json.is(Json::Kind::kText) && json.as_text() == text;
  }

  std::uint32_t add(Op op, Field field = kNone, std::uint64_t n = 0, std::uint32_t first = 0) {
    program_.steps_.push_back({op, static_cast<std::uint8_t>(field), first, n});
    return static_cast<std::uint32_t>(program_.steps_.size() - 1);
  }

  std::uint32_t link(const std::vector<std::uint32_t>& steps) {
    const auto first = static_cast<std::uint32_t>(program_.links_.size());
    program_.links_.insert(program_.links_.end(), steps.begin(), steps.end());
    return first;
  }

  /// The step that reads a value of this type into `field`, or past it where that is kNone.
  // NOLINTNEXTLINE(misc-no-recursion): to kMaxDepth
  std::uint32_t type(const Json& schema, const std::string& space, Field field, int depth) {
    if (depth > kMaxDepth)
      schema.refuse("types nest deeper than " + std::to_string(kMaxDepth) + ", or contain themselves");
    if (program_.steps_.size() > kMaxSteps) schema.refuse("a schema may have " + std::to_string(kMaxSteps) + " parts");
    if (schema.is(Json::Kind::kArray)) return union_of(schema, space, field, depth);
    const Json& name = schema.is(Json::Kind::kObject) ? schema.at("type") : schema;
    if (!name.is(Json::Kind::kText)) return type(name, space, field, depth + 1);  // {"type": {"type": ...}}
    const std::string& text = name.as_text();
    if (schema.is(Json::Kind::kObject)) {
      if (text == "record" || text == "error") return not_for(field, schema, text), record(schema, space, depth, false);
      if (text == "enum") return enum_of(schema, space, field);
      if (text == "fixed") return not_for(field, schema, text), fixed(schema, space);
      if (text == "array" || text == "map") return not_for(field, schema, text), blocks(schema, text, space, depth);
    }
    if (const auto step = primitive(schema, text, field)) return *step;
    const auto known = named_.find(text.find('.') == std::string::npos && !space.empty() ? space + "." + text : text);
    const auto bare = known == named_.end() ? named_.find(text) : known;
    if (bare == named_.end()) name.refuse("unknown type '" + text + "'");
    return type(*bare->second.schema, bare->second.space, field, depth + 1);
  }

  static std::optional<Op> op_of(std::string_view name) {
    if (name == "null") return Op::kNothing;
    if (name == "boolean") return Op::kBool;
    if (name == "int") return Op::kInt;
    if (name == "long") return Op::kLong;
    if (name == "float" || name == "double") return Op::kFixed;
    if (name == "bytes" || name == "string") return Op::kBytes;
    return std::nullopt;
  }

  static bool holds(Field field, Op op) {
    switch (wanted(field)) {
      case Wanted::kText: return op == Op::kBytes;
      case Wanted::kEnum: return false;
      case Wanted::kInt: return op == Op::kInt;
      case Wanted::kLong: return op == Op::kInt || op == Op::kLong;
      case Wanted::kLongOrNull: return op == Op::kInt || op == Op::kLong || op == Op::kNothing;
    }
    return false;
  }

  std::optional<std::uint32_t> primitive(const Json& schema, std::string_view name, Field field) {
    const auto op = op_of(name);
    if (!op) return std::nullopt;
    if (field != kNone && !holds(field, *op)) refuse_type(field, schema, name);
    return add(*op, *op == Op::kNothing ? kNone : field, name == "float" ? 4 : name == "double" ? 8 : 0);
  }

  [[noreturn]] static void refuse_type(Field field, const Json& schema, std::string_view found) {
    schema.refuse("field '" + std::string{kAvroNames[static_cast<std::size_t>(field)]} + "' must be " +
                  std::string{name_of(wanted(field))} + ", was " + std::string{found});
  }
  static void not_for(Field field, const Json& schema, std::string_view found) {
    if (field != kNone) refuse_type(field, schema, found);
  }

  /// Remembers a named type; returns the namespace that holds inside it.
  std::string declare(const Json& schema, const std::string& space) {
    std::string full = text_of(schema, "name");
    std::string own = space;
    if (const auto dot = full.rfind('.'); dot != std::string::npos) {
      own = full.substr(0, dot);
    } else {
      if (const Json* given = schema.find("namespace")) own = given->as_text();
      if (!own.empty()) full = own + "." + full;
    }
    const auto [at, added] = named_.try_emplace(full, Named{&schema, space});
    if (!added && at->second.schema != &schema) schema.refuse("there are two types '" + full + "'");
    return own;
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  std::uint32_t record(const Json& schema, const std::string& space, int depth, bool message) {
    const std::string inside = declare(schema, space);
    std::vector<std::uint32_t> steps;
    std::vector<std::string_view> names;
    bool nothing = true;
    for (const Json& item : schema.at("fields").items()) {
      const std::string& field_name = text_of(item, "name");
      if (std::find(names.begin(), names.end(), field_name) != names.end()) {
        item.refuse("there are two fields '" + field_name + "'");
      }
      names.push_back(field_name);
      const auto ours = std::find(kAvroNames.begin(), kAvroNames.end(), field_name);
      const bool keep = message && ours != kAvroNames.end();
      const auto field = keep ? static_cast<Field>(ours - kAvroNames.begin()) : kNone;
      if (keep) found_ |= mask_of(field);
      steps.push_back(type(item.at("type"), inside, field, depth + 1));
      nothing = nothing && program_.steps_[steps.back()].op == Op::kNothing;
    }
    return nothing && !message ? add(Op::kNothing) : add(Op::kRecord, kNone, steps.size(), link(steps));
  }

  std::uint32_t enum_of(const Json& schema, const std::string& space, Field field) {
    declare(schema, space);
    if (field != kNone && wanted(field) != Wanted::kEnum) refuse_type(field, schema, "enum");
    const auto& symbols = schema.at("symbols").items();
    if (symbols.empty()) schema.refuse("an enum must have symbols");
    const auto first = static_cast<std::uint32_t>(program_.values_.size());
    for (const Json& symbol : symbols) {
      const std::string& text = symbol.as_text();
      program_.values_.push_back(field == Field::kKind   ? place_in(kKindNames, text)
                                 : field == Field::kSide ? place_in(kSideNames, text)
                                                         : kNoSuchName);
    }
    return add(Op::kEnum, field, symbols.size(), first);
  }

  std::uint32_t fixed(const Json& schema, const std::string& space) {
    declare(schema, space);
    const std::int64_t size = schema.at("size").as_int64();
    if (size < 0) schema.at("size").refuse("size must be >= 0, was " + std::to_string(size));
    return size == 0 ? add(Op::kNothing) : add(Op::kFixed, kNone, static_cast<std::uint64_t>(size));
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  std::uint32_t blocks(const Json& schema, std::string_view kind, const std::string& space, int depth) {
    std::uint32_t item = type(schema.at(kind == "array" ? "items" : "values"), space, kNone, depth + 1);
    if (kind == "map") item = add(Op::kRecord, kNone, 2, link({add(Op::kBytes), item}));
    return add(Op::kBlocks, kNone, 1, link({item}));
  }

  /// A branch that our field cannot hold is refused when it comes, unless no branch fits.
  // NOLINTNEXTLINE(misc-no-recursion)
  std::uint32_t union_of(const Json& schema, const std::string& space, Field field, int depth) {
    std::vector<std::uint32_t> steps;
    bool fits = field == kNone;
    for (const Json& branch : schema.items()) {
      if (branch.is(Json::Kind::kArray)) branch.refuse("a union may not contain a union");
      if (field != kNone && wanted(field) != Wanted::kLongOrNull && is_text(branch, "null")) {
        steps.push_back(add(Op::kNothing));  // as if absent
        continue;
      }
      if (field == kNone) {
        steps.push_back(type(branch, space, kNone, depth + 1));
        continue;
      }
      try {
        steps.push_back(type(branch, space, field, depth + 1));
        fits = true;
      } catch (const base::JsonError&) {
        static_cast<void>(type(branch, space, kNone, depth + 1));  // a fault of the schema itself stays one
        steps.push_back(add(Op::kRefuse));
      }
    }
    if (!fits) refuse_type(field, schema, "a union without it");
    return add(Op::kUnion, kNone, steps.size(), link(steps));
  }

  AvroProgram& program_;
  std::map<std::string, Named> named_;  // by full name
  FieldMask found_ = 0;
};

AvroProgram::AvroProgram(std::string_view schema_json) {
  const Json schema = Json::parse(schema_json);
  AvroCompiler{*this}.compile(schema);
}

}  // namespace hft::event
