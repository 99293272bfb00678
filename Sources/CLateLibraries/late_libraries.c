#include "late_libraries.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

/* The names are those of the interfaces, the same on every distribution. */
static const char *const names[] = {
    [toolbox_liblzma] = "liblzma.so.5",
    [toolbox_liblz4] = "liblz4.so.1",
    [toolbox_libzstd] = "libzstd.so.1",
    [toolbox_libexpat] = "libexpat.so.1",
};

static void *handles[sizeof names / sizeof *names];
static char *problems[sizeof names / sizeof *names];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *open_library(enum toolbox_late_library library) {
  void *handle;
  pthread_mutex_lock(&lock);
  if (!handles[library] && !problems[library]) {
    handles[library] = dlopen(names[library], RTLD_LAZY | RTLD_LOCAL);
    if (!handles[library]) {
      const char *problem = dlerror();
      problems[library] = strdup(problem ? problem : names[library]);
    }
  }
  handle = handles[library];
  pthread_mutex_unlock(&lock);
  return handle;
}

const char *toolbox_late_library_problem(enum toolbox_late_library library) {
  return open_library(library) ? NULL : problems[library] ? problems[library] : names[library];
}

/* Two threads that come at once find the same address. */
static void *look_up(enum toolbox_late_library library, _Atomic(void *) *known, const char *name) {
  void *found = atomic_load_explicit(known, memory_order_acquire);
  void *handle;
  if (found) return found;
  handle = open_library(library);
  if (!handle) return NULL;
  found = dlsym(handle, name);
  if (found) atomic_store_explicit(known, found, memory_order_release);
  return found;
}

