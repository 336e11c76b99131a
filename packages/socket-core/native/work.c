/* The few calls that may block, on libuv's thread pool; each returns a promise of a number or of a list. */
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/sendfile.h>
#else
#include <sys/types.h>
#include <sys/uio.h>
#endif

#include "addon.h"

/* RFC 1035 section 2.3.4 allows 255 octets of name; 1025 and 32 are NI_MAXHOST and NI_MAXSERV. */
enum { MAX_HOST = 1025, MAX_SERVICE = 64 };

typedef struct work {
  napi_async_work handle;
  napi_deferred deferred;
  void (*run)(struct work *);
  napi_value (*result)(napi_env, struct work *);
  int64_t status;
  int error;
  /* sendfile */
  int fd, file;
  int64_t offset;
  size_t count;
  /* getaddrinfo, getnameinfo */
  char host[MAX_HOST], service[MAX_SERVICE];
  bool has_host, has_service;
  int family, type, protocol, flags;
  struct addrinfo *found;
  struct sockaddr_storage address;
  socklen_t address_length;
} work;

static void execute(napi_env env, void *data) {
  work *w = data;
  (void)env;
  w->run(w);
}

static void complete(napi_env env, napi_status status, void *data) {
  work *w = data;
  /* Cancelled: the environment ends, and no JavaScript waits any more. */
  if (status != napi_cancelled) {
    napi_value value = w->result(env, w);
    if (value != NULL) napi_resolve_deferred(env, w->deferred, value);
  }
  if (w->found != NULL) freeaddrinfo(w->found);
  napi_delete_async_work(env, w->handle);
  free(w);
}

static napi_value queue(napi_env env, work *w, const char *name) {
  napi_value promise, resource;
  if (napi_create_promise(env, &w->deferred, &promise) == napi_ok &&
      napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &resource) == napi_ok &&
      napi_create_async_work(env, NULL, resource, execute, complete, w, &w->handle) == napi_ok) {
    if (napi_queue_async_work(env, w->handle) == napi_ok) return promise;
    napi_delete_async_work(env, w->handle);
  }
  free(w);
  napi_throw_error(env, NULL, "the thread pool did not take the work");
  return NULL;
}

static work *create(napi_env env, void (*run)(work *), napi_value (*result)(napi_env, work *)) {
  work *w = calloc(1, sizeof *w);
  if (w == NULL) {
    napi_throw_error(env, "ENOMEM", "out of memory");
    return NULL;
  }
  w->run = run;
  w->result = result;
  return w;
}

static napi_value status_result(napi_env env, work *w) { return number(env, w->status); }

static void run_sendfile(work *w) {
#ifdef __linux__
  off_t offset = (off_t)w->offset;
  ssize_t sent = sendfile(w->fd, w->file, &offset, w->count);
  w->status = sent < 0 ? -errno : sent;
#else
  off_t length = (off_t)w->count;
  int status = sendfile(w->file, w->fd, (off_t)w->offset, &length, NULL, 0);
  w->status = status < 0 && length == 0 ? -errno : length;
#endif
}

/* sendfile(fd, file, offset, count): the number of bytes. The disk may block, the socket does not. */
static napi_value call_sendfile(napi_env env, napi_callback_info info) {
  arguments args;
  int fd, file, count;
  double offset;
  if (!get_arguments(env, info, 4, &args) || !get_socket(&args, &fd) || !get_int(&args, 1, "file", &file) ||
      !get_int(&args, 3, "count", &count))
    return NULL;
  if (napi_get_value_double(env, args.values[2], &offset) != napi_ok || !(offset >= 0 && offset <= 9007199254740991.0) ||
      count < 0) {
    napi_throw_range_error(env, "ERR_INVALID_ARG", "offset and count must not be negative");
    return NULL;
  }
  work *w = create(env, run_sendfile, status_result);
  if (w == NULL) return NULL;
  w->fd = fd;
  w->file = file;
  w->offset = (int64_t)offset;
  w->count = (size_t)count;
  return queue(env, w, "sockeye.sendfile");
}

static bool get_text(const arguments *args, size_t index, const char *message, char *out, size_t size, bool *present) {
  napi_valuetype type;
  size_t length;
  *present = false;
  if (napi_typeof(args->env, args->values[index], &type) == napi_ok && (type == napi_null || type == napi_undefined))
    return true;
  if (napi_get_value_string_utf8(args->env, args->values[index], NULL, 0, &length) != napi_ok || length >= size) {
    napi_throw_type_error(args->env, "ERR_INVALID_ARG", message);
    return false;
  }
  napi_get_value_string_utf8(args->env, args->values[index], out, size, &length);
  *present = true;
  return true;
}

/* The names of the EAI_ constants, whose values differ between systems and may be -1; NULL: the errno tells. */
static const char *resolver_failure(int status) {
  switch (status) {
    case EAI_NONAME: return "EAI_NONAME";
    case EAI_AGAIN: return "EAI_AGAIN";
    case EAI_FAIL: return "EAI_FAIL";
    case EAI_FAMILY: return "EAI_FAMILY";
    case EAI_SERVICE: return "EAI_SERVICE";
    case EAI_SOCKTYPE: return "EAI_SOCKTYPE";
    case EAI_BADFLAGS: return "EAI_BADFLAGS";
    case EAI_MEMORY: return "EAI_MEMORY";
    case EAI_OVERFLOW: return "EAI_OVERFLOW";
#if defined(EAI_NODATA) && EAI_NODATA != EAI_NONAME
    case EAI_NODATA: return "EAI_NODATA";
#endif
    default: return "EAI_FAIL";
  }
}

