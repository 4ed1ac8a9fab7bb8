#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "daemon.hpp"
#include "hft/base/descriptor.hpp"
#include "hft/base/fault.hpp"
#include "hft/telemetry/log.hpp"
#include "signals.hpp"

namespace {

using hft::daemon::ExitCode;
using hft::daemon::Fatal;

constexpr std::string_view kUsage =
    "usage: hftcored --config FILE [--check | --describe]\n"
    "       hftcored --schema | --version | --help\n"
    "\n"
    "Market events from Kafka, a file or standard input; risk-checked decisions to Kafka and a journal, exactly once.\n"
    "\n"
    "  --config FILE  configuration, TOML\n"
    "  --check        check the configuration and everything that it names, then end\n"
    "  --describe     print the configuration with its defaults, secrets as ***, then end\n"
    "  --schema       print the JSON schema of the configuration\n"
    "\n"
    "signals: TERM, INT drain, snapshot and end (while recovering: end at once); HUP reloads [strategy], [risk] and\n"
    "  [model]\n"
    "exit codes: 0 ended as asked, 2 configuration, 3 model, 4 another daemon holds the state folder, 5 fenced by a "
    "newer\n"
    "  daemon, 6 input lost, 7 mismatch with what was published, 8 disk, 9 Kafka, 10 internal\n"
    "environment: HFTCORE_LIBRDKAFKA the Kafka client's library; HFTCORED_FAULT crash at a named point, for tests\n";

struct Arguments {
  std::string config;
  bool check = false;
  bool describe = false;
};

[[noreturn]] void refuse(const std::string& what) {
  std::cerr << "hftcored: " << what << "\n\n" << kUsage;
  std::exit(static_cast<int>(ExitCode::kConfig));
}

[[noreturn]] void print(std::string_view text) {
  std::cout << text << std::flush;
  std::exit(std::cout ? 0 : static_cast<int>(ExitCode::kInternal));
}

Arguments parse(std::span<char*> words) {
  Arguments arguments;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--help" || word == "-h") print(kUsage);
    if (word == "--version") print("hftcored " HFT_VERSION "\n");
    if (word == "--schema") print(hft::config::json_schema());
    if (word == "--check") {
      arguments.check = true;
    } else if (word == "--describe") {
      arguments.describe = true;
    } else if (word == "--config") {
      if (++i == words.size()) refuse("--config: which file?");
      arguments.config = words[i];
    } else {
      refuse("unknown argument " + std::string{word});
    }
  }
  if (arguments.config.empty()) refuse("--config FILE is missing");
  return arguments;
}

/// Signals are for the control thread alone; those that would end us by a closed pipe or a full disk become errors.
void arrange_signals() {
  hft::daemon::block_signals();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

/// One daemon per state folder: the lock goes when the process does, however it ends.
hft::base::Descriptor lock_state(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  const auto path = folder / "lock";
  hft::base::Descriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)};
  if (!file.is_open()) throw std::system_error{errno, std::generic_category(), path.string()};
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    throw Fatal(ExitCode::kLocked, folder.string() + ": another daemon works with this state folder");
  }
  return file;
}

int live(hft::daemon::Setup& setup, hft::telemetry::Log& log) {
  const hft::base::Descriptor lock = lock_state(setup.config.state_dir);
  hft::daemon::Changes changes{setup.model, hft::daemon::engine_of(setup.config)};
  const auto run = [&]<bool Timed>() {
    hft::daemon::Daemon<Timed> daemon{setup, changes, log};
    daemon.run();
  };
  if (setup.config.timed) {
    run.operator()<true>();
  } else {
    run.operator()<false>();
  }
  log.info("ended");
  return 0;
}

int run(const Arguments& arguments, hft::telemetry::Log& early) {
  hft::config::DaemonConfig config = hft::config::load(arguments.config);
  for (const hft::config::Problem& warning : config.warnings) early.warning(warning.message());
  if (arguments.describe) print(hft::config::describe(config));
  const auto level = static_cast<hft::telemetry::Level>(config.log_level);
  hft::telemetry::Log log{config.name, level};
  hft::daemon::Setup setup = hft::daemon::make_setup(std::move(config));
  if (arguments.check) {
    std::cout << arguments.config << ": ok; model " << setup.model.model_id.substr(0, 12) << ", "
              << setup.model.spec.features.size() << " features, " << setup.instruments.size() << " instruments, "
              << setup.shards.size() << " shards\n";
    return 0;
  }
  const char* fault = std::getenv("HFTCORED_FAULT");
  hft::base::arm_fault(fault != nullptr ? fault : "");
  try {
    return live(setup, log);
  } catch (const Fatal& error) {
    log.error(error.what(), {{"exit_code", static_cast<int>(error.code())}});
    return static_cast<int>(error.code());
  } catch (const hft::sequence::MismatchError& error) {
    log.error(error.what(), {{"exit_code", static_cast<int>(ExitCode::kMismatch)}});
    return static_cast<int>(ExitCode::kMismatch);
  } catch (const hft::kafka::KafkaError& error) {
    log.error(error.what(), {{"exit_code", static_cast<int>(ExitCode::kKafka)}});
    return static_cast<int>(ExitCode::kKafka);
  } catch (const hft::ledger::JournalError& error) {
    log.error(error.what(), {{"exit_code", static_cast<int>(ExitCode::kDisk)}});
    return static_cast<int>(ExitCode::kDisk);
  } catch (const hft::snapshot::SnapshotError& error) {
    log.error(error.what(), {{"exit_code", static_cast<int>(ExitCode::kDisk)}});
    return static_cast<int>(ExitCode::kDisk);
  } catch (const std::filesystem::filesystem_error& error) {
    log.error(error.what(), {{"exit_code", static_cast<int>(ExitCode::kDisk)}});
    return static_cast<int>(ExitCode::kDisk);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = parse({argv, static_cast<std::size_t>(argc)});
  arrange_signals();
  try {
    hft::telemetry::Log log{"hftcored"};
    return run(arguments, log);
  } catch (const hft::config::ConfigErrors& error) {
    std::cerr << error.what() << "\n";
    return static_cast<int>(ExitCode::kConfig);
  } catch (const hft::artifact::ArtifactError& error) {
    std::cerr << "hftcored: " << error.what() << "\n";
    return static_cast<int>(ExitCode::kArtifact);
  } catch (const Fatal& error) {
    std::cerr << "hftcored: " << error.what() << "\n";
    return static_cast<int>(error.code());
  } catch (const std::invalid_argument& error) {
    std::cerr << "hftcored: " << error.what() << "\n";
    return static_cast<int>(ExitCode::kConfig);
  } catch (const std::exception& error) {
    std::cerr << "hftcored: " << error.what() << "\n";
    return static_cast<int>(ExitCode::kInternal);
  }
}
