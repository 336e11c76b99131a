/* The system calls on sockets: plain arguments in, >= 0 or -errno out. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "addon.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* SO_NOSIGPIPE takes its place, in prepare() */
#endif


static napi_value result(napi_env env, int64_t value) { return number(env, value < 0 ? -errno : value); }

static napi_value owned(const arguments *args, int fd) {
  if (fd < 0) return number(args->env, -errno);
  if (!descriptor_set(args->self, fd, DESCRIPTOR_OWNED)) {
    close(fd);
    return number(args->env, -ENOMEM);
  }
  return number(args->env, fd);
}

#ifndef SOCK_CLOEXEC
/* Platforms that cannot set the flags while they make the descriptor. */
static int prepare(int fd) {
  if (fd < 0) return fd;
  int on = 1;
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0) {
    int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
#ifdef SO_NOSIGPIPE
  setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
  (void)on;
  return fd;
}
#endif

/* socket(family, type, protocol) */
static napi_value call_socket(napi_env env, napi_callback_info info) {
  arguments args;
  int family, type, protocol;
  if (!get_arguments(env, info, 3, &args) || !get_int(&args, 0, "family", &family) ||
      !get_int(&args, 1, "type", &type) || !get_int(&args, 2, "protocol", &protocol))
    return NULL;
#ifdef SOCK_CLOEXEC
  return owned(&args, socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
#else
  return owned(&args, prepare(socket(family, type, protocol)));
#endif
}

/* adopt(fd): takes ownership of an open socket, which nobody else in this loop polls, and makes it non-blocking. */
static napi_value call_adopt(napi_env env, napi_callback_info info) {
  arguments args;
  int fd, type;
  socklen_t length = sizeof type;
  if (!get_arguments(env, info, 1, &args) || !get_int(&args, 0, "fd", &fd)) return NULL;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0) return number(env, -errno);
  if (descriptor_has(args.self, fd, DESCRIPTOR_OWNED)) return number(env, -EEXIST);
  int status = probe_descriptor(args.self, fd);
  if (status < 0) return number(env, status);
  if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0) return number(env, -errno);
  if (!descriptor_set(args.self, fd, DESCRIPTOR_OWNED)) return number(env, -ENOMEM);
  return number(env, fd);
}

/* release(fd): gives ownership away; the descriptor stays open. */
static napi_value call_release(napi_env env, napi_callback_info info) {
  arguments args;
  int fd;
  if (!get_arguments(env, info, 1, &args) || !get_int(&args, 0, "fd", &fd)) return NULL;
  if (!descriptor_has(args.self, fd, DESCRIPTOR_OWNED)) return number(env, -EBADF);
  if (descriptor_has(args.self, fd, DESCRIPTOR_POLLED)) return number(env, -EBUSY);
  descriptor_clear(args.self, fd, DESCRIPTOR_OWNED);
  return number(env, fd);
}

/* What may be closed: ours, and never behind a poll handle. The descriptor is the caller's from then on; else -errno. */
static int take_for_closing(const arguments *args, int fd) {
  if (!descriptor_has(args->self, fd, DESCRIPTOR_OWNED)) return -EBADF;
  if (descriptor_has(args->self, fd, DESCRIPTOR_POLLED)) return -EBUSY;
  descriptor_clear(args->self, fd, DESCRIPTOR_OWNED);
  return fd;
}

/* close(fd). After EINTR the descriptor is gone all the same. */
static napi_value call_close(napi_env env, napi_callback_info info) {
  arguments args;
  int fd;
  if (!get_arguments(env, info, 1, &args) || !get_int(&args, 0, "fd", &fd)) return NULL;
  fd = take_for_closing(&args, fd);
  if (fd < 0) return number(env, fd);
  return close(fd) < 0 && errno != EINTR ? number(env, -errno) : number(env, 0);
}

typedef struct {
  napi_async_work work;
  int fd;
} closing;

static void close_on_thread(napi_env env, void *data) {
  (void)env;
  close(((closing *)data)->fd);
}

static void on_closed_on_thread(napi_env env, napi_status status, void *data) {
  closing *job = data;
  if (status == napi_cancelled) close(job->fd);
  napi_delete_async_work(env, job->work);
  free(job);
}

/* closeLater(fd): on the thread pool, because close(2) waits when SO_LINGER has a time. */
static napi_value call_close_later(napi_env env, napi_callback_info info) {
  arguments args;
  napi_value name;
  int fd;
  if (!get_arguments(env, info, 1, &args) || !get_int(&args, 0, "fd", &fd)) return NULL;
  fd = take_for_closing(&args, fd);
  if (fd < 0) return number(env, fd);
  closing *job = malloc(sizeof *job);
  if (job != NULL) {
    job->fd = fd;
    if (napi_create_string_utf8(env, "close", NAPI_AUTO_LENGTH, &name) == napi_ok &&
        napi_create_async_work(env, NULL, name, close_on_thread, on_closed_on_thread, job, &job->work) == napi_ok) {
      if (napi_queue_async_work(env, job->work) == napi_ok) return number(env, 0);
      napi_delete_async_work(env, job->work);
    }
    free(job);
  }
  close(fd);
  return number(env, 0);
}

