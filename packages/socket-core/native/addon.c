/* One instance per environment: made when the addon is loaded there, released after its last handle has closed. */
#include <stdlib.h>
#include <unistd.h>

#include "addon.h"

napi_status export_functions(napi_env env, napi_value exports, const exported *functions, size_t count) {
  napi_status status = napi_ok;
  for (size_t i = 0; i < count && status == napi_ok; i++) {
    napi_value function;
    status = napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].callback, NULL, &function);
    if (status == napi_ok) status = napi_set_named_property(env, exports, functions[i].name, function);
  }
  return status;
}

void release_instance_if_idle(instance *self) {
  if (!self->exiting || self->open_handles > 0) return;
  for (uint32_t fd = 0; fd < self->descriptor_capacity; fd++)
    if (self->descriptors[fd] & DESCRIPTOR_OWNED) close((int)fd);
  napi_async_cleanup_hook_handle cleanup = self->cleanup;
  free(self->descriptors);
  free(self->slots);
  free(self->free_slots);
  free(self->ready);
  free(self);
  napi_remove_async_cleanup_hook(cleanup);
}

/* Asynchronous, because handles close on a later turn of the loop; a worker's loop would otherwise end before that and
 * the addon be unloaded under the callback. JavaScript must not run any more. */
static void on_exit_environment(napi_async_cleanup_hook_handle handle, void *data) {
  instance *self = data;
  (void)handle;
  self->exiting = true;
  /* Node.js deletes what it made for us, but not the references that we asked for. */
  if (self->wake != NULL) napi_delete_reference(self->env, self->wake);
  if (self->shared != NULL) napi_delete_reference(self->env, self->shared);
  close_all_pollers(self);
  release_instance_if_idle(self);
}

#ifdef SOCKEYE_SEEDED_BUG
/* Reads behind an allocation: the proof that the AddressSanitizer build would speak. */
static napi_value seeded_bug(napi_env env, napi_callback_info info) {
  (void)info;
  volatile size_t behind = 16;
  char *allocation = calloc(1, behind);
  napi_value value = number(env, allocation[behind]);
  free(allocation);
  return value;
}
#endif

static napi_value initialize(napi_env env, napi_value exports) {
  instance *self = calloc(1, sizeof *self);
  if (self == NULL) return NULL;
  self->env = env;
  /* Nothing holds a reference to the instance when these fail, so it can go at once. */
  if (napi_get_uv_event_loop(env, &self->loop) != napi_ok || napi_set_instance_data(env, self, NULL, NULL) != napi_ok ||
      napi_add_async_cleanup_hook(env, on_exit_environment, self, &self->cleanup) != napi_ok) {
    napi_set_instance_data(env, NULL, NULL, NULL);
    free(self);
    napi_throw_error(env, NULL, "the socket addon could not attach to the event loop");
    return NULL;
  }
  if (define_calls(env, exports) != napi_ok || define_options(env, exports) != napi_ok ||
      define_messages(env, exports) != napi_ok || define_work(env, exports) != napi_ok ||
      define_names(env, exports) != napi_ok || define_poller(env, exports) != napi_ok || define_constants(env, exports) != napi_ok)
    return NULL;
#ifdef SOCKEYE_SEEDED_BUG
  const exported bug = {"seededBug", seeded_bug};
  export_functions(env, exports, &bug, 1);
#endif
  return exports;
}

NAPI_MODULE(sockeye_socket_core, initialize)
