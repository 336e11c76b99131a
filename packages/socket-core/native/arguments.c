/* JavaScript values to C, checked. TypeScript has checked them already: what fails here is a caller that went
 * around it, and it gets an exception instead of a crash. */
#include <stdio.h>
#include <string.h>

#include "addon.h"

static bool fail(napi_env env, bool range, const char *name, const char *expected) {
  char message[160];
  snprintf(message, sizeof message, "%s must be %s", name, expected);
  if (range)
    napi_throw_range_error(env, "ERR_INVALID_ARG", message);
  else
    napi_throw_type_error(env, "ERR_INVALID_ARG", message);
  return false;
}

bool get_arguments(napi_env env, napi_callback_info info, size_t expected, arguments *out) {
  out->env = env;
  out->count = MAX_ARGUMENTS;
  void *data = NULL;
  if (napi_get_cb_info(env, info, &out->count, out->values, NULL, NULL) != napi_ok) return false;
  if (napi_get_instance_data(env, &data) != napi_ok || data == NULL) return false;
  out->self = data;
  if (out->count >= expected) return true;
  return fail(env, false, "the call", "given all of its arguments");
}

bool get_int(const arguments *args, size_t index, const char *name, int *out) {
  double value;
  if (napi_get_value_double(args->env, args->values[index], &value) != napi_ok)
    return fail(args->env, false, name, "a number");
  if (!(value >= -2147483648.0 && value <= 4294967295.0)) return fail(args->env, true, name, "a 32-bit integer");
  *out = (int)(int64_t)value;
  return true;
}

/* The first argument: a descriptor that this environment owns. Another becomes -1, so that the call says EBADF: it
 * might block, or be a file that somebody else relies on. */
bool get_socket(const arguments *args, int *out) {
  if (!get_int(args, 0, "fd", out)) return false;
  if (!descriptor_has(args->self, *out, DESCRIPTOR_OWNED)) *out = -1;
  return true;
}

bool get_bytes(const arguments *args, size_t index, const char *name, bytes *out) {
  napi_typedarray_type type;
  size_t length;
  void *data;
  if (napi_get_typedarray_info(args->env, args->values[index], &type, &length, &data, NULL, NULL) != napi_ok ||
      (type != napi_uint8_array && type != napi_int32_array))
    return fail(args->env, false, name, "a Uint8Array");
  /* A detached buffer has no memory; every call copes with a length of 0. */
  out->data = data;
  out->length = data == NULL ? 0 : type == napi_int32_array ? length * 4 : length;
  return true;
}

/* (buffer, length) at two consecutive positions: that many bytes at its start. */
bool get_start(const arguments *args, size_t buffer, bytes *out) {
  int length;
  if (!get_bytes(args, buffer, "buffer", out) || !get_int(args, buffer + 1, "length", &length)) return false;
  if (length < 0 || (size_t)length > out->length) return fail(args->env, true, "length", "within the buffer");
  out->length = (size_t)length;
  return true;
}

bool get_address_buffer(const arguments *args, size_t index, address_buffer *out) {
  bytes raw;
  if (!get_bytes(args, index, "address", &raw)) return false;
  if (raw.length < sizeof(socklen_t) + sizeof(struct sockaddr_storage) || (uintptr_t)raw.data % sizeof(socklen_t) != 0)
    return fail(args->env, true, "address", "an aligned buffer that holds a sockaddr_storage");
  out->length = (socklen_t *)(void *)raw.data;
  out->address = (struct sockaddr *)(void *)(raw.data + sizeof(socklen_t));
  out->capacity = (socklen_t)(raw.length - sizeof(socklen_t));
  return true;
}

bool get_address(const arguments *args, size_t index, address_buffer *out) {
  if (!get_address_buffer(args, index, out)) return false;
  if (*out->length > out->capacity) return fail(args->env, true, "the length of address", "within its buffer");
  return true;
}

napi_value number(napi_env env, int64_t value) {
  napi_value result = NULL;
  if (value >= INT32_MIN && value <= INT32_MAX)
    napi_create_int32(env, (int32_t)value, &result);
  else
    napi_create_int64(env, value, &result);
  return result;
}
