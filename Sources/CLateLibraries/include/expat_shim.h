#ifndef TOOLBOX_EXPAT_SHIM_H
#define TOOLBOX_EXPAT_SHIM_H

#include <expat.h>
#include <stddef.h>

/* Between the address of a namespace and a local name, in the names that expat gives: a character that no XML document can
   hold. */
enum toolbox_expat_separator { toolbox_expat_separator = 1 };

/* A parser of UTF-8 that resolves namespaces and takes no more than `most_memory` bytes; beyond them it fails with
   XML_ERROR_NO_MEMORY. A small document can make expat remember much, such as a million names of attributes.

   The bytes are counted for each thread: a thread has one parser at a time, and makes, uses and frees it itself. Returns
   NULL where there is no memory. Free it with XML_ParserFree. */
XML_Parser toolbox_expat_create(size_t most_memory);

#endif
