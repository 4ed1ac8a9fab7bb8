#include "hft/config/daemon_config.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace {

namespace fs = std::filesystem;
using hft::config::ConfigErrors;
using hft::config::DaemonConfig;
using hft::config::describe;
using hft::config::InputKind;
using hft::config::load;
using hft::config::Problem;

class DaemonConfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "hft_config_XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    fs::create_directories(folder_ / "up.hft");
    write("instruments.json", "[]");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const { std::ofstream{folder_ / name} << text; }

  /// The least that a file must hold; more lines go where their section is, or behind.
  [[nodiscard]] std::string least(const std::string& root = "", const std::string& input = "",
                                  const std::string& more = "") const {
    return "name = \"t\"\nstate_dir = \"state\"\ninstruments = \"instruments.json\"\n" + root +
           "[model]\npath = \"up.hft\"\n[input]\ntopics = [\"ticks\"]\nn_partitions = 3\n" + input +
           "[kafka]\nbootstrap = \"localhost:9092\"\n" + more;
  }
  [[nodiscard]] DaemonConfig loaded(const std::string& text) const {
    write("hft.toml", text);
    return load(folder_ / "hft.toml");
  }
  /// line: key: text of every problem, one line for each.
  [[nodiscard]] std::string problems_of(const std::string& text) const {
    try {
      (void)loaded(text);
    } catch (const ConfigErrors& errors) {
      std::string lines;
      for (const Problem& p : errors.problems()) lines += std::to_string(p.line) + ": " + p.key + ": " + p.text + "\n";
      return lines;
    }
    return "accepted";
  }

  fs::path folder_;
};

