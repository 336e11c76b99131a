/* The numbers of the platform's headers. build/constants.inc holds one guarded CONSTANT(NAME) for each name that
 * ../src/constants.ts lists; build.mjs writes it, so that a name stands in one place only. */
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/types.h>
#include <sys/un.h>
#ifdef __linux__
#include <linux/errqueue.h>
#include <linux/sock_diag.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/icmp6.h>
#endif

#include "addon.h"

napi_status define_constants(napi_env env, napi_value exports) {
  napi_value constants, value;
  napi_status status = napi_create_object(env, &constants);
#define CONSTANT(name)                                                                            \
  if (status == napi_ok) status = napi_create_int64(env, (int64_t)(name), &value);                \
  if (status == napi_ok) status = napi_set_named_property(env, constants, #name, value);
#include "build/constants.inc"
#undef CONSTANT
  return status == napi_ok ? napi_set_named_property(env, exports, "constants", constants) : status;
}
