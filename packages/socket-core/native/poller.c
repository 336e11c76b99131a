/* Readiness: one uv_poll handle per descriptor, named by a slot number, and one check handle that hands everything
 * a turn of the loop found ready to TypeScript in a single call (docs/decisions/001). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addon.h"

struct poller {
  uv_poll_t *handle; /* in the same allocation, behind this struct */
  instance *self;
  int fd;
  uint32_t slot;
  int events;    /* gathered since the last hand-over */
  uint32_t turn; /* position in the ready list, plus 1; 0: not in it */
};

/* What libuv reports as an error (a refused connect, a reset, an ICMP error) means: look at the socket. */
enum { EVENT_ERROR = 64, HEADER = 2 };

static void on_closed(uv_handle_t *handle) {
  poller *p = uv_handle_get_data(handle);
  instance *self = p->self;
  self->open_handles--;
  free(p);
  release_instance_if_idle(self);
}

static void on_poll(uv_poll_t *handle, int status, int events) {
  poller *p = uv_handle_get_data((uv_handle_t *)handle);
  instance *self = p->self;
  p->events |= status < 0 ? EVENT_ERROR : events;
  if (p->turn != 0) return;
  if (self->ready_count == self->ready_capacity) {
    uint32_t capacity = self->ready_capacity ? self->ready_capacity * 2 : 256;
    poller **grown = realloc(self->ready, capacity * sizeof *grown);
    if (grown == NULL) return; /* polling is level-triggered: the next turn reports it again */
    self->ready = grown;
    self->ready_capacity = capacity;
  }
  self->ready[self->ready_count++] = p;
  p->turn = self->ready_count;
}

/* Copies up to `capacity` entries as (slot, events) pairs and drops them from the list. */
static uint32_t take_ready(instance *self, uint32_t from, int32_t *out, uint32_t capacity, uint32_t *count) {
  uint32_t i = from, n = 0;
  for (; i < self->ready_count && n < capacity; i++) {
    poller *p = self->ready[i];
    if (p == NULL) continue; /* closed in the meantime */
    out[n * 2] = (int32_t)p->slot;
    out[n * 2 + 1] = p->events;
    p->events = 0;
    p->turn = 0;
    n++;
  }
  *count = n;
  return i;
}

static bool get_shared(instance *self, int32_t **data, size_t *length) {
  napi_value array;
  napi_typedarray_type type;
  return napi_get_reference_value(self->env, self->shared, &array) == napi_ok && array != NULL &&
         napi_get_typedarray_info(self->env, array, &type, length, (void **)data, NULL, NULL) == napi_ok &&
         *data != NULL && *length >= HEADER + 2;
}

static void deliver(instance *self, int32_t *shared, size_t length) {
  napi_env env = self->env;
  uint32_t next = 0;
  /* Entries are taken before JavaScript runs and it can only close pollers, so the list does not grow meanwhile. */
  while (next < self->ready_count && !self->exiting) {
    uint32_t count;
    next = take_ready(self, next, shared + HEADER, (uint32_t)(length - HEADER) / 2, &count);
    if (count == 0) continue;
    napi_value wake, global, argument;
    if (napi_get_reference_value(env, self->wake, &wake) != napi_ok || napi_get_global(env, &global) != napi_ok ||
        napi_create_uint32(env, count, &argument) != napi_ok)
      break;
    /* Runs ticks and microtasks before it returns. */
    if (napi_make_callback(env, NULL, global, wake, 1, &argument, NULL) == napi_pending_exception) {
      napi_value error;
      if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
    }
    /* JavaScript may have detached the array. */
    if (self->exiting || !get_shared(self, &shared, &length)) break;
  }
  self->ready_count = 0;
}

static void on_check(uv_check_t *check) {
  instance *self = uv_handle_get_data((uv_handle_t *)check);
  if (self->exiting || (self->ready_count == 0 && !self->held)) return;
  napi_handle_scope scope;
  int32_t *shared;
  size_t length;
  if (napi_open_handle_scope(self->env, &scope) != napi_ok) return;
  if (get_shared(self, &shared, &length)) {
    if (self->ready_count > 0) deliver(self, shared, length);
    /* shared[0] counts the pending operations; the last one lets go of the loop here, once a turn, not per call. */
    if (self->held && !self->exiting && get_shared(self, &shared, &length) && shared[0] <= 0) {
      self->held = false;
      shared[1] = 0;
      uv_unref((uv_handle_t *)check);
    }
  }
  napi_close_handle_scope(self->env, scope);
}

