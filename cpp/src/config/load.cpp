#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <numeric>

#include "cross_checks.hpp"
#include "hft/base/did_you_mean.hpp"
#include "hft/config/daemon_config.hpp"
#include "keys.hpp"
#include "reader.hpp"

namespace hft::config {
namespace {

TomlValue parse_file(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    throw ConfigErrors({{path.string(), 0, 0, "", "must be a file, is a folder"}});
  }
  errno = 0;
  std::ifstream in{path, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in) throw ConfigErrors({{path.string(), 0, 0, "", std::string{"cannot be read: "} + std::strerror(errno)}});
  try {
    return parse_toml(text);
  } catch (const TomlError& wrong) {
    throw ConfigErrors({{path.string(), wrong.at().line, wrong.at().column, "", wrong.text()}});
  }
}

/// aliases.toml of a store names its models: prod = "up-2.hft".
void resolve_alias(Reader& reader, ModelChoice& model) {
  const std::filesystem::path file = model.store / "aliases.toml";
  try {
    const TomlValue aliases = parse_file(file);
    const TomlValue* folder = aliases.find(model.alias);
    if (folder == nullptr) {
      std::vector<std::string> known;
      for (const TomlValue::Member& member : aliases.members()) known.push_back(member.key);
      std::string text = "must be in " + file.string() + base::did_you_mean(model.alias, known) + "; it has ";
      for (const std::string& name : known) text += (name == known.front() ? "" : ", ") + name;
      reader.problem("model.alias", text + (known.empty() ? "none" : "") + ", not '" + model.alias + "'");
    } else if (!folder->is(TomlValue::Kind::kText) || folder->text().empty()) {
      throw ConfigErrors({{file.string(), folder->at().line, folder->at().column, model.alias,
                           "must be the name of a model as text, was " + folder->shown()}});
    } else {
      model.path = model.store / folder->text();
    }
  } catch (const ConfigErrors& errors) {
    reader.problem("model.alias", errors.what());
  }
}

void choose_model(Reader& reader, ModelChoice& model) {
  const bool path = reader.has("model.path");
  const bool store = reader.has("model.store");
  const bool alias = reader.has("model.alias");
  if (path == (store || alias) || store != alias) {
    reader.problem("model", "must have either path, or store and alias");
    return;
  }
  if (alias && !model.store.empty()) resolve_alias(reader, model);
  std::error_code error;
  if (!model.path.empty() && !std::filesystem::is_directory(model.path, error) &&
      !std::filesystem::is_regular_file(model.path, error)) {
    reader.problem(path ? "model.path" : "model.alias",
                   "must be a model, a folder or a .hft file: there is none at " + model.path.string());
  }
}

}  // namespace

DaemonConfig::DaemonConfig() {
  risk.max_open_positions = 5;
  risk.max_order_qty_lots = 100;
  risk.max_position_qty_lots = 100;
  risk.stop_loss_milli_bps = 50'000;
  risk.stop_out_pause_ns = 60'000'000'000;
}

DaemonConfig load(const std::filesystem::path& path) {
  const TomlValue root = parse_file(path);
  DaemonConfig config;
  config.file = path;
  Reader reader{root, path};
  visit_keys(config, reader);
  reader.refuse_unknown();
  choose_model(reader, config.model);
  if (config.input.kind != InputKind::kKafka && config.input.n_partitions == 0) config.input.n_partitions = 1;
  if (config.input.partitions.empty() && !reader.has("input.partitions")) {
    config.input.partitions.resize(config.input.n_partitions);
    std::iota(config.input.partitions.begin(), config.input.partitions.end(), 0U);
  }
  if (config.telemetry_page.empty()) config.telemetry_page = "/dev/shm/hftcored-" + config.name + ".page";
  check_together(reader, config);
  config.warnings = reader.take_warnings();
  if (std::vector<Problem> problems = reader.take_problems(); !problems.empty())
    throw ConfigErrors(std::move(problems));
  return config;
}

}  // namespace hft::config
