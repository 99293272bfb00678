#ifndef TOOLBOX_LATE_LIBRARIES_H
#define TOOLBOX_LATE_LIBRARIES_H

/* Libraries that are opened when something of theirs is called for the first time: most commands need none of them, and each one
   that is linked makes every start longer, and every look for a symbol of a library that is opened later.

   Their functions have their own names and types here, as the headers declare them. */

#include <expat.h>
#include <lz4frame.h>
#include <lzma.h>
#include <zstd.h>

#include "expat_shim.h"

enum toolbox_late_library {
  toolbox_liblzma,
  toolbox_liblz4,
  toolbox_libzstd,
  toolbox_libexpat,
};

/* Opens the library if it is not open. Returns NULL, or why it cannot be opened; the text lives as long as the process. A function
   of a library that cannot be opened fails as it does where there is no memory. */
const char *toolbox_late_library_problem(enum toolbox_late_library library);

#endif
