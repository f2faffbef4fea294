#pragma once
#include <curl/curl.h>
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

// Swift cannot call C variadic functions. Each function below gives one argument type of libcurl's three variadic
// entry points a name; the parentheses keep curl's type-checking macros out of the way.

typedef size_t (*mt_curl_data_callback)(char *data, size_t size, size_t count, void *user);
typedef int (*mt_curl_seek_callback)(void *user, curl_off_t offset, int origin);
typedef int (*mt_curl_socket_callback)(void *user, curl_socket_t socket, curlsocktype purpose);

static inline CURLcode mt_curl_global_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }

static inline CURLcode mt_curl_set_long(CURL *easy, CURLoption option, long value) {
  return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode mt_curl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
  return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode mt_curl_set_string(CURL *easy, CURLoption option, const char *value) {
  return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode mt_curl_set_pointer(CURL *easy, CURLoption option, void *value) {
  return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode mt_curl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
  return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode mt_curl_set_data_callback(CURL *easy, CURLoption option, mt_curl_data_callback value) {
  return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode mt_curl_set_seek_callback(CURL *easy, mt_curl_seek_callback value) {
  return (curl_easy_setopt)(easy, CURLOPT_SEEKFUNCTION, value);
}

static inline CURLcode mt_curl_set_socket_callback(CURL *easy, mt_curl_socket_callback value) {
  return (curl_easy_setopt)(easy, CURLOPT_SOCKOPTFUNCTION, value);
}

static inline CURLcode mt_curl_read_long(CURL *easy, CURLINFO info, long *value) {
  return (curl_easy_getinfo)(easy, info, value);
}

static inline CURLcode mt_curl_read_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
  return (curl_easy_getinfo)(easy, info, value);
}

static inline CURLcode mt_curl_read_pointer(CURL *easy, CURLINFO info, void **value) {
  return (curl_easy_getinfo)(easy, info, value);
}

// The value of a field of the peer's own certificate ("Expire date:" and the like), which stays valid until the handle's
// next transfer; null where there is none. Of a kept connection libcurl tells no certificate.
static inline const char *mt_curl_certificate_field(CURL *easy, const char *name) {
  struct curl_certinfo *chain = 0;
  if ((curl_easy_getinfo)(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain || chain->num_of_certs < 1) return 0;
  size_t length = strlen(name);
  for (struct curl_slist *field = chain->certinfo[0]; field; field = field->next) {
    if (strncmp(field->data, name, length) == 0) return field->data + length;
  }
  return 0;
}

static inline CURLMcode mt_curl_multi_set_socket_callback(CURLM *multi, curl_socket_callback value) {
  return (curl_multi_setopt)(multi, CURLMOPT_SOCKETFUNCTION, value);
}

static inline CURLMcode mt_curl_multi_set_timer_callback(CURLM *multi, curl_multi_timer_callback value) {
  return (curl_multi_setopt)(multi, CURLMOPT_TIMERFUNCTION, value);
}

static inline CURLMcode mt_curl_multi_set_pointer(CURLM *multi, CURLMoption option, void *value) {
  return (curl_multi_setopt)(multi, option, value);
}

static inline CURLMcode mt_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return (curl_multi_setopt)(multi, option, value);
}

// prctl is variadic too, and pthread_setname_np is hidden without _GNU_SOURCE.
static inline void mt_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

// Swift's Glibc module has neither epoll nor eventfd.

typedef struct {
  int descriptor;
  uint32_t events;
} mt_ready_socket;

static inline int mt_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

// Returns 0 or an errno.
static inline int mt_epoll_change(int epoll, int operation, int descriptor, uint32_t events) {
  struct epoll_event event = {.events = events, .data = {.fd = descriptor}};
  return epoll_ctl(epoll, operation, descriptor, &event) == 0 ? 0 : errno;
}

// Returns how many of at most 64 sockets are ready; 0 on a timeout or a signal.
static inline int mt_epoll_wait(int epoll, mt_ready_socket ready[64], int milliseconds) {
  struct epoll_event events[64];
  int count = epoll_wait(epoll, events, 64, milliseconds);
  if (count < 0) return 0;
  for (int index = 0; index < count; index++) {
    ready[index].descriptor = events[index].data.fd;
    ready[index].events = events[index].events;
  }
  return count;
}

static inline int mt_eventfd_create(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

// Has the allocator keep what is freed, up to the given size, instead of handing it back to the kernel.
static inline void mt_keep_freed_memory(int bytes, int largest_block) {
  mallopt(M_TRIM_THRESHOLD, bytes);
  mallopt(M_MMAP_THRESHOLD, largest_block);
}
