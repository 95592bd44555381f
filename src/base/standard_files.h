// Descriptors 0, 1 and 2.
#pragma once

namespace matchbus {

// Opens /dev/null for those that are closed: the next file or socket that is opened would be taken for the standard
// output, and what is printed would go there. To be called first of all.
void open_standard_files();

}  // namespace matchbus
