#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string>

#include "hft/artifact/artifact.hpp"
#include "hft/artifact/instruments.hpp"
#include "hft/artifact/spec_reader.hpp"
#include "hft/base/sha256.hpp"
#include "registrations.hpp"

namespace py = pybind11;

namespace hft::bindings {

void register_artifact(py::module_& m) {
  m.doc() = "Model folders as the daemon loads them, for tests that hold it against the Python loader.";

  m.def(
      "load_check",
      [](const std::string& path) {
        py::gil_scoped_release unlocked;
        try {
          (void)artifact::load(path);
        } catch (const artifact::ArtifactError& error) {
          throw std::invalid_argument(error.what());
        }
      },
      py::arg("path"), "Load a model folder with every check, and let it go. Raises ValueError naming the difference.");
  m.def("read_spec", [](const py::bytes& json_text) { return artifact::read_spec(std::string_view{json_text}); },
        py::arg("json_text"), "The feature spec that a spec.json holds. Raises ValueError naming what is wrong.");
  m.def("parse_instruments",
        [](const py::bytes& json_text) { return artifact::parse_instruments(std::string_view{json_text}); },
        py::arg("json_text"), "The instruments of a JSON list. Raises ValueError naming the entry that is none.");
  m.def("sha256", [](const py::bytes& data) { return base::sha256_hex(std::string_view{data}); }, py::arg("data"),
        "SHA-256 in hex.");
}

}  // namespace hft::bindings