typedef int (*address_call)(int, const struct sockaddr *, socklen_t);

static napi_value with_address(napi_env env, napi_callback_info info, address_call call) {
  arguments args;
  address_buffer address;
  int fd;
  if (!get_arguments(env, info, 2, &args) || !get_socket(&args, &fd) || !get_address(&args, 1, &address))
    return NULL;
  return result(env, call(fd, address.address, *address.length));
}
/* bind(fd, address), connect(fd, address) */
static napi_value call_bind(napi_env env, napi_callback_info info) { return with_address(env, info, bind); }
static napi_value call_connect(napi_env env, napi_callback_info info) { return with_address(env, info, connect); }

typedef int (*name_call)(int, struct sockaddr *, socklen_t *);

static napi_value with_name(napi_env env, napi_callback_info info, name_call call) {
  arguments args;
  address_buffer address;
  int fd;
  if (!get_arguments(env, info, 2, &args) || !get_socket(&args, &fd) || !get_address_buffer(&args, 1, &address))
    return NULL;
  *address.length = address.capacity;
  return result(env, call(fd, address.address, address.length));
}
/* getsockname(fd, address), getpeername(fd, address) */
static napi_value call_getsockname(napi_env env, napi_callback_info info) { return with_name(env, info, getsockname); }
static napi_value call_getpeername(napi_env env, napi_callback_info info) { return with_name(env, info, getpeername); }

typedef int (*number_call)(int, int);

static napi_value with_number(napi_env env, napi_callback_info info, number_call call) {
  arguments args;
  int fd, value;
  if (!get_arguments(env, info, 2, &args) || !get_socket(&args, &fd) || !get_int(&args, 1, "value", &value))
    return NULL;
  return result(env, call(fd, value));
}
/* listen(fd, backlog), shutdown(fd, how) */
static napi_value call_listen(napi_env env, napi_callback_info info) { return with_number(env, info, listen); }
static napi_value call_shutdown(napi_env env, napi_callback_info info) { return with_number(env, info, shutdown); }

/* accept(fd, address): the new descriptor, non-blocking and close-on-exec. */
static napi_value call_accept(napi_env env, napi_callback_info info) {
  arguments args;
  address_buffer address;
  int fd;
  if (!get_arguments(env, info, 2, &args) || !get_socket(&args, &fd) || !get_address_buffer(&args, 1, &address))
    return NULL;
  *address.length = address.capacity;
#ifdef SOCK_CLOEXEC
  return owned(&args, accept4(fd, address.address, address.length, SOCK_CLOEXEC | SOCK_NONBLOCK));
#else
  return owned(&args, prepare(accept(fd, address.address, address.length)));
#endif
}

/* recv(fd, buffer, length, flags): up to `length` bytes at the start of the buffer */
static napi_value call_recv(napi_env env, napi_callback_info info) {
  arguments args;
  bytes buffer;
  int fd, flags;
  if (!get_arguments(env, info, 4, &args) || !get_socket(&args, &fd) || !get_start(&args, 1, &buffer) ||
      !get_int(&args, 3, "flags", &flags))
    return NULL;
  return result(env, recv(fd, buffer.data, buffer.length, flags | MSG_DONTWAIT));
}

/* send(fd, buffer, flags, offset): the buffer from `offset` on, which may be left out for all of it */
static napi_value call_send(napi_env env, napi_callback_info info) {
  arguments args;
  bytes buffer;
  int fd, flags, offset = 0;
  if (!get_arguments(env, info, 3, &args) || !get_socket(&args, &fd) || !get_bytes(&args, 1, "buffer", &buffer) ||
      !get_int(&args, 2, "flags", &flags) || (args.count > 3 && !get_int(&args, 3, "offset", &offset)))
    return NULL;
  if (offset < 0 || (size_t)offset > buffer.length) return number(env, -EINVAL);
  return result(env, send(fd, buffer.data + offset, buffer.length - (size_t)offset,
                          flags | MSG_NOSIGNAL | MSG_DONTWAIT));
}

