#include "curl_shim.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

/* curl.h wraps these in macros that check types; the pointers below need the plain names. */
#undef curl_easy_setopt
#undef curl_easy_getinfo

/* Typed as the header declares them, so that the variadic ones stay variadic. */
static __typeof__(&curl_global_init) global_init;
static __typeof__(&curl_easy_init) easy_init;
static __typeof__(&curl_easy_cleanup) easy_cleanup;
static __typeof__(&curl_easy_perform) easy_perform;
static __typeof__(&curl_easy_strerror) easy_strerror;
static __typeof__(&curl_easy_setopt) easy_setopt;
static __typeof__(&curl_easy_getinfo) easy_getinfo;
static __typeof__(&curl_slist_append) slist_append;
static __typeof__(&curl_slist_free_all) slist_free_all;
static __typeof__(&curl_version) version;

static void *library_handle;

static const char *find_symbol(void *handle, void *place, const char *name) {
  void *symbol = dlsym(handle, name);
  if (!symbol) {
    const char *problem = dlerror();
    return problem ? problem : name;
  }
  *(void **)place = symbol;
  return NULL;
}

static const char *open_library(const char *library, int again) {
  const char *problem = NULL;
  void *handle;
  if (library_handle && !again) return NULL;
  handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    problem = dlerror();
    return problem ? problem : "dlopen failed";
  }
  if ((problem = find_symbol(handle, &global_init, "curl_global_init"))) return problem;
  if ((problem = find_symbol(handle, &easy_init, "curl_easy_init"))) return problem;
  if ((problem = find_symbol(handle, &easy_cleanup, "curl_easy_cleanup"))) return problem;
  if ((problem = find_symbol(handle, &easy_perform, "curl_easy_perform"))) return problem;
  if ((problem = find_symbol(handle, &easy_strerror, "curl_easy_strerror"))) return problem;
  if ((problem = find_symbol(handle, &easy_setopt, "curl_easy_setopt"))) return problem;
  if ((problem = find_symbol(handle, &easy_getinfo, "curl_easy_getinfo"))) return problem;
  if ((problem = find_symbol(handle, &slist_append, "curl_slist_append"))) return problem;
  if ((problem = find_symbol(handle, &slist_free_all, "curl_slist_free_all"))) return problem;
  if ((problem = find_symbol(handle, &version, "curl_version"))) return problem;
  if (global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return "curl_global_init failed";
  library_handle = handle;
  return NULL;
}

const char *toolbox_curl_open(const char *library, int again) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  const char *problem;
  pthread_mutex_lock(&lock);
  problem = open_library(library, again);
  pthread_mutex_unlock(&lock);
  return problem;
}

CURL *toolbox_curl_easy_init(void) { return easy_init(); }
void toolbox_curl_easy_cleanup(CURL *handle) { easy_cleanup(handle); }
CURLcode toolbox_curl_easy_perform(CURL *handle) { return easy_perform(handle); }
const char *toolbox_curl_easy_strerror(CURLcode code) { return easy_strerror(code); }
const char *toolbox_curl_version(void) { return version(); }

CURLcode toolbox_curl_set_string(CURL *handle, CURLoption option, const char *value) {
  return easy_setopt(handle, option, value);
}

CURLcode toolbox_curl_set_long(CURL *handle, CURLoption option, long value) {
  return easy_setopt(handle, option, value);
}

CURLcode toolbox_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
  return easy_setopt(handle, option, value);
}

CURLcode toolbox_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
  return easy_setopt(handle, option, value);
}

CURLcode toolbox_curl_set_data_function(CURL *handle, CURLoption option, toolbox_curl_data_function function) {
  return easy_setopt(handle, option, function);
}

CURLcode toolbox_curl_set_progress_function(CURL *handle, toolbox_curl_progress_function function) {
  return easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, function);
}

CURLcode toolbox_curl_restrict_to_http(CURL *handle) {
  CURLcode code = CURLE_UNKNOWN_OPTION;
#if LIBCURL_VERSION_NUM >= 0x075500
  code = easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
#endif
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  /* Older than 7.85, whatever header this was built with. */
  if (code == CURLE_UNKNOWN_OPTION)
    code = easy_setopt(handle, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#pragma GCC diagnostic pop
  return code;
}

CURLcode toolbox_curl_get_long(CURL *handle, CURLINFO info, long *value) {
  return easy_getinfo(handle, info, value);
}

CURLcode toolbox_curl_get_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
  return easy_getinfo(handle, info, value);
}

CURLcode toolbox_curl_get_string(CURL *handle, CURLINFO info, const char **value) {
  return easy_getinfo(handle, info, value);
}

struct curl_slist *toolbox_curl_list_append(struct curl_slist *list, const char *text) {
  return slist_append(list, text);
}

void toolbox_curl_list_free(struct curl_slist *list) { slist_free_all(list); }
