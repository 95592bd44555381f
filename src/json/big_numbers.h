// Numbers that RapidJSON gives up a whole text for: those beyond what a double can be near (1e400), which ECMAScript
// reads as Infinity, those of more digits than a double has in front of the point, and zero to a high power.
#pragma once

#include <span>

namespace matchbus::json {

// Puts null, as JSON.stringify writes Infinity, in the place of each number that is infinite as a double, and the
// shortest form of the same double in the place of zero and of a number with 300 digits in front of its point. Nothing
// else changes, nor does the length. The text need not be valid.
void replace_big_numbers(std::span<char> text);

}  // namespace matchbus::json
