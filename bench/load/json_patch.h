// Applies JSON Patches (RFC 6902) to a document, apart from the server's own code for them, to check what it sends.
#pragma once

#include <rapidjson/document.h>

#include <string_view>

namespace matchbus::load {

// `add`, `remove` and `replace`, the operations that servers of the match protocol use. False: `patch` is no such patch
// or does not fit `document`, which may then be half changed.
bool apply_patch(rapidjson::Document& document, std::string_view patch);

}  // namespace matchbus::load
