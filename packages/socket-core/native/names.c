/* Names that are looked up without the network: interfaces, services, protocols. */
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>

#include "addon.h"

enum { MAX_NAME = 256 };

static bool get_name(const arguments *args, size_t index, const char *message, char *out) {
  size_t length;
  if (napi_get_value_string_utf8(args->env, args->values[index], NULL, 0, &length) != napi_ok || length >= MAX_NAME) {
    napi_throw_type_error(args->env, "ERR_INVALID_ARG", message);
    return false;
  }
  return napi_get_value_string_utf8(args->env, args->values[index], out, MAX_NAME, &length) == napi_ok;
}

static napi_value text(napi_env env, const char *value) {
  napi_value result = NULL;
  if (value == NULL)
    napi_get_null(env, &result);
  else
    napi_create_string_utf8(env, value, NAPI_AUTO_LENGTH, &result);
  return result;
}

/* ifNameToIndex(name): the interface's number, or -ENXIO. */
static napi_value call_if_nametoindex(napi_env env, napi_callback_info info) {
  arguments args;
  char name[MAX_NAME];
  if (!get_arguments(env, info, 1, &args) || !get_name(&args, 0, "name must be a string", name)) return NULL;
  unsigned index = if_nametoindex(name);
  return number(env, index == 0 ? -ENXIO : (int64_t)index);
}

/* ifNameIndex(): [number, name, number, name, ...] */
static napi_value call_if_nameindex(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value list;
  uint32_t at = 0;
  struct if_nameindex *all = if_nameindex();
  if (all == NULL) return number(env, -errno);
  napi_create_array(env, &list);
  for (struct if_nameindex *i = all; i->if_index != 0; i++) {
    napi_set_element(env, list, at++, number(env, i->if_index));
    napi_set_element(env, list, at++, text(env, i->if_name));
  }
  if_freenameindex(all);
  return list;
}

/* serviceByName(name, protocol | ""): the port, or -ENOENT. */
static napi_value call_service_by_name(napi_env env, napi_callback_info info) {
  arguments args;
  char name[MAX_NAME], protocol[MAX_NAME];
  if (!get_arguments(env, info, 2, &args) || !get_name(&args, 0, "name must be a string", name) ||
      !get_name(&args, 1, "protocol must be a string", protocol))
    return NULL;
  struct servent *found = getservbyname(name, protocol[0] == '\0' ? NULL : protocol);
  return number(env, found == NULL ? -ENOENT : ntohs((uint16_t)found->s_port));
}

/* serviceByPort(port, protocol | ""): the name, or null. */
static napi_value call_service_by_port(napi_env env, napi_callback_info info) {
  arguments args;
  int port;
  char protocol[MAX_NAME];
  if (!get_arguments(env, info, 2, &args) || !get_int(&args, 0, "port", &port) ||
      !get_name(&args, 1, "protocol must be a string", protocol))
    return NULL;
  struct servent *found = getservbyport(htons((uint16_t)port), protocol[0] == '\0' ? NULL : protocol);
  return text(env, found == NULL ? NULL : found->s_name);
}

/* protocolByName(name): the number, or -ENOENT. */
static napi_value call_protocol_by_name(napi_env env, napi_callback_info info) {
  arguments args;
  char name[MAX_NAME];
  if (!get_arguments(env, info, 1, &args) || !get_name(&args, 0, "name must be a string", name)) return NULL;
  struct protoent *found = getprotobyname(name);
  return number(env, found == NULL ? -ENOENT : found->p_proto);
}

napi_status define_names(napi_env env, napi_value exports) {
  const exported functions[] = {{"ifNameToIndex", call_if_nametoindex},
                   {"ifNameIndex", call_if_nameindex},
                   {"serviceByName", call_service_by_name},
                   {"serviceByPort", call_service_by_port},
                   {"protocolByName", call_protocol_by_name}};
  return export_functions(env, exports, functions, sizeof functions / sizeof *functions);
}
