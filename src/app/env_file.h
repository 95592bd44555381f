// Reads a `.env` file: NAME=value lines, as existing installations keep them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace matchbus::app {

// Lines `NAME=value`, optionally after `export `; `#` starts a comment line. A quoted value ends at its closing quote,
// behind which there may be a comment; inside double quotes `\n`, `\"` and `\\` are escapes. Behind an unquoted value
// `#` after a blank or a tab starts a comment. Lines without a name are passed over, so is a byte order mark.
std::vector<std::pair<std::string, std::string>> parse_env_file(std::string_view text);

// Puts the file's names into the environment unless they are set already. A missing file is no error.
void load_env_file(const std::string& path);

}  // namespace matchbus::app
