#include "curl_shim.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

/* curl.h wraps these in macros that check types; the pointers below need the plain names. */
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

/* Typed as the header declares them, so that the variadic ones stay variadic. */
static __typeof__(&curl_global_init) global_init;
static __typeof__(&curl_easy_init) easy_init;
static __typeof__(&curl_easy_cleanup) easy_cleanup;
static __typeof__(&curl_easy_strerror) easy_strerror;
static __typeof__(&curl_easy_setopt) easy_setopt;
static __typeof__(&curl_easy_getinfo) easy_getinfo;
static __typeof__(&curl_multi_init) multi_init;
static __typeof__(&curl_multi_setopt) multi_setopt;
static __typeof__(&curl_multi_add_handle) multi_add_handle;
static __typeof__(&curl_multi_remove_handle) multi_remove_handle;
static __typeof__(&curl_multi_perform) multi_perform;
static __typeof__(&curl_multi_poll) multi_poll;
static __typeof__(&curl_multi_info_read) multi_info_read;
static __typeof__(&curl_multi_cleanup) multi_cleanup;
static __typeof__(&curl_multi_strerror) multi_strerror;
static __typeof__(&curl_slist_append) slist_append;
static __typeof__(&curl_slist_free_all) slist_free_all;

static const struct {
  const char *name;
  void *place;
} symbols[] = {
    {"curl_global_init", &global_init},
    {"curl_easy_init", &easy_init},
    {"curl_easy_cleanup", &easy_cleanup},
    {"curl_easy_strerror", &easy_strerror},
    {"curl_easy_setopt", &easy_setopt},
    {"curl_easy_getinfo", &easy_getinfo},
    {"curl_multi_init", &multi_init},
    {"curl_multi_setopt", &multi_setopt},
    {"curl_multi_add_handle", &multi_add_handle},
    {"curl_multi_remove_handle", &multi_remove_handle},
    {"curl_multi_perform", &multi_perform},
    {"curl_multi_poll", &multi_poll},
    {"curl_multi_info_read", &multi_info_read},
    {"curl_multi_cleanup", &multi_cleanup},
    {"curl_multi_strerror", &multi_strerror},
    {"curl_slist_append", &slist_append},
    {"curl_slist_free_all", &slist_free_all},
};

static void *library_handle;

/* Of the libraries that libcurl brings, those with the most names to look up, opened ahead: in a scope of its own such a name is
   found in the second or third library, in libcurl's it is looked for in thirty. One that is missing is none that libcurl needs. */
static const char *const opened_ahead[] = {"libcrypto.so.3", "libgnutls.so.30"};

static const char *open_library(const char *library, int again) {
  size_t index;
  void *handle;
  if (library_handle && !again) return NULL;
  for (index = 0; index < sizeof opened_ahead / sizeof *opened_ahead; index++)
    (void)dlopen(opened_ahead[index], RTLD_LAZY | RTLD_LOCAL);
  /* Lazily: it brings some thirty libraries along, of which a request uses a part. */
  handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
  if (!handle) {
    const char *problem = dlerror();
    return problem ? problem : "dlopen failed";
  }
  for (index = 0; index < sizeof symbols / sizeof *symbols; index++) {
    void *symbol = dlsym(handle, symbols[index].name);
    if (!symbol) {
      const char *problem = dlerror();
      return problem ? problem : symbols[index].name;
    }
    *(void **)symbols[index].place = symbol;
  }
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

/* With CURLOPT_NOSIGNAL libcurl leaves SIGPIPE alone, and a TLS library that writes to a connection which the server has
   closed would end the program: a watch would die in silence. So the signal is held back while libcurl may write, and
   dropped when it came meanwhile. The program's own SIGPIPE, for its standard output, stays as it is. */
struct pipe_guard {
  sigset_t before;
  int is_ours;
};

static void hold_pipe_signal(struct pipe_guard *guard) {
  sigset_t pending, set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  sigpending(&pending);
  guard->is_ours = !sigismember(&pending, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, &guard->before);
}

static void release_pipe_signal(const struct pipe_guard *guard) {
  if (guard->is_ours) {
    const struct timespec now = {0, 0};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    (void)sigtimedwait(&set, NULL, &now);
  }
  pthread_sigmask(SIG_SETMASK, &guard->before, NULL);
}

/* Older libcurl makes its sockets without SOCK_CLOEXEC, and the pool keeps them while other programs are started. */
static int mark_socket(void *context, curl_socket_t socket, curlsocktype purpose) {
  (void)context;
  (void)purpose;
  return fcntl(socket, F_SETFD, FD_CLOEXEC) == 0 ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR;
}

CURL *toolbox_curl_easy_init(void) { return easy_init(); }

void toolbox_curl_easy_cleanup(CURL *handle) {
  struct pipe_guard guard;
  hold_pipe_signal(&guard);
  easy_cleanup(handle);
  release_pipe_signal(&guard);
}

const char *toolbox_curl_easy_strerror(CURLcode code) { return easy_strerror(code); }

CURLM *toolbox_curl_multi_init(void) { return multi_init(); }

CURLMcode toolbox_curl_multi_set_long(CURLM *pool, CURLMoption option, long value) {
  return multi_setopt(pool, option, value);
}

CURLMcode toolbox_curl_multi_add(CURLM *pool, CURL *handle) { return multi_add_handle(pool, handle); }

CURLMcode toolbox_curl_multi_remove(CURLM *pool, CURL *handle) {
  struct pipe_guard guard;
  CURLMcode code;
  hold_pipe_signal(&guard);
  code = multi_remove_handle(pool, handle);
  release_pipe_signal(&guard);
  return code;
}

CURLMcode toolbox_curl_multi_perform(CURLM *pool) {
  struct pipe_guard guard;
  CURLMcode code;
  int running;
  hold_pipe_signal(&guard);
  code = multi_perform(pool, &running);
  release_pipe_signal(&guard);
  return code;
}

CURLMcode toolbox_curl_multi_wait(CURLM *pool, int milliseconds) {
  return multi_poll(pool, NULL, 0, milliseconds, NULL);
}

CURL *toolbox_curl_multi_next_finished(CURLM *pool, CURLcode *result) {
  CURLMsg *message;
  int left;
  while ((message = multi_info_read(pool, &left))) {
    if (message->msg != CURLMSG_DONE) continue;
    *result = message->data.result;
    return message->easy_handle;
  }
  return NULL;
}

void toolbox_curl_multi_cleanup(CURLM *pool) {
  struct pipe_guard guard;
  hold_pipe_signal(&guard);
  (void)multi_cleanup(pool);
  release_pipe_signal(&guard);
}

const char *toolbox_curl_multi_strerror(CURLMcode code) { return multi_strerror(code); }

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

CURLcode toolbox_curl_prefer_http2(CURL *handle) {
  CURLcode code = easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
  /* Built without HTTP/2: HTTP/1.1 then. */
  if (code == CURLE_UNSUPPORTED_PROTOCOL) return CURLE_OK;
  if (code != CURLE_OK) return code;
  return easy_setopt(handle, CURLOPT_PIPEWAIT, 1L);
}

CURLcode toolbox_curl_behave_in_a_program(CURL *handle) {
  CURLcode code;
#if LIBCURL_VERSION_NUM >= 0x075700
  code = easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
  if (code != CURLE_OK && code != CURLE_UNKNOWN_OPTION) return code;
#endif
  code = easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  if (code != CURLE_OK) return code;
  return easy_setopt(handle, CURLOPT_SOCKOPTFUNCTION, mark_socket);
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
