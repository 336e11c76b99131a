/* setsockopt(2) and getsockopt(2), with a number or with bytes. */
#ifdef __linux__
#include <linux/filter.h>
#endif

#include "addon.h"

/* setsockopt(fd, level, name, value), value a number or a Uint8Array */
static napi_value call_setsockopt(napi_env env, napi_callback_info info) {
  arguments args;
  int fd, level, name, value;
  napi_valuetype type;
  if (!get_arguments(env, info, 4, &args) || !get_socket(&args, &fd) || !get_int(&args, 1, "level", &level) ||
      !get_int(&args, 2, "name", &name) || napi_typeof(env, args.values[3], &type) != napi_ok)
    return NULL;
  int status;
  if (type == napi_number) {
    if (!get_int(&args, 3, "value", &value)) return NULL;
    status = setsockopt(fd, level, name, &value, sizeof value);
  } else {
    bytes buffer;
    if (!get_bytes(&args, 3, "value", &buffer)) return NULL;
    status = setsockopt(fd, level, name, buffer.data, (socklen_t)buffer.length);
  }
  return number(env, status < 0 ? -errno : 0);
}

/* getsockopt(fd, level, name, buffer): fills the buffer and returns how many bytes the option has. */
static napi_value call_getsockopt(napi_env env, napi_callback_info info) {
  arguments args;
  int fd, level, name;
  bytes buffer;
  if (!get_arguments(env, info, 4, &args) || !get_socket(&args, &fd) || !get_int(&args, 1, "level", &level) ||
      !get_int(&args, 2, "name", &name) || !get_bytes(&args, 3, "buffer", &buffer))
    return NULL;
  socklen_t length = (socklen_t)buffer.length;
  int status = getsockopt(fd, level, name, buffer.data, &length);
  return number(env, status < 0 ? -errno : (int64_t)length);
}

/* attachFilter(fd, program): a classic BPF program of 8-byte instructions; SO_ATTACH_FILTER of socket(7). */
static napi_value call_attach_filter(napi_env env, napi_callback_info info) {
  arguments args;
  int fd;
  bytes program;
  if (!get_arguments(env, info, 2, &args) || !get_int(&args, 0, "fd", &fd) || !get_bytes(&args, 1, "program", &program))
    return NULL;
#ifdef __linux__
  if (program.length % sizeof(struct sock_filter) != 0 || program.length / sizeof(struct sock_filter) > BPF_MAXINSNS)
    return number(env, -EINVAL);
  struct sock_fprog filter = {.len = (unsigned short)(program.length / sizeof(struct sock_filter)),
                              .filter = (struct sock_filter *)(void *)program.data};
  int status = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
  return number(env, status < 0 ? -errno : 0);
#else
  return number(env, -ENOSYS);
#endif
}

napi_status define_options(napi_env env, napi_value exports) {
  const exported functions[] = {
      {"setsockopt", call_setsockopt}, {"getsockopt", call_getsockopt}, {"attachFilter", call_attach_filter}};
  return export_functions(env, exports, functions, sizeof functions / sizeof *functions);
}
