#pragma once

#include <stdexcept>
#include <string>

namespace hft::daemon {

/// How hftcored ends. A supervisor restarts on 8, 9 and 10, and must not on the others.
enum class ExitCode : int {
  kOk = 0,
  kConfig = 2,
  kArtifact = 3,
  kLocked = 4,     // another daemon holds the state folder
  kFenced = 5,     // a newer daemon took over the outputs
  kInputLost = 6,  // an input that is needed is not in its topic (any more)
  kMismatch = 7,   // what was recomputed is not what was published or journalled
  kDisk = 8,       // the journal or the snapshots cannot be written
  kKafka = 9,
  kInternal = 10,
};

/// Ends the daemon with this code. Thrown on cold paths only.
class Fatal : public std::runtime_error {
 public:
  Fatal(ExitCode code, const std::string& what) : std::runtime_error(what), code_{code} {}
  [[nodiscard]] ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

}  // namespace hft::daemon
