/* The few libuv functions that the addon needs, declared here because Node's headers are not on every machine.
 * Handles are opaque and sized at run time by uv_handle_size, so nothing depends on a libuv 1.x layout.
 * Where uv.h is at hand, uv_readiness_check.c compiles both and the compiler compares them. */
#ifndef SOCKEYE_UV_READINESS_H
#define SOCKEYE_UV_READINESS_H

#ifndef UV_H
#include <stddef.h>
typedef struct uv_loop_s uv_loop_t;
typedef struct uv_handle_s uv_handle_t;
typedef struct uv_poll_s uv_poll_t;
typedef struct uv_check_s uv_check_t;
enum { UV_CHECK = 2, UV_POLL = 8 };
enum { UV_READABLE = 1, UV_WRITABLE = 2, UV_DISCONNECT = 4, UV_PRIORITIZED = 8 };
typedef void (*uv_poll_cb)(uv_poll_t *handle, int status, int events);
typedef void (*uv_check_cb)(uv_check_t *handle);
typedef void (*uv_close_cb)(uv_handle_t *handle);
#endif

#ifndef UV_H
#define SOCKEYE_UV(type) extern type
SOCKEYE_UV(int) uv_poll_init(uv_loop_t *loop, uv_poll_t *handle, int fd);
SOCKEYE_UV(int) uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb cb);
SOCKEYE_UV(int) uv_poll_stop(uv_poll_t *handle);
SOCKEYE_UV(int) uv_check_init(uv_loop_t *loop, uv_check_t *check);
SOCKEYE_UV(int) uv_check_start(uv_check_t *check, uv_check_cb cb);
SOCKEYE_UV(void) uv_close(uv_handle_t *handle, uv_close_cb cb);
SOCKEYE_UV(void) uv_ref(uv_handle_t *handle);
SOCKEYE_UV(void) uv_unref(uv_handle_t *handle);
SOCKEYE_UV(size_t) uv_handle_size(int type);
SOCKEYE_UV(void *) uv_handle_get_data(const uv_handle_t *handle);
SOCKEYE_UV(void) uv_handle_set_data(uv_handle_t *handle, void *data);
#endif

#endif