static void on_check_closed(uv_handle_t *handle) {
  instance *self = uv_handle_get_data(handle);
  free(handle);
  self->check = NULL;
  self->open_handles--;
  release_instance_if_idle(self);
}

/* start(wake, shared): once per environment. */
static napi_value start(napi_env env, napi_callback_info info) {
  arguments args;
  bytes shared;
  napi_valuetype type;
  if (!get_arguments(env, info, 2, &args) || !get_bytes(&args, 1, "shared", &shared)) return NULL;
  instance *self = args.self;
  if (napi_typeof(env, args.values[0], &type) != napi_ok || type != napi_function || shared.length < 64) {
    napi_throw_type_error(env, "ERR_INVALID_ARG", "start takes a function and an Int32Array of at least 16 elements");
    return NULL;
  }
  if (self->check != NULL) return number(env, -EALREADY);
  uv_check_t *check = malloc(uv_handle_size(UV_CHECK));
  if (check == NULL) return number(env, -ENOMEM);
  if (napi_create_reference(env, args.values[0], 1, &self->wake) != napi_ok ||
      napi_create_reference(env, args.values[1], 1, &self->shared) != napi_ok) {
    free(check);
    return number(env, -ENOMEM); /* the exit of the environment deletes what was made */
  }
  uv_check_init(self->loop, check);
  uv_handle_set_data((uv_handle_t *)check, self);
  uv_check_start(check, on_check);
  uv_unref((uv_handle_t *)check);
  self->check = check;
  self->open_handles++;
  return number(env, 0);
}

/* hold(): the loop stays alive until shared[0] is seen at 0 at the end of a turn. */
static napi_value hold(napi_env env, napi_callback_info info) {
  arguments args;
  int32_t *shared;
  size_t length;
  if (!get_arguments(env, info, 0, &args)) return NULL;
  instance *self = args.self;
  if (self->check == NULL) return number(env, -EINVAL);
  if (!self->held && get_shared(self, &shared, &length)) {
    self->held = true;
    shared[1] = 1;
    uv_ref((uv_handle_t *)self->check);
  }
  return number(env, 0);
}

/* letGo(): the loop may end; for when the last operation is over and no turn may follow. */
static napi_value let_go(napi_env env, napi_callback_info info) {
  arguments args;
  int32_t *shared;
  size_t length;
  if (!get_arguments(env, info, 0, &args)) return NULL;
  instance *self = args.self;
  if (self->held && get_shared(self, &shared, &length)) {
    self->held = false;
    shared[1] = 0;
    uv_unref((uv_handle_t *)self->check);
  }
  return number(env, 0);
}

static poller *get_poller(const arguments *args, size_t index) {
  int slot;
  if (!get_int(args, index, "slot", &slot)) return NULL;
  poller *p = slot >= 0 && (uint32_t)slot < args->self->slot_capacity ? args->self->slots[slot] : NULL;
  if (p == NULL) napi_throw_range_error(args->env, "ERR_INVALID_ARG", "slot must be one that pollOpen returned");
  return p;
}

static bool reserve_slot(instance *self) {
  if (self->free_count > 0) return true;
  uint32_t capacity = self->slot_capacity ? self->slot_capacity * 2 : 64;
  poller **slots = realloc(self->slots, capacity * sizeof *slots);
  if (slots == NULL) return false;
  self->slots = slots;
  uint32_t *free_slots = realloc(self->free_slots, capacity * sizeof *free_slots);
  if (free_slots == NULL) return false;
  self->free_slots = free_slots;
  for (uint32_t i = self->slot_capacity; i < capacity; i++) {
    slots[i] = NULL;
    free_slots[self->free_count++] = capacity - 1 - (i - self->slot_capacity);
  }
  self->slot_capacity = capacity;
  return true;
}

