/* Which descriptors this environment owns. One byte each, so that a call from outside can neither close what is not
 * ours nor close behind a live poll handle (libuv aborts the process for the latter), and so that a worker that ends
 * closes what it leaves behind. */
#include <stdlib.h>
#include <string.h>

#include "addon.h"

bool descriptor_set(instance *self, int fd, uint8_t flag) {
  if (fd < 0) return false;
  if ((uint32_t)fd >= self->descriptor_capacity) {
    uint32_t capacity = self->descriptor_capacity ? self->descriptor_capacity : 256;
    while (capacity <= (uint32_t)fd) capacity *= 2;
    uint8_t *grown = realloc(self->descriptors, capacity);
    if (grown == NULL) return false;
    memset(grown + self->descriptor_capacity, 0, capacity - self->descriptor_capacity);
    self->descriptors = grown;
    self->descriptor_capacity = capacity;
  }
  self->descriptors[fd] |= flag;
  return true;
}

void descriptor_clear(instance *self, int fd, uint8_t flag) {
  if (fd >= 0 && (uint32_t)fd < self->descriptor_capacity) self->descriptors[fd] &= (uint8_t)~flag;
}

bool descriptor_has(const instance *self, int fd, uint8_t flag) {
  return fd >= 0 && (uint32_t)fd < self->descriptor_capacity && (self->descriptors[fd] & flag) != 0;
}
