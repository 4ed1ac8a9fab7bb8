#pragma once

#include "hft/feature/pipeline.hpp"
#include "one_thread.hpp"

namespace hft::bindings {

/// A pipeline as Python holds it.
using SharedPipeline = OneThread<feature::Pipeline>;

}  // namespace hft::bindings
