// The text of names.json, compiled in: names.cmake writes the definition.
#pragma once

#include <string_view>

namespace matchbus::match {

extern const std::string_view kNamesJson;

}  // namespace matchbus::match
