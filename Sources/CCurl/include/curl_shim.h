#ifndef TOOLBOX_CURL_SHIM_H
#define TOOLBOX_CURL_SHIM_H

#include <curl/curl.h>

/* libcurl is opened with dlopen(3) when the first request is made, since linking it costs every start of the program
   several milliseconds. curl_easy_setopt, curl_easy_getinfo and curl_multi_setopt are variadic: there is one function here
   for each type of argument, so that the compiler passes it the way libcurl reads it.

   SIGPIPE is held back while libcurl may write; see the source. */

/* Opens the library. Returns NULL, or what dlopen or dlsym said. The first success counts, and later calls return NULL
   unless `again` is set. */
const char *toolbox_curl_open(const char *library, int again);

CURL *toolbox_curl_easy_init(void);
void toolbox_curl_easy_cleanup(CURL *handle);
const char *toolbox_curl_easy_strerror(CURLcode code);

/* A pool of connections, and the transfers that run over them at the same time. */
CURLM *toolbox_curl_multi_init(void);
CURLMcode toolbox_curl_multi_set_long(CURLM *pool, CURLMoption option, long value);
CURLMcode toolbox_curl_multi_add(CURLM *pool, CURL *handle);
CURLMcode toolbox_curl_multi_remove(CURLM *pool, CURL *handle);
/* Does what can be done without waiting. */
CURLMcode toolbox_curl_multi_perform(CURLM *pool);
/* Waits until there is something to do, at most so long. */
CURLMcode toolbox_curl_multi_wait(CURLM *pool, int milliseconds);
/* A transfer that has ended since the last call, and how; NULL when there is none. */
CURL *toolbox_curl_multi_next_finished(CURLM *pool, CURLcode *result);
/* Closes all connections. No transfer may be left in it. */
void toolbox_curl_multi_cleanup(CURLM *pool);
const char *toolbox_curl_multi_strerror(CURLMcode code);

CURLcode toolbox_curl_set_string(CURL *handle, CURLoption option, const char *value);
CURLcode toolbox_curl_set_long(CURL *handle, CURLoption option, long value);
CURLcode toolbox_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value);
CURLcode toolbox_curl_set_pointer(CURL *handle, CURLoption option, void *value);

/* The body, decoded: returns the number of bytes taken; any other number than `size` ends the transfer. */
typedef size_t (*toolbox_curl_data_function)(char *bytes, size_t one, size_t size, void *context);
CURLcode toolbox_curl_set_data_function(CURL *handle, CURLoption option, toolbox_curl_data_function function);

/* Called when something came and about once a second: anything but 0 ends the transfer. `down` counts bytes of the body
   as they came, before they are decoded. */
typedef int (*toolbox_curl_progress_function)(
    void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up);
CURLcode toolbox_curl_set_progress_function(CURL *handle, toolbox_curl_progress_function function);

/* Allows http and https, for the request and for redirects, with the option that this version of libcurl has. */
CURLcode toolbox_curl_restrict_to_http(CURL *handle);

/* HTTP/2 over TLS where libcurl and the server have it; a second request then waits for the first one's connection. */
CURLcode toolbox_curl_prefer_http2(CURL *handle);

/* No signals, no sockets in children, and no waiting for a name server when a transfer is given up (since 7.87). */
CURLcode toolbox_curl_behave_in_a_program(CURL *handle);

CURLcode toolbox_curl_get_long(CURL *handle, CURLINFO info, long *value);
CURLcode toolbox_curl_get_offset(CURL *handle, CURLINFO info, curl_off_t *value);
CURLcode toolbox_curl_get_string(CURL *handle, CURLINFO info, const char **value);

/* Appends a copy of the text. Returns NULL when there is no memory, and the list stays as it is. */
struct curl_slist *toolbox_curl_list_append(struct curl_slist *list, const char *text);
void toolbox_curl_list_free(struct curl_slist *list);

#endif
