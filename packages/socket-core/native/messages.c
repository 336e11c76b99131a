/* Messages: several buffers, ancillary data, batches and segments; recvmsg(2), sendmsg(2), recvmmsg(2), sendmmsg(2). */
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/uio.h>

#include "addon.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif
/* Packet sockets, which pass no descriptors, refuse it: EINVAL, before they look for a message. */
#ifndef MSG_CMSG_CLOEXEC
#define MSG_CMSG_CLOEXEC 0
#endif

/* A batch record holds a sockaddr and ancillary data; TypeScript reads these sizes from `layout`. */
enum { MAX_VECTORS = 64, MAX_BATCH = 64, BATCH_ADDRESS = 128, BATCH_CONTROL = 256 };
enum { BATCH_RECORD = BATCH_ADDRESS + BATCH_CONTROL };
/* Per message of a batch in `meta`: bytes, flags, bytes of ancillary data, bytes of address. */
enum { META_LENGTH, META_FLAGS, META_CONTROL, META_ADDRESS, META_COUNT };
enum { META_SIZE = META_COUNT * sizeof(int32_t) };

/* The memory of buffers[first] from `offset` on and of those that follow, up to MAX_VECTORS. */
static bool get_vectors(const arguments *args, size_t index, uint32_t first, size_t offset, struct iovec *vectors,
                        size_t *used) {
  napi_value elements[MAX_VECTORS];
  uint32_t count;
  if (napi_get_array_length(args->env, args->values[index], &count) != napi_ok) {
    napi_throw_type_error(args->env, "ERR_INVALID_ARG", "buffers must be an array of Uint8Array");
    return false;
  }
  *used = 0;
  /* Elements first: reading one may run a getter that takes away the memory of another. */
  for (uint32_t i = first; i < count && *used < MAX_VECTORS; i++)
    if (napi_get_element(args->env, args->values[index], i, &elements[(*used)++]) != napi_ok) return false;
  arguments item = {.env = args->env, .count = 1, .self = args->self};
  for (size_t i = 0; i < *used; i++) {
    bytes buffer;
    item.values[0] = elements[i];
    if (!get_bytes(&item, 0, "each buffer", &buffer)) return false;
    size_t skip = i == 0 ? offset : 0;
    if (skip > buffer.length) {
      napi_throw_range_error(args->env, "ERR_INVALID_ARG", "offset must be within the first buffer");
      return false;
    }
    vectors[i].iov_base = buffer.data == NULL ? NULL : buffer.data + skip;
    vectors[i].iov_len = buffer.length - skip;
  }
  return true;
}

/* sendv(fd, buffers, first, offset): sends buffers[first] from `offset`, then the following ones, up to MAX_VECTORS. */
static napi_value call_sendv(napi_env env, napi_callback_info info) {
  arguments args;
  int fd, first, offset;
  struct iovec vectors[MAX_VECTORS];
  struct msghdr message;
  memset(&message, 0, sizeof message);
  if (!get_arguments(env, info, 4, &args) || !get_socket(&args, &fd) || !get_int(&args, 2, "first", &first) ||
      !get_int(&args, 3, "offset", &offset))
    return NULL;
  if (first < 0 || offset < 0) return number(env, -EINVAL);
  size_t used;
  if (!get_vectors(&args, 1, (uint32_t)first, (size_t)offset, vectors, &used)) return NULL;
  message.msg_iov = vectors;
  message.msg_iovlen = used;
  ssize_t count = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  return number(env, count < 0 ? -errno : count);
}

/* Copied, because a caller's memory need not be aligned. */
static void write_meta(uint8_t *meta, int64_t length, const struct msghdr *message) {
  int32_t values[META_COUNT];
  values[META_LENGTH] = (int32_t)length;
  values[META_FLAGS] = message->msg_flags;
  values[META_CONTROL] = (int32_t)message->msg_controllen;
  values[META_ADDRESS] = (int32_t)message->msg_namelen;
  memcpy(meta, values, sizeof values);
}