/* 0, or the failure: a string, or -errno. */
static napi_value failure(napi_env env, const work *w) {
  napi_value value = NULL;
  if (w->error != 0) return number(env, -w->error);
  napi_create_string_utf8(env, resolver_failure((int)w->status), NAPI_AUTO_LENGTH, &value);
  return value;
}

static void run_getaddrinfo(work *w) {
  struct addrinfo hints;
  memset(&hints, 0, sizeof hints);
  hints.ai_family = w->family;
  hints.ai_socktype = w->type;
  hints.ai_protocol = w->protocol;
  hints.ai_flags = w->flags;
  w->status = getaddrinfo(w->has_host ? w->host : NULL, w->has_service ? w->service : NULL, &hints, &w->found);
  if (w->status == EAI_SYSTEM) w->error = errno;
}

/* A failure, or [family, type, protocol, sockaddr, canonical name | null, ...]. */
static napi_value getaddrinfo_result(napi_env env, work *w) {
  if (w->status != 0) return failure(env, w);
  napi_value list, value;
  uint32_t at = 0;
  if (napi_create_array(env, &list) != napi_ok) return NULL;
  for (struct addrinfo *a = w->found; a != NULL; a = a->ai_next) {
    const int numbers[] = {a->ai_family, a->ai_socktype, a->ai_protocol};
    for (size_t i = 0; i < 3; i++) napi_set_element(env, list, at++, number(env, numbers[i]));
    void *copy;
    socklen_t length = a->ai_addrlen;
    napi_create_buffer(env, sizeof length + length, &copy, &value);
    memcpy(copy, &length, sizeof length);
    memcpy((char *)copy + sizeof length, a->ai_addr, length);
    napi_set_element(env, list, at++, value);
    if (a->ai_canonname == NULL)
      napi_get_null(env, &value);
    else
      napi_create_string_utf8(env, a->ai_canonname, NAPI_AUTO_LENGTH, &value);
    napi_set_element(env, list, at++, value);
  }
  return list;
}

/* getaddrinfo(host, service, family, type, protocol, flags) */
static napi_value call_getaddrinfo(napi_env env, napi_callback_info info) {
  arguments args;
  work *w;
  if (!get_arguments(env, info, 6, &args)) return NULL;
  w = create(env, run_getaddrinfo, getaddrinfo_result);
  if (w == NULL) return NULL;
  if (!get_text(&args, 0, "host must be a name of at most 1024 bytes, or null", w->host, MAX_HOST, &w->has_host) ||
      !get_text(&args, 1, "service must be a name of at most 63 bytes, or null", w->service, MAX_SERVICE,
                &w->has_service) ||
      !get_int(&args, 2, "family", &w->family) || !get_int(&args, 3, "type", &w->type) ||
      !get_int(&args, 4, "protocol", &w->protocol) || !get_int(&args, 5, "flags", &w->flags)) {
    free(w);
    return NULL;
  }
  return queue(env, w, "sockeye.getaddrinfo");
}

static void run_getnameinfo(work *w) {
  w->status = getnameinfo((struct sockaddr *)&w->address, w->address_length, w->host, MAX_HOST, w->service, MAX_SERVICE,
                          w->flags);
  if (w->status == EAI_SYSTEM) w->error = errno;
}

/* A failure, or [host, service]. */
static napi_value getnameinfo_result(napi_env env, work *w) {
  if (w->status != 0) return failure(env, w);
  napi_value list, value;
  napi_create_array(env, &list);
  napi_create_string_utf8(env, w->host, NAPI_AUTO_LENGTH, &value);
  napi_set_element(env, list, 0, value);
  napi_create_string_utf8(env, w->service, NAPI_AUTO_LENGTH, &value);
  napi_set_element(env, list, 1, value);
  return list;
}

/* getnameinfo(address, flags) */
static napi_value call_getnameinfo(napi_env env, napi_callback_info info) {
  arguments args;
  address_buffer address;
  int flags;
  if (!get_arguments(env, info, 2, &args) || !get_address(&args, 0, &address) || !get_int(&args, 1, "flags", &flags))
    return NULL;
  work *w = create(env, run_getnameinfo, getnameinfo_result);
  if (w == NULL) return NULL;
  w->address_length = *address.length > sizeof w->address ? (socklen_t)sizeof w->address : *address.length;
  memcpy(&w->address, address.address, w->address_length);
  w->flags = flags;
  return queue(env, w, "sockeye.getnameinfo");
}

napi_status define_work(napi_env env, napi_value exports) {
  const exported functions[] = {{"sendfile", call_sendfile},
                   {"getaddrinfo", call_getaddrinfo},
                   {"getnameinfo", call_getnameinfo}};
  return export_functions(env, exports, functions, sizeof functions / sizeof *functions);
}