TEST_F(DaemonConfigTest, FillsInTheDefaults) {
  const DaemonConfig config = loaded(least());
  EXPECT_EQ(config.model.path, folder_ / "up.hft");
  EXPECT_EQ(config.state_dir, folder_ / "state");
  EXPECT_EQ(config.input.partitions, (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_EQ(config.risk.stop_loss_milli_bps, 50'000);
  EXPECT_EQ(config.risk.stop_out_pause_ns, 60'000'000'000);
  EXPECT_EQ(config.telemetry_page, "/dev/shm/hftcored-t.page");
  EXPECT_FALSE(config.threads.hot_cpu.has_value());
  EXPECT_TRUE(config.warnings.empty());
}

TEST_F(DaemonConfigTest, CollectsEveryErrorWithItsLineAndItsRule) {
  const std::string found =
      problems_of(least("epoch = 0\ntreshold = 1\n", "start = \"erliest\"\npartitions = [0, 3]\n",
                        "[risk]\nmax_order_qty = 200\nstop_loss_bps = 0.0005\nstale_after = \"5\"\n"
                        "[snapshot]\nkeep = 2\n[threads]\nring_events = 1000\nhot_cpu = 100000\n"));
  EXPECT_EQ(found.find("accepted"), std::string::npos);
  const std::vector<std::string> wanted{
      "4: epoch: must be a whole number in [1, 4294967295], was 0\n",
      "5: treshold: unknown key",
      "11: input.start: must be one of earliest, latest (did you mean 'earliest'?), was \"erliest\"\n",
      "12: input.partitions: must be below n_partitions (3), was 3\n",
      "16: risk.max_order_qty: must be <= max_position_qty, were 200 and 100\n",
      "17: risk.stop_loss_bps: must be a multiple of 1e-3, nothing is rounded; it must be within [0.0, 10000.0], was "
      "0.0005\n",
      "18: risk.stale_after: must be text such as \"250ms\" (ns, us, ms, s, m, h), or whole nanoseconds >= 0, was "
      "\"5\"\n",
      "20: snapshot.keep: must be a whole number in [3, 1000], was 2\n",
      "22: threads.ring_events: must be a whole number in [1024, 16777216], was 1000\n",
      "23: threads.hot_cpu: must be a CPU of this machine, 0 to "};
  std::size_t at = 0;
  for (const std::string& line : wanted) {
    const std::size_t next = found.find(line, at);
    EXPECT_NE(next, std::string::npos) << line << "in\n" << found;
    if (next != std::string::npos) at = next;
  }
  EXPECT_EQ(std::ranges::count(found, '\n'), 10) << found;
}

TEST_F(DaemonConfigTest, SuggestsTheKeyThatWasMeant) {
  EXPECT_NE(problems_of(least("", "", "[risk]\nmax_order_qyt = 1\n"))
                .find("risk.max_order_qyt: unknown key (did you mean 'max_order_qty'?)"),
            std::string::npos);
  EXPECT_NE(problems_of(least("", "", "[riskk]\n")).find("riskk: unknown key (did you mean 'risk'?)"),
            std::string::npos);
  EXPECT_NE(problems_of(least("risk = 5\n")).find("4: risk: must be a table: [risk], was 5"), std::string::npos);
}

TEST_F(DaemonConfigTest, HoldsKeysAgainstEachOther) {
  const auto has = [&](const std::string& text, const std::string& problem) {
    EXPECT_NE(problems_of(text).find(problem), std::string::npos) << problem << "\n" << problems_of(text);
  };
  has(least("", "kind = \"file\"\n"), "input.path: is missing: input.kind = \"file\" needs it");
  has(least("", "path = \"instruments.json\"\n"), "input.path: is for input.kind = \"file\" only");
  has(least("", "format = \"avro\"\n"), "input.format: \"avro\" needs input.avro_schemas or input.registry");
  has(least("", "format = \"avro\"\nregistry = \"localhost\"\n"), "input.registry: must be a URL");
  has(least("", "avro_schemas = {1 = \"none.avsc\"}\n"), "there is no ");
  has(least("", "", "[output]\norders = \"ticks\"\n"), "output.orders: must be no input topic, was \"ticks\"");
  has(least("", "", "[output]\norders = \"fills\"\n"), "output.fills: must be another topic than output.orders");
  has(least("", "", "[threads]\nring_events = 1025\n"), "must be a power of two in [1024, 16777216], was 1025");
  has("", "1: name: is missing");
  has("name = \"t\"\nstate_dir = \"s\"\ninstruments = \"instruments.json\"\n[model]\npath = \"up.hft\"\n",
      "kafka.bootstrap: is missing: input.kind = \"kafka\" needs it");
  has("[model]\npath = \"up.hft\"\nalias = \"prod\"\n", "1: model: must have either path, or store and alias");
  has("[model]\npath = \"down.hft\"\n", "2: model.path: must be a model, a folder or a .hft file: there is none at");
  EXPECT_EQ(loaded("name = \"t\"\nstate_dir = \"s\"\ninstruments = \"instruments.json\"\n[model]\npath = \"up.hft\"\n"
                   "[input]\nkind = \"stdin\"\n").input.n_partitions, 1U);
}

TEST_F(DaemonConfigTest, AnAliasStandsForAFolderOfTheStore) {
  const std::string file =
      "name = \"t\"\nstate_dir = \"s\"\ninstruments = \"instruments.json\"\n[model]\nstore = \"models\"\n"
      "alias = \"prod\"\n[input]\nkind = \"stdin\"\n";
  fs::create_directories(folder_ / "models" / "up-2.hft");
  EXPECT_NE(problems_of(file).find("model.alias: " + (folder_ / "models/aliases.toml").string() + ": cannot be read"),
            std::string::npos);
  write("models/aliases.toml", "prod = \"up-2.hft\"\n");
  EXPECT_EQ(loaded(file).model.path, folder_ / "models/up-2.hft");
  write("models/aliases.toml", "prd = \"up-2.hft\"\n");
  EXPECT_NE(problems_of(file).find("(did you mean 'prd'?); it has prd, not 'prod'"), std::string::npos)
      << problems_of(file);
}

TEST_F(DaemonConfigTest, SecretsComeFromFilesAndTheEnvironment) {
  write("password", "hunter2\n");
  ::chmod((folder_ / "password").c_str(), 0600);
  ::setenv("HFT_TEST_USER", "trader", 1);
  const std::string more =
      "[kafka.consumer]\nsasl.password = {file = \"password\"}\n\"sasl.username\" = {env = \"HFT_TEST_USER\"}\n"
      "fetch.wait.max.ms = 10\n";
  const DaemonConfig config = loaded(least("", "", more));
  ASSERT_EQ(config.kafka.consumer.size(), 3U);
  EXPECT_EQ(config.kafka.consumer[0].name, "sasl.password");
  EXPECT_EQ(config.kafka.consumer[0].value.reveal(), "hunter2");
  EXPECT_EQ(config.kafka.consumer[1].value.reveal(), "trader");
  EXPECT_EQ(config.kafka.consumer[2].value.reveal(), "10");
  EXPECT_TRUE(config.warnings.empty());
  const std::string text = describe(config);
  EXPECT_EQ(text.find("hunter2"), std::string::npos);
  EXPECT_EQ(text.find("trader"), std::string::npos);

  ::chmod((folder_ / "password").c_str(), 0644);
  ASSERT_EQ(loaded(least("", "", more)).warnings.size(), 1U);
  EXPECT_NE(loaded(least("", "", more)).warnings[0].text.find("chmod o-r"), std::string::npos);
  EXPECT_EQ(loaded(least("", "", "[kafka.producer]\n\"ssl.key.password\" = \"x\"\n")).warnings.size(), 1U);
  const std::string twice =
      problems_of(least("", "", "[kafka.producer]\nsasl.password = \"x1\"\n\"sasl.password\" = \"x2\"\n"));
  EXPECT_EQ(twice.find("x2"), std::string::npos) << twice;
  EXPECT_NE(twice.find("must occur once"), std::string::npos) << twice;
  ::unsetenv("HFT_TEST_USER");
  EXPECT_NE(problems_of(least("", "", more)).find("environment variable HFT_TEST_USER must be set"), std::string::npos);
  EXPECT_NE(
      problems_of(least("", "", "[kafka.producer]\nacks = 1\n")).find("kafka.producer.acks: is set by hftcored itself"),
      std::string::npos);
}

TEST_F(DaemonConfigTest, DescribesItselfAsAFileThatLoadsTheSame) {
  const DaemonConfig config =
      loaded(least("epoch = 7\n", "partitions = [1]\n",
                   "[strategy]\nthreshold = 0.1\nhold = 1500\n[execution]\nfee_per_unit = \"-0.000000001\"\n"));
  const std::string text = describe(config);
  write("again.toml", text);
  EXPECT_EQ(describe(load(folder_ / "again.toml")), text);
  EXPECT_NE(text.find("hold = \"1500ns\""), std::string::npos);
  EXPECT_NE(text.find("fee_per_unit = \"-0.000000001\""), std::string::npos);
}

TEST_F(DaemonConfigTest, NamesTheLineOfWhatIsNoToml) {
  EXPECT_EQ(
      problems_of("name = \"t\"\nstate_dir =\n"),
      "2: : found the end of the line, expected a value: text in quotes, a number, true, false, [...] or {...}\n");
  try {
    (void)load(folder_ / "none.toml");
    FAIL();
  } catch (const ConfigErrors& errors) {
    EXPECT_NE(std::string{errors.what()}.find("none.toml: cannot be read"), std::string::npos) << errors.what();
  }
}

}  // namespace