static bool is_nullish(const arguments *args, size_t index) {
  napi_valuetype type;
  return napi_typeof(args->env, args->values[index], &type) == napi_ok && (type == napi_null || type == napi_undefined);
}

/* recvmsg(fd, buffers, flags, control, meta, address): meta as in a batch. */
static napi_value call_recvmsg(napi_env env, napi_callback_info info) {
  arguments args;
  int fd, flags;
  bytes control, meta;
  address_buffer address;
  struct iovec vectors[MAX_VECTORS];
  size_t used;
  if (!get_arguments(env, info, 6, &args) || !get_socket(&args, &fd) ||
      !get_vectors(&args, 1, 0, 0, vectors, &used) || !get_int(&args, 2, "flags", &flags) ||
      !get_bytes(&args, 3, "control", &control) || !get_bytes(&args, 4, "meta", &meta) ||
      !get_address_buffer(&args, 5, &address))
    return NULL;
  if (meta.length < META_SIZE) return number(env, -EINVAL);
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_name = address.address;
  message.msg_namelen = address.capacity;
  message.msg_iov = vectors;
  message.msg_iovlen = used;
  message.msg_control = control.length == 0 ? NULL : control.data;
  message.msg_controllen = control.length;
  flags |= MSG_DONTWAIT;
  ssize_t count = recvmsg(fd, &message, flags | MSG_CMSG_CLOEXEC);
  if (count < 0 && errno == EINVAL) count = recvmsg(fd, &message, flags);
  if (count < 0) return number(env, -errno);
  write_meta(meta.data, count, &message);
  *address.length = message.msg_namelen;
  return number(env, count);
}

/* sendmsg(fd, buffers, flags, control, address), the last two may be null. */
static napi_value call_sendmsg(napi_env env, napi_callback_info info) {
  arguments args;
  int fd, flags;
  struct iovec vectors[MAX_VECTORS];
  size_t used;
  struct msghdr message;
  memset(&message, 0, sizeof message);
  if (!get_arguments(env, info, 5, &args) || !get_socket(&args, &fd) ||
      !get_vectors(&args, 1, 0, 0, vectors, &used) || !get_int(&args, 2, "flags", &flags))
    return NULL;
  if (!is_nullish(&args, 3)) {
    bytes control;
    if (!get_bytes(&args, 3, "control", &control)) return NULL;
    message.msg_control = control.data;
    message.msg_controllen = control.length;
  }
  if (!is_nullish(&args, 4)) {
    address_buffer address;
    if (!get_address(&args, 4, &address)) return NULL;
    message.msg_name = address.address;
    message.msg_namelen = *address.length;
  }
  message.msg_iov = vectors;
  message.msg_iovlen = used;
  ssize_t count = sendmsg(fd, &message, flags | MSG_NOSIGNAL | MSG_DONTWAIT);
  return number(env, count < 0 ? -errno : count);
}

#if defined(__linux__) && !defined(SOCKEYE_ONE_BY_ONE)
#define receive_many(fd, messages, count, flags) recvmmsg(fd, messages, count, flags, NULL)
#define send_many sendmmsg
#else
/* Other systems have no call for many datagrams. Receiving one a call loses no error between them. */
#ifndef __linux__
struct mmsghdr {
  struct msghdr msg_hdr;
  unsigned msg_len;
};
#endif

static int receive_many(int fd, struct mmsghdr *messages, unsigned count, int flags) {
  (void)count;
  ssize_t length = recvmsg(fd, &messages->msg_hdr, flags);
  if (length < 0) return -1;
  messages->msg_len = (unsigned)length;
  return 1;
}

static int send_many(int fd, struct mmsghdr *messages, unsigned count, int flags) {
  unsigned sent = 0;
  while (sent < count && sendmsg(fd, &messages[sent].msg_hdr, flags) >= 0) sent++;
  return sent > 0 ? (int)sent : -1;
}
#endif