static void on_probe_closed(uv_handle_t *handle) {
  instance *self = uv_handle_get_data(handle);
  free(handle);
  self->open_handles--;
  release_instance_if_idle(self);
}

/* Whether libuv could poll the descriptor: -EEXIST when another handle of this loop does. */
int probe_descriptor(instance *self, int fd) {
  uv_poll_t *handle = malloc(uv_handle_size(UV_POLL));
  if (handle == NULL) return -ENOMEM;
  int status = uv_poll_init(self->loop, handle, fd);
  if (status < 0) {
    free(handle);
    return status;
  }
  uv_handle_set_data((uv_handle_t *)handle, self);
  self->open_handles++;
  uv_close((uv_handle_t *)handle, on_probe_closed);
  return 0;
}

/* pollOpen(fd): a slot, or -errno. */
static napi_value poll_open(napi_env env, napi_callback_info info) {
  arguments args;
  int fd;
  if (!get_arguments(env, info, 1, &args) || !get_int(&args, 0, "fd", &fd)) return NULL;
  instance *self = args.self;
  if (!descriptor_has(self, fd, DESCRIPTOR_OWNED)) return number(env, -EBADF);
  if (descriptor_has(self, fd, DESCRIPTOR_POLLED)) return number(env, -EEXIST);
  if (self->check == NULL) return number(env, -EINVAL);
  if (!reserve_slot(self)) return number(env, -ENOMEM);
  size_t header = (sizeof(poller) + 15) & ~(size_t)15;
  poller *p = calloc(1, header + uv_handle_size(UV_POLL));
  if (p == NULL) return number(env, -ENOMEM);
  p->handle = (uv_poll_t *)(void *)((char *)p + header);
  int status = uv_poll_init(self->loop, p->handle, fd);
  if (status < 0) {
    free(p);
    return number(env, status);
  }
  uv_handle_set_data((uv_handle_t *)p->handle, p);
  uv_unref((uv_handle_t *)p->handle);
  p->self = self;
  p->fd = fd;
  p->slot = self->free_slots[--self->free_count];
  self->slots[p->slot] = p;
  self->open_handles++;
  descriptor_set(self, fd, DESCRIPTOR_POLLED);
  return number(env, p->slot);
}

/* pollStart(slot, events): replaces the interest; 0 stops. */
static napi_value poll_start(napi_env env, napi_callback_info info) {
  arguments args;
  int events;
  if (!get_arguments(env, info, 2, &args) || !get_int(&args, 1, "events", &events)) return NULL;
  poller *p = get_poller(&args, 0);
  if (p == NULL) return NULL;
  events &= UV_READABLE | UV_WRITABLE | UV_DISCONNECT | UV_PRIORITIZED;
  return number(env, events == 0 ? uv_poll_stop(p->handle) : uv_poll_start(p->handle, events, on_poll));
}

static void close_poller(poller *p) {
  instance *self = p->self;
  uv_poll_stop(p->handle);
  if (p->turn != 0) self->ready[p->turn - 1] = NULL;
  self->slots[p->slot] = NULL;
  self->free_slots[self->free_count++] = p->slot;
  descriptor_clear(self, p->fd, DESCRIPTOR_POLLED);
  uv_close((uv_handle_t *)p->handle, on_closed);
}

/* pollClose(slot): after it the descriptor may be closed. */
static napi_value poll_close(napi_env env, napi_callback_info info) {
  arguments args;
  if (!get_arguments(env, info, 1, &args)) return NULL;
  poller *p = get_poller(&args, 0);
  if (p == NULL) return NULL;
  close_poller(p);
  return number(env, 0);
}

void close_all_pollers(instance *self) {
  for (uint32_t i = 0; i < self->slot_capacity; i++)
    if (self->slots[i] != NULL) close_poller(self->slots[i]);
  if (self->check != NULL) uv_close((uv_handle_t *)self->check, on_check_closed);
}

napi_status define_poller(napi_env env, napi_value exports) {
  const exported functions[] = {{"start", start},
                   {"hold", hold},
                   {"letGo", let_go},
                   {"pollOpen", poll_open},
                   {"pollStart", poll_start},
                   {"pollClose", poll_close}};
  return export_functions(env, exports, functions, sizeof functions / sizeof *functions);
}