/* recvfrom(fd, buffer, length, flags, address) */
static napi_value call_recvfrom(napi_env env, napi_callback_info info) {
  arguments args;
  bytes buffer;
  address_buffer address;
  int fd, flags;
  if (!get_arguments(env, info, 5, &args) || !get_socket(&args, &fd) || !get_start(&args, 1, &buffer) ||
      !get_int(&args, 3, "flags", &flags) || !get_address_buffer(&args, 4, &address))
    return NULL;
  *address.length = address.capacity;
  return result(
      env, recvfrom(fd, buffer.data, buffer.length, flags | MSG_DONTWAIT, address.address, address.length));
}

/* sendto(fd, buffer, flags, address) */
static napi_value call_sendto(napi_env env, napi_callback_info info) {
  arguments args;
  bytes buffer;
  address_buffer address;
  int fd, flags;
  if (!get_arguments(env, info, 4, &args) || !get_socket(&args, &fd) || !get_bytes(&args, 1, "buffer", &buffer) ||
      !get_int(&args, 2, "flags", &flags) || !get_address(&args, 3, &address))
    return NULL;
  return result(env, sendto(fd, buffer.data, buffer.length, flags | MSG_NOSIGNAL | MSG_DONTWAIT, address.address,
                            *address.length));
}

/* unread(fd): bytes that wait to be received, FIONREAD of ioctl(2). */
static napi_value call_unread(napi_env env, napi_callback_info info) {
  arguments args;
  int fd, count = 0;
  if (!get_arguments(env, info, 1, &args) || !get_socket(&args, &fd)) return NULL;
  int status = ioctl(fd, FIONREAD, &count);
  return status < 0 ? number(env, -errno) : number(env, count);
}

/* dup(fd): another descriptor of the same socket, close-on-exec. */
static napi_value call_dup(napi_env env, napi_callback_info info) {
  arguments args;
  int fd;
  if (!get_arguments(env, info, 1, &args) || !get_socket(&args, &fd)) return NULL;
  return owned(&args, fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

/* setInheritable(fd, on) and getInheritable(fd): whether a child process gets the descriptor. */
static napi_value call_set_inheritable(napi_env env, napi_callback_info info) {
  arguments args;
  int fd, on;
  if (!get_arguments(env, info, 2, &args) || !get_socket(&args, &fd) || !get_int(&args, 1, "on", &on)) return NULL;
  return result(env, fcntl(fd, F_SETFD, on ? 0 : FD_CLOEXEC));
}
static napi_value call_get_inheritable(napi_env env, napi_callback_info info) {
  arguments args;
  int fd;
  if (!get_arguments(env, info, 1, &args) || !get_socket(&args, &fd)) return NULL;
  int flags = fcntl(fd, F_GETFD);
  return flags < 0 ? number(env, -errno) : number(env, (flags & FD_CLOEXEC) == 0);
}

/* socketpair(family, type, protocol, out): two descriptors into an Int32Array. */
static napi_value call_socketpair(napi_env env, napi_callback_info info) {
  arguments args;
  int family, type, protocol, pair[2];
  bytes out;
  if (!get_arguments(env, info, 4, &args) || !get_int(&args, 0, "family", &family) ||
      !get_int(&args, 1, "type", &type) || !get_int(&args, 2, "protocol", &protocol) || !get_bytes(&args, 3, "out", &out))
    return NULL;
  if (out.length < sizeof pair) return number(env, -EINVAL);
#ifdef SOCK_CLOEXEC
  if (socketpair(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol, pair) < 0) return number(env, -errno);
#else
  if (socketpair(family, type, protocol, pair) < 0) return number(env, -errno);
  if (prepare(pair[0]) < 0 || prepare(pair[1]) < 0) return number(env, -errno);
#endif
  if (!descriptor_set(args.self, pair[0], DESCRIPTOR_OWNED) || !descriptor_set(args.self, pair[1], DESCRIPTOR_OWNED)) {
    close(pair[0]);
    close(pair[1]);
    return number(env, -ENOMEM);
  }
  memcpy(out.data, pair, sizeof pair);
  return number(env, 0);
}

napi_status define_calls(napi_env env, napi_value exports) {
  const exported functions[] = {{"socket", call_socket},           {"adopt", call_adopt},
                   {"release", call_release},         {"close", call_close},
                   {"closeLater", call_close_later},
                   {"bind", call_bind},               {"connect", call_connect},
                   {"getsockname", call_getsockname}, {"getpeername", call_getpeername},
                   {"listen", call_listen},           {"shutdown", call_shutdown},
                   {"accept", call_accept},           {"recv", call_recv},
                   {"send", call_send},               {"recvfrom", call_recvfrom},
                   {"sendto", call_sendto},
                   {"unread", call_unread},           {"dup", call_dup},
                   {"setInheritable", call_set_inheritable},
                   {"getInheritable", call_get_inheritable},
                   {"socketpair", call_socketpair}};
  return export_functions(env, exports, functions, sizeof functions / sizeof *functions);
}
