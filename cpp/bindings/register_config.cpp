#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/typing.h>

#include <string>

#include "hft/base/json.hpp"
#include "hft/config/daemon_config.hpp"
#include "hft/config/settings.hpp"
#include "hft/config/toml.hpp"
#include "registrations.hpp"

namespace py = pybind11;

namespace hft::bindings {
namespace {

using base::Json;
using config::TomlValue;
using Row = py::typing::Dict<py::str, py::object>;

Json json_of(const TomlValue& value) {
  switch (value.kind()) {
    case TomlValue::Kind::kText: return Json::of(value.text());
    case TomlValue::Kind::kInteger: return Json::of(value.integer());
    case TomlValue::Kind::kReal: return Json::of(value.real());
    case TomlValue::Kind::kBool: return Json::of(value.flag());
    case TomlValue::Kind::kArray: {
      Json array = Json::array();
      for (const TomlValue& item : value.items()) array.push(json_of(item));
      return array;
    }
    case TomlValue::Kind::kTable: {
      Json object = Json::object();
      for (const auto& member : value.members()) object.set(member.key, json_of(member.value));
      return object;
    }
  }
  return {};
}

py::typing::List<Row> rows_of(const std::vector<config::Problem>& problems) {
  py::typing::List<Row> rows;
  for (const config::Problem& problem : problems) {
    Row row;
    row["file"] = problem.file, row["line"] = problem.line, row["column"] = problem.column;
    row["key"] = problem.key, row["text"] = problem.text;
    rows.append(row);
  }
  return rows;
}

/// What `hftcored --check` finds in a configuration file.
Row check(const std::string& path) {
  Row found;
  try {
    const config::DaemonConfig loaded = config::load(path);
    found["errors"] = rows_of({});
    found["warnings"] = rows_of(loaded.warnings);
    found["effective"] = config::describe(loaded);
    found["model_path"] = loaded.model.path.string();
  } catch (const config::ConfigErrors& errors) {
    found["errors"] = rows_of(errors.problems());
    found["warnings"] = rows_of({});
    found["effective"] = "";
    found["model_path"] = "";
  }
  return found;
}

}  // namespace

void register_config(py::module_& m) {
  m.doc() = "The configuration of hftcored: its TOML, its checks, its schema.";

  m.def(
      "parse_toml",
      [](const py::bytes& text) { return json_of(config::parse_toml(std::string_view{text})).canonical(); },
      py::arg("text"), "A TOML document as JSON text. Raises ValueError with line and column.");
  m.def("check", &check, py::arg("path"),
        "errors and warnings (file, line, column, key, text), the effective configuration without secrets, and the "
        "model's path.");
  m.def("json_schema", &config::json_schema, "JSON schema (draft 2020-12) of a configuration file, as text.");
  m.def(
      "same_settings", [](const std::string& text) { return config::settings_json(config::parse_settings_json(text)); },
      py::arg("text"),
      "Read the settings that a control frame carries and write them again: the same text. Raises ValueError for what "
      "is missing, unknown or out of range.");
}

}  // namespace hft::bindings
