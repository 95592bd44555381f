// matchbus-ctl as a whole: options in, exit status out.
#pragma once

#include <cstdint>
#include <string>

#include "app/ctl_options.h"
#include "base/result.h"
#include "net/http_client.h"

namespace matchbus::app {

// 0: done, what the server answered is printed. 1: it refused or was not there. 2: wrong options.
int run_ctl(int argc, const char* const* argv);

// The claims of a token as JSON. An error names the claim that is none.
Result<std::string> token_claims(const CtlOptions& options, int64_t now_s);
// The request that a command other than kToken and kExit makes. `message`: what is to be published.
net::HttpCall ctl_request(const CtlOptions& options, const std::string& key, const std::string& message);

}  // namespace matchbus::app
