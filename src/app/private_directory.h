// Whether a directory is safe to keep secrets and journals in: whoever can write to it can put links, other people's
// matches and another key in the place of what the server left there.
#pragma once

#include <sys/stat.h>

#include <string>

#include "base/result.h"

namespace matchbus::app {

// Of the directory at `path`, which is there (a link to it is followed: it is the operator's). It must belong to the
// user that the server runs as, or to root, and nobody else may write to it. To root it may belong to anybody, as
// volumes of containers do: root has chosen it, and in a user namespace the owner may have no name.
Result<void> check_private_directory(const std::string& path);

// The same of what is known of it, for a process of user `self`. An error says what to do.
Result<void> check_private(const std::string& path, const struct stat& info, uid_t self);

}  // namespace matchbus::app
