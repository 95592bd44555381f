// The services outside as the options name them, checked before anything starts.
#pragma once

#include "app/options.h"
#include "base/result.h"
#include "gateway/backend.h"

namespace matchbus::app {

// Errors name the option and say what is wrong. Whatever is off has no URL.
Result<gateway::BackendOptions> backend_options(const Options& options);

}  // namespace matchbus::app