/* The library's function, or NULL. */
#define REAL(library, name) \
  static _Atomic(void *) known; \
  __typeof__(&name) real = (__typeof__(&name))look_up(library, &known, #name)

lzma_ret lzma_stream_decoder(lzma_stream *stream, uint64_t memory, uint32_t flags) {
  REAL(toolbox_liblzma, lzma_stream_decoder);
  return real ? real(stream, memory, flags) : LZMA_MEM_ERROR;
}

lzma_ret lzma_code(lzma_stream *stream, lzma_action action) {
  REAL(toolbox_liblzma, lzma_code);
  return real ? real(stream, action) : LZMA_MEM_ERROR;
}

void lzma_end(lzma_stream *stream) {
  REAL(toolbox_liblzma, lzma_end);
  if (real) real(stream);
}

unsigned LZ4F_isError(LZ4F_errorCode_t code) {
  REAL(toolbox_liblz4, LZ4F_isError);
  return real ? real(code) : 1;
}

const char *LZ4F_getErrorName(LZ4F_errorCode_t code) {
  REAL(toolbox_liblz4, LZ4F_getErrorName);
  return real ? real(code) : "liblz4 is missing";
}

LZ4F_errorCode_t LZ4F_createDecompressionContext(LZ4F_dctx **context, unsigned version) {
  REAL(toolbox_liblz4, LZ4F_createDecompressionContext);
  return real ? real(context, version) : (LZ4F_errorCode_t)-1;
}

LZ4F_errorCode_t LZ4F_freeDecompressionContext(LZ4F_dctx *context) {
  REAL(toolbox_liblz4, LZ4F_freeDecompressionContext);
  return real ? real(context) : (LZ4F_errorCode_t)-1;
}

size_t LZ4F_decompress(LZ4F_dctx *context, void *to, size_t *to_size, const void *from, size_t *from_size,
                       const LZ4F_decompressOptions_t *options) {
  REAL(toolbox_liblz4, LZ4F_decompress);
  return real ? real(context, to, to_size, from, from_size, options) : (size_t)-1;
}

ZSTD_DStream *ZSTD_createDStream(void) {
  REAL(toolbox_libzstd, ZSTD_createDStream);
  return real ? real() : NULL;
}

size_t ZSTD_freeDStream(ZSTD_DStream *stream) {
  REAL(toolbox_libzstd, ZSTD_freeDStream);
  return real ? real(stream) : (size_t)-1;
}

size_t ZSTD_decompressStream(ZSTD_DStream *stream, ZSTD_outBuffer *to, ZSTD_inBuffer *from) {
  REAL(toolbox_libzstd, ZSTD_decompressStream);
  return real ? real(stream, to, from) : (size_t)-1;
}

unsigned ZSTD_isError(size_t code) {
  REAL(toolbox_libzstd, ZSTD_isError);
  return real ? real(code) : 1;
}

const char *ZSTD_getErrorName(size_t code) {
  REAL(toolbox_libzstd, ZSTD_getErrorName);
  return real ? real(code) : "libzstd is missing";
}

XML_Parser XML_ParserCreate_MM(const XML_Char *encoding, const XML_Memory_Handling_Suite *memory, const XML_Char *separator) {
  REAL(toolbox_libexpat, XML_ParserCreate_MM);
  return real ? real(encoding, memory, separator) : NULL;
}

/* Whoever has a parser has the library: what follows cannot find it missing. */

void XML_ParserFree(XML_Parser parser) {
  REAL(toolbox_libexpat, XML_ParserFree);
  if (real) real(parser);
}

enum XML_Status XML_Parse(XML_Parser parser, const char *text, int length, int is_final) {
  REAL(toolbox_libexpat, XML_Parse);
  return real ? real(parser, text, length, is_final) : XML_STATUS_ERROR;
}

enum XML_Status XML_StopParser(XML_Parser parser, XML_Bool resumable) {
  REAL(toolbox_libexpat, XML_StopParser);
  return real ? real(parser, resumable) : XML_STATUS_ERROR;
}

enum XML_Error XML_GetErrorCode(XML_Parser parser) {
  REAL(toolbox_libexpat, XML_GetErrorCode);
  return real ? real(parser) : XML_ERROR_NO_MEMORY;
}

const XML_LChar *XML_ErrorString(enum XML_Error code) {
  REAL(toolbox_libexpat, XML_ErrorString);
  return real ? real(code) : NULL;
}

XML_Index XML_GetCurrentByteIndex(XML_Parser parser) {
  REAL(toolbox_libexpat, XML_GetCurrentByteIndex);
  return real ? real(parser) : -1;
}

XML_Size XML_GetCurrentLineNumber(XML_Parser parser) {
  REAL(toolbox_libexpat, XML_GetCurrentLineNumber);
  return real ? real(parser) : 0;
}

XML_Size XML_GetCurrentColumnNumber(XML_Parser parser) {
  REAL(toolbox_libexpat, XML_GetCurrentColumnNumber);
  return real ? real(parser) : 0;
}

void XML_SetUserData(XML_Parser parser, void *data) {
  REAL(toolbox_libexpat, XML_SetUserData);
  if (real) real(parser, data);
}

void XML_SetElementHandler(XML_Parser parser, XML_StartElementHandler start, XML_EndElementHandler end) {
  REAL(toolbox_libexpat, XML_SetElementHandler);
  if (real) real(parser, start, end);
}

void XML_SetCharacterDataHandler(XML_Parser parser, XML_CharacterDataHandler handler) {
  REAL(toolbox_libexpat, XML_SetCharacterDataHandler);
  if (real) real(parser, handler);
}

void XML_SetStartDoctypeDeclHandler(XML_Parser parser, XML_StartDoctypeDeclHandler handler) {
  REAL(toolbox_libexpat, XML_SetStartDoctypeDeclHandler);
  if (real) real(parser, handler);
}

void XML_SetStartNamespaceDeclHandler(XML_Parser parser, XML_StartNamespaceDeclHandler handler) {
  REAL(toolbox_libexpat, XML_SetStartNamespaceDeclHandler);
  if (real) real(parser, handler);
}
