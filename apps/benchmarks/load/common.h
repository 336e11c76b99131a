// What the load generator and the baseline server share: times, checked calls, options.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LOOPBACK_ADDRESS(number) \
  { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(number) }

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(1);
}

// The result of a system call, or the end of the program with the call's name and error.
static long checked(long result, const char *call) {
  if (result < 0) fail("%s: %s", call, strerror(errno));
  return result;
}

static void *allocate(size_t count, size_t size) {
  void *memory = calloc(count, size);
  if (!memory) fail("out of memory for %zu x %zu bytes", count, size);
  return memory;
}

// A listener on a free port of the loopback, which is told on standard output.
__attribute__((unused)) static int listen_and_tell(void) {
  int listener = checked(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  struct sockaddr_in address = LOOPBACK_ADDRESS(0);
  checked(bind(listener, (struct sockaddr *)&address, sizeof address), "bind");
  checked(listen(listener, SOMAXCONN), "listen");
  socklen_t length = sizeof address;
  checked(getsockname(listener, (struct sockaddr *)&address, &length), "getsockname");
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return listener;
}
