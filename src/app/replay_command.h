// The replay tool as a whole: options in, exit status out.
#pragma once

namespace matchbus::app {

// 0: done. 1: no connection, lost, stopped by a bad journal, or (--check) not sound. 2: wrong options. 3: logon
// refused.
int run_replay(int argc, const char* const* argv);

}  // namespace matchbus::app