/* recvmmsg(fd, slab, slotSize, count, records, meta): how many datagrams, datagram i at slab[i * slotSize]. */
static napi_value call_recvmmsg(napi_env env, napi_callback_info info) {
  arguments args;
  int fd, slot_size, count;
  bytes slab, records, meta;
  if (!get_arguments(env, info, 6, &args) || !get_socket(&args, &fd) || !get_bytes(&args, 1, "slab", &slab) ||
      !get_int(&args, 2, "slotSize", &slot_size) || !get_int(&args, 3, "count", &count) ||
      !get_bytes(&args, 4, "records", &records) || !get_bytes(&args, 5, "meta", &meta))
    return NULL;
  if (count < 1 || count > MAX_BATCH || slot_size < 1 || slab.length / (size_t)count < (size_t)slot_size ||
      records.length < (size_t)count * BATCH_RECORD || meta.length < (size_t)count * META_SIZE ||
      (uintptr_t)records.data % 8 != 0)
    return number(env, -EINVAL);
  struct mmsghdr messages[MAX_BATCH];
  struct iovec vectors[MAX_BATCH];
  memset(messages, 0, sizeof *messages * (size_t)count);
  for (int i = 0; i < count; i++) {
    uint8_t *record = records.data + (size_t)i * BATCH_RECORD;
    vectors[i].iov_base = slab.data + (size_t)i * (size_t)slot_size;
    vectors[i].iov_len = (size_t)slot_size;
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_name = record;
    messages[i].msg_hdr.msg_namelen = BATCH_ADDRESS;
    messages[i].msg_hdr.msg_control = record + BATCH_ADDRESS;
    messages[i].msg_hdr.msg_controllen = BATCH_CONTROL;
  }
  int received = receive_many(fd, messages, (unsigned)count, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (received < 0 && errno == EINVAL) received = receive_many(fd, messages, (unsigned)count, MSG_DONTWAIT);
  if (received < 0) return number(env, -errno);
  for (int i = 0; i < received; i++)
    write_meta(meta.data + (size_t)i * META_SIZE, messages[i].msg_len, &messages[i].msg_hdr);
  return number(env, received);
}

/* sendmmsg(fd, slab, meta, count, addresses): datagram i is meta[3i + 1] bytes at slab[meta[3i]], to the address buffer
 * number meta[3i + 2] in `addresses`, or to the connected peer where that is -1. */
static napi_value call_sendmmsg(napi_env env, napi_callback_info info) {
  arguments args;
  int fd, count;
  bytes slab, meta, addresses;
  enum { STRIDE = sizeof(socklen_t) + BATCH_ADDRESS, ENTRY = 3 };
  if (!get_arguments(env, info, 5, &args) || !get_socket(&args, &fd) || !get_bytes(&args, 1, "slab", &slab) ||
      !get_bytes(&args, 2, "meta", &meta) || !get_int(&args, 3, "count", &count) ||
      !get_bytes(&args, 4, "addresses", &addresses))
    return NULL;
  if (count < 1 || count > MAX_BATCH || meta.length < (size_t)count * ENTRY * sizeof(int32_t))
    return number(env, -EINVAL);
  struct mmsghdr messages[MAX_BATCH];
  struct iovec vectors[MAX_BATCH];
  memset(messages, 0, sizeof *messages * (size_t)count);
  for (int i = 0; i < count; i++) {
    int32_t entry[ENTRY];
    memcpy(entry, meta.data + (size_t)i * sizeof entry, sizeof entry);
    if (entry[0] < 0 || entry[1] < 0 || (size_t)entry[0] > slab.length || (size_t)entry[1] > slab.length - (size_t)entry[0])
      return number(env, -EINVAL);
    vectors[i].iov_base = slab.data + entry[0];
    vectors[i].iov_len = (size_t)entry[1];
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    if (entry[2] < 0) continue;
    if (addresses.length / STRIDE <= (size_t)entry[2]) return number(env, -EINVAL);
    uint8_t *address = addresses.data + (size_t)entry[2] * STRIDE;
    socklen_t length;
    memcpy(&length, address, sizeof length);
    if (length > BATCH_ADDRESS) return number(env, -EINVAL);
    messages[i].msg_hdr.msg_name = address + sizeof length;
    messages[i].msg_hdr.msg_namelen = length;
  }
  int sent = send_many(fd, messages, (unsigned)count, MSG_NOSIGNAL | MSG_DONTWAIT);
  return number(env, sent < 0 ? -errno : sent);
}

#ifdef __linux__

/* sendSegments(fd, buffer, segmentSize, address): UDP_SEGMENT of udp(7); address may be null. */
static napi_value call_send_segments(napi_env env, napi_callback_info info) {
  arguments args;
  int fd, segment_size;
  bytes buffer;
  if (!get_arguments(env, info, 4, &args) || !get_socket(&args, &fd) || !get_bytes(&args, 1, "buffer", &buffer) ||
      !get_int(&args, 2, "segmentSize", &segment_size))
    return NULL;
  if (segment_size < 1 || segment_size > UINT16_MAX) return number(env, -EINVAL);
  struct iovec vector = {.iov_base = buffer.data, .iov_len = buffer.length};
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(uint16_t))] = {0};
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = IPPROTO_UDP;
  header->cmsg_type = 103; /* UDP_SEGMENT, younger than some C libraries */
  header->cmsg_len = CMSG_LEN(sizeof(uint16_t));
  uint16_t size = (uint16_t)segment_size;
  memcpy(CMSG_DATA(header), &size, sizeof size);
  if (!is_nullish(&args, 3)) {
    address_buffer address;
    if (!get_address(&args, 3, &address)) return NULL;
    message.msg_name = address.address;
    message.msg_namelen = *address.length;
  }
  ssize_t count = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  return number(env, count < 0 ? -errno : count);
}

