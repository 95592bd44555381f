// Halves of surrogate pairs in JSON escapes. ECMAScript's strings may hold one alone, a character that was cut in two,
// and JSON.stringify writes it as an escape; UTF-8 cannot hold it.
#pragma once

#include <span>

namespace matchbus::json {

// Puts \ufffd (U+FFFD, as encoders for the web do) in the place of each escape that is one half without the other.
// Nothing else changes, nor does the length. The text need not be valid.
void replace_lone_surrogates(std::span<char> text);

}  // namespace matchbus::json
