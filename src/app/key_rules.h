// What the server's own keys have to be like, so that nobody guesses one.
#pragma once

#include "app/options.h"
#include "base/result.h"

namespace matchbus::app {

constexpr size_t kLeastKey = 16;  // characters

// Errors name the option. Keys that are not set are none.
Result<void> check_keys(const Options& options);

}  // namespace matchbus::app
