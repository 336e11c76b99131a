/* What the parts of the addon share. See ../src/native.ts for the contract of every function seen from TypeScript. */
#ifndef SOCKEYE_ADDON_H
#define SOCKEYE_ADDON_H

#define NAPI_VERSION 8
#include <errno.h>
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "uv_readiness.h"

typedef struct poller poller;

/* One per environment (the main thread and each worker has its own), so nothing here is global. */
typedef struct {
  napi_env env;
  uv_loop_t *loop;
  napi_async_cleanup_hook_handle cleanup;
  bool exiting;

  /* Descriptors that this environment opened or adopted: which may be closed here, and which are polled. */
  uint8_t *descriptors;
  uint32_t descriptor_capacity;

  poller **slots;
  uint32_t slot_capacity;
  uint32_t *free_slots;
  uint32_t free_count;
  uint32_t open_handles;

  poller **ready;
  uint32_t ready_count;
  uint32_t ready_capacity;

  uv_check_t *check;
  bool held;
  napi_ref wake;
  napi_ref shared;
} instance;

enum { DESCRIPTOR_OWNED = 1, DESCRIPTOR_POLLED = 2 };

/* Arguments: each getter leaves a JavaScript exception pending and returns false when the value does not fit. */
enum { MAX_ARGUMENTS = 6 };
typedef struct {
  napi_env env;
  size_t count;
  napi_value values[MAX_ARGUMENTS];
  instance *self;
} arguments;
typedef struct {
  uint8_t *data;
  size_t length;
} bytes;
/* The address buffers of TypeScript: 4 bytes of length in host order, then the sockaddr. */
typedef struct {
  socklen_t *length;
  struct sockaddr *address;
  socklen_t capacity;
} address_buffer;

bool get_arguments(napi_env env, napi_callback_info info, size_t expected, arguments *out);
bool get_int(const arguments *args, size_t index, const char *name, int *out);
bool get_socket(const arguments *args, int *out);
bool get_bytes(const arguments *args, size_t index, const char *name, bytes *out);
bool get_start(const arguments *args, size_t buffer, bytes *out);
bool get_address_buffer(const arguments *args, size_t index, address_buffer *out);
bool get_address(const arguments *args, size_t index, address_buffer *out);
napi_value number(napi_env env, int64_t value);

/* Ownership of descriptors. */
bool descriptor_set(instance *self, int fd, uint8_t flag);
void descriptor_clear(instance *self, int fd, uint8_t flag);
bool descriptor_has(const instance *self, int fd, uint8_t flag);

/* The parts. Each adds its functions to the exports. */
typedef struct {
  const char *name;
  napi_callback callback;
} exported;
napi_status export_functions(napi_env env, napi_value exports, const exported *functions, size_t count);
napi_status define_calls(napi_env env, napi_value exports);
napi_status define_messages(napi_env env, napi_value exports);
napi_status define_work(napi_env env, napi_value exports);
napi_status define_names(napi_env env, napi_value exports);
napi_status define_options(napi_env env, napi_value exports);
napi_status define_poller(napi_env env, napi_value exports);
napi_status define_constants(napi_env env, napi_value exports);
int probe_descriptor(instance *self, int fd);
void close_all_pollers(instance *self);
void release_instance_if_idle(instance *self);

#endif
