#pragma once

#include "hft/config/daemon_config.hpp"
#include "reader.hpp"

namespace hft::config {

/// Rules over several keys. Keys that were wrong on their own hold their defaults and are not complained about twice.
void check_together(Reader& reader, const DaemonConfig& config);

}  // namespace hft::config
