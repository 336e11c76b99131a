/* Compiled, never linked, on machines whose Node installation ships uv.h: fails if uv_readiness.h has drifted. */
#include <uv.h>

_Static_assert(UV_CHECK == 2 && UV_POLL == 8, "handle types");
_Static_assert(UV_READABLE == 1 && UV_WRITABLE == 2 && UV_DISCONNECT == 4 && UV_PRIORITIZED == 8, "poll events");
_Static_assert(UV_VERSION_MAJOR == 1, "uv_readiness.h describes libuv 1.x");

int sockeye_check_signatures(uv_loop_t *loop, uv_poll_t *poll, uv_check_t *check, uv_handle_t *handle);
int sockeye_check_signatures(uv_loop_t *loop, uv_poll_t *poll, uv_check_t *check, uv_handle_t *handle) {
  int (*poll_init)(uv_loop_t *, uv_poll_t *, int) = uv_poll_init;
  int (*poll_start)(uv_poll_t *, int, void (*)(uv_poll_t *, int, int)) = uv_poll_start;
  int (*poll_stop)(uv_poll_t *) = uv_poll_stop;
  int (*check_init)(uv_loop_t *, uv_check_t *) = uv_check_init;
  int (*check_start)(uv_check_t *, void (*)(uv_check_t *)) = uv_check_start;
  void (*close_handle)(uv_handle_t *, void (*)(uv_handle_t *)) = uv_close;
  void (*change_ref[])(uv_handle_t *) = {uv_ref, uv_unref};
  size_t (*size)(uv_handle_type) = uv_handle_size;
  void *(*get_data)(const uv_handle_t *) = uv_handle_get_data;
  void (*set_data)(uv_handle_t *, void *) = uv_handle_set_data;
  return poll_init && poll_start && poll_stop && check_init && check_start && close_handle && change_ref[0] && size &&
         get_data && set_data && loop && poll && check && handle;
}
