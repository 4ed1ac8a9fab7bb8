#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>

#include "hft/artifact/archive.hpp"
#include "hft/artifact/artifact.hpp"
#include "hft/artifact/instruments.hpp"
#include "hft/artifact/spec_reader.hpp"
#include "hft/base/sha256.hpp"
#include "registrations.hpp"

namespace py = pybind11;

namespace hft::bindings {

void register_artifact(py::module_& m) {
  m.doc() = "Models as the daemon loads them, for tests that hold it against the Python loader.";

  m.def(
      "load_check",
      [](const std::string& path, const std::string& engine) {
        const std::array<std::string_view, 3> names{"kernel", "compiled_if_there", "compiled"};
        const auto at = std::ranges::find(names, engine);
        if (at == names.end()) throw py::value_error("engine must be kernel, compiled_if_there or compiled");
        py::gil_scoped_release unlocked;
        try {
          const artifact::Loaded loaded = artifact::load(path, static_cast<artifact::Engine>(at - names.begin()));
          return std::string{loaded.model->engine()};
        } catch (const artifact::ArtifactError& error) {
          throw std::invalid_argument(error.what());
        }
      },
      py::arg("path"), py::arg("engine") = "kernel",
      "Load a model with every check, say what would predict, and let it go. Raises ValueError naming the difference.");
  m.def(
      "pack",
      [](const std::map<std::string, py::bytes>& members) {
        artifact::Members plain;
        for (const auto& [name, data] : members) plain.emplace(name, std::string{data});
        return py::bytes(artifact::pack(plain));
      },
      py::arg("members"), "The bytes of a .hft file.");
  m.def(
      "unpack",
      [](const py::bytes& data) {
        std::map<std::string, py::bytes> members;
        try {
          for (const auto& [name, bytes] : artifact::unpack(std::string_view{data}, "up.hft")) {
            members.emplace(name, py::bytes(bytes));
          }
        } catch (const artifact::ArtifactError& error) {
          throw std::invalid_argument(error.what());
        }
        return members;
      },
      py::arg("data"), "The files in the bytes of a .hft file. Raises ValueError naming what is wrong.");
  m.def("read_spec", [](const py::bytes& json_text) { return artifact::read_spec(std::string_view{json_text}); },
        py::arg("json_text"), "The feature spec that a spec.json holds. Raises ValueError naming what is wrong.");
  m.def("parse_instruments",
        [](const py::bytes& json_text) { return artifact::parse_instruments(std::string_view{json_text}); },
        py::arg("json_text"), "The instruments of a JSON list. Raises ValueError naming the entry that is none.");
  m.def("sha256", [](const py::bytes& data) { return base::sha256_hex(std::string_view{data}); }, py::arg("data"),
        "SHA-256 in hex.");
}

}  // namespace hft::bindings
