// Values of options as texts: whether they fit, and in words what is expected if not.
#pragma once

#include <cstdint>
#include <string>

namespace matchbus::app {

// Each returns "" if `text` fits, and brings it into the plainest form; otherwise what is wrong, to follow the option's
// name.

// A decimal number from `least` to `most`.
std::string check_whole_number(std::string& text, uint64_t least, uint64_t most);

// true, yes, on, 1, or the opposites, in any case.
std::string check_truth(std::string& text);

}  // namespace matchbus::app