#else

static napi_value not_here(napi_env env, napi_callback_info info) {
  (void)info;
  return number(env, -ENOSYS);
}
#define call_send_segments not_here

#endif

/* How ancillary data is laid out here, cmsg(3), and the sizes of a batch. */
static napi_status define_layout(napi_env env, napi_value exports) {
  const struct {
    const char *name;
    int value;
  } sizes[] = {{"cmsgHeader", (int)CMSG_LEN(0)},
               {"cmsgLengthSize", (int)sizeof(((struct cmsghdr *)0)->cmsg_len)},
               {"cmsgAlign", (int)(CMSG_SPACE(1) - CMSG_SPACE(0))},
               {"batchRecord", BATCH_RECORD},
               {"batchAddress", BATCH_ADDRESS},
               {"maxBatch", MAX_BATCH},
               {"maxVectors", MAX_VECTORS}};
  napi_value layout, value;
  napi_status status = napi_create_object(env, &layout);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes && status == napi_ok; i++) {
    status = napi_create_int32(env, sizes[i].value, &value);
    if (status == napi_ok) status = napi_set_named_property(env, layout, sizes[i].name, value);
  }
  return status == napi_ok ? napi_set_named_property(env, exports, "layout", layout) : status;
}

napi_status define_messages(napi_env env, napi_value exports) {
  const exported functions[] = {{"sendv", call_sendv},
                   {"recvmsg", call_recvmsg},
                   {"sendmsg", call_sendmsg},
                   {"recvmmsg", call_recvmmsg},
                   {"sendmmsg", call_sendmmsg},
                   {"sendSegments", call_send_segments}};
  napi_status status = export_functions(env, exports, functions, sizeof functions / sizeof *functions);
  return status == napi_ok ? define_layout(env, exports) : status;
}
