// The other end of the UDP benchmarks, and their floor in C.
//
//   datagrams sink                 receives and drops whatever comes; answers "count" with how much that was
//   datagrams flood PORT SIZE      sends without end, with segmentation offload, so that it is faster than any receiver
//   datagrams receive              floor: on "run N" receives N datagrams, by recvmmsg(2)
//   datagrams send PORT SIZE       floor: on "run N" sends N datagrams, by sendmmsg(2)
//
// A receiver prints its port first. Everything happens on 127.0.0.1.
#include "common.h"
#include <poll.h>

enum { BATCH = 64, SLOT = 2048, LARGEST = 65507, SEGMENT_OPTION = 103, QUEUE = 4 << 20 };

static char memory[BATCH][SLOT];
static char segments[LARGEST];
static struct mmsghdr messages[BATCH];
static struct iovec vectors[BATCH];
static struct sockaddr_storage senders[BATCH];

static unsigned long long nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static size_t whole(const char *text, const char *name) {
  char *end;
  unsigned long long value = strtoull(text, &end, 10);
  if (*text == 0 || *end != 0 || value < 1) fail("%s is %s: expected a whole number from 1", name, text);
  return value;
}

static void prepare(size_t size) {
  for (int i = 0; i < BATCH; i++) {
    vectors[i] = (struct iovec){.iov_base = memory[i], .iov_len = size};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
  }
}

// Whoever serves datagrams needs to know whose they are.
static void ask_for_senders(void) {
  for (int i = 0; i < BATCH; i++) {
    messages[i].msg_hdr.msg_name = &senders[i];
    messages[i].msg_hdr.msg_namelen = sizeof senders[i];
  }
}

static int open_receiver(void) {
  int fd = checked(socket(AF_INET, SOCK_DGRAM, 0), "socket");
  int bytes = QUEUE;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  struct sockaddr_in address = LOOPBACK_ADDRESS(0);
  socklen_t length = sizeof address;
  checked(bind(fd, (struct sockaddr *)&address, length), "bind");
  checked(getsockname(fd, (struct sockaddr *)&address, &length), "getsockname");
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  prepare(SLOT);
  return fd;
}

static int open_sender(const char *port) {
  int fd = checked(socket(AF_INET, SOCK_DGRAM, 0), "socket");
  struct sockaddr_in address = LOOPBACK_ADDRESS(whole(port, "PORT"));
  checked(connect(fd, (struct sockaddr *)&address, sizeof address), "connect");
  return fd;
}

// A socket that nobody reads any more says ECONNREFUSED: the benchmark is over then, and ends this program.
static void flood(int fd, size_t size) {
  size_t count = LARGEST / size > 64 ? 64 : LARGEST / size;
  uint16_t segment = size;
  checked(setsockopt(fd, IPPROTO_UDP, SEGMENT_OPTION, &(int){segment}, sizeof(int)), "setsockopt");
  for (;;) send(fd, segments, count * size, 0);
}

static void sink(int fd) {
  struct pollfd watched[] = {{.fd = fd, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
  size_t received = 0;
  char command[64];
  for (;;) {
    checked(poll(watched, 2, -1), "poll");
    int got;
    while ((got = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL)) > 0) received += got;
    if (watched[1].revents == 0) continue;
    if (!fgets(command, sizeof command, stdin)) return;
    printf("%zu\n", received);
    fflush(stdout);
    received = 0;
  }
}

static size_t receive(int fd, size_t amount) {
  size_t units = 0;
  while (units < amount) {
    ask_for_senders();
    units += checked(recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL), "recvmmsg");
  }
  return units;
}

static size_t transmit(int fd, size_t amount) {
  for (size_t units = 0; units < amount;) {
    size_t left = amount - units;
    units += checked(sendmmsg(fd, messages, left < BATCH ? left : BATCH, 0), "sendmmsg");
  }
  return amount;
}

int main(int count, char **arguments) {
  const char *mode = count > 1 ? arguments[1] : "";
  int receives = strcmp(mode, "receive") == 0, sends = strcmp(mode, "send") == 0, floods = strcmp(mode, "flood") == 0;
  int sinks = strcmp(mode, "sink") == 0;
  if ((receives || sinks) ? count != 2 : (sends || floods) ? count != 4 : 1)
    fail("usage: datagrams sink|receive, or datagrams send|flood PORT SIZE");
  if (sinks) return sink(open_receiver()), 0;
  int fd = receives ? open_receiver() : open_sender(arguments[2]);
  size_t size = receives ? SLOT : whole(arguments[3], "SIZE");
  if (size > SLOT) fail("SIZE is %zu: expected at most %d", size, SLOT);
  if (floods) flood(fd, size);
  prepare(size);
  char line[64], command[64], units[32];
  while (fgets(line, sizeof line, stdin)) {
    if (sscanf(line, "%63s %31s", command, units) != 2 || strcmp(command, "run") != 0) fail("expected: run N");
    size_t amount = whole(units, "N");
    unsigned long long start = nanoseconds();
    size_t done = receives ? receive(fd, amount) : transmit(fd, amount);
    printf("{\"units\":%zu,\"wall\":%llu}\n", done, nanoseconds() - start);
    fflush(stdout);
  }
  return 0;
}
