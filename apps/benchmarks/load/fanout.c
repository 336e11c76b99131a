// The load of a chat: one connection talks, and all of them hear it. One thread, told over standard input how much to do.
//
//   fanout lines|websocket|socketio PORT CONNECTIONS SIZE PID
//
// The unit of work is a delivery: what one connection is sent of one message, whose text has SIZE bytes. The first
// connection talks and its own messages are not counted. WINDOW messages are under way. Commands and answers are those of
// load.c; `check N` looks for the text in every delivery to the second connection and learns how long a delivery is,
// `run N` counts bytes only. PID is not used.
#include "common.h"
#include <sys/epoll.h>

enum { BATCH = 256, BUFFER_SIZE = 256 * 1024, WINDOW = 8, HEAD = 4096 };

static struct sockaddr_in server;
static size_t connections, size;
static int poller, talker, *listeners;
static size_t delivery; // bytes of one, as `check` has learned it
static char buffer[BUFFER_SIZE], *text, *request;
static size_t request_size;

static uint64_t clock_now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static void send_all(int fd, const char *data, size_t length) {
  for (; length > 0;) {
    ssize_t sent = checked(send(fd, data, length, MSG_NOSIGNAL), "send");
    data += sent;
    length -= sent;
  }
}

// Blocks until what has come ends with `end`.
static void await(int fd, const char *end) {
  size_t held = 0, wanted = strlen(end);
  for (;;) {
    ssize_t length = checked(recv(fd, buffer + held, HEAD - held, 0), "recv");
    if (length == 0) fail("the server closed a connection: %.*s", (int)held, buffer);
    held += length;
    if (held >= wanted && memmem(buffer, held, end, wanted)) return;
    if (held == HEAD) fail("the server never sent %s", end);
  }
}

// A text message in one frame, RFC 6455, section 5.2: a mask of zeros changes nothing.
static size_t frame(char *target, const char *payload, size_t length) {
  size_t head = length < 126 ? 2 : 4;
  target[0] = (char)0x81;
  target[1] = (char)(0x80 | (length < 126 ? length : 126));
  if (head == 4) {
    target[2] = (char)(length >> 8);
    target[3] = (char)length;
  }
  memset(target + head, 0, 4);
  memcpy(target + head + 4, payload, length);
  return head + 4 + length;
}

static void send_frame(int fd, const char *payload) {
  char bytes[512];
  send_all(fd, bytes, frame(bytes, payload, strlen(payload)));
}

static void upgrade(int fd, const char *path) {
  char head[512];
  int length = snprintf(head, sizeof head,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                        path, ntohs(server.sin_port));
  send_all(fd, head, length);
}

static int join(const char *protocol) {
  int fd = checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"), on = 1;
  checked(connect(fd, (struct sockaddr *)&server, sizeof server), "connect");
  checked(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
  if (strcmp(protocol, "lines") == 0) {
    // An empty line is nothing, and saves the time in which the server waits for one that speaks frames.
    send_all(fd, "\n", 1);
    await(fd, "\n");
  } else if (strcmp(protocol, "websocket") == 0) {
    upgrade(fd, "/chat");
    await(fd, "\r\n\r\n");
    send_frame(fd, "{\"type\":\"hello\",\"version\":1}");
    await(fd, "\"history\"");
  } else {
    upgrade(fd, "/socket.io/?EIO=4&transport=websocket");
    await(fd, "\"sid\"");
    send_frame(fd, "40");
    await(fd, "40{");
  }
  return fd;
}

// What has come until now, such as who has joined, is nobody's message.
static void drain(void) {
  for (size_t i = 0; i + 1 < connections; i++)
    while (recv(listeners[i], buffer, BUFFER_SIZE, MSG_DONTWAIT | MSG_TRUNC) > 0) continue;
  while (recv(talker, buffer, BUFFER_SIZE, MSG_DONTWAIT | MSG_TRUNC) > 0) continue;
}

// Says something and reads what the second connection is sent of it: the length of every delivery.
static void learn(void) {
  send_all(talker, request, request_size);
  size_t held = 0;
  do {
    ssize_t length = checked(recv(listeners[0], buffer + held, BUFFER_SIZE - held, 0), "recv");
    if (length == 0) fail("the server closed a connection");
    held += length;
  } while (!memmem(buffer, held, text, size));
  // The rest of it, if there is more.
  usleep(50000);
  ssize_t rest = recv(listeners[0], buffer + held, BUFFER_SIZE - held, MSG_DONTWAIT);
  delivery = held + (rest > 0 ? rest : 0);
  for (size_t i = 1; i + 1 < connections; i++)
    if (checked(recv(listeners[i], buffer, delivery, MSG_WAITALL), "recv") != (ssize_t)delivery)
      fail("a delivery is shorter than another");
}

static size_t run(size_t units, int check) {
  struct epoll_event events[BATCH];
  size_t others = connections - 1, messages = (units + others - 1) / others;
  if (check) learn();
  if (delivery == 0) fail("run comes after check");
  size_t started = 0, received = 0, all = messages * others * delivery;
  while (received < all) {
    // The talker does not get ahead of the listeners by more than the window.
    while (started < messages && started < received / (others * delivery) + WINDOW) {
      send_all(talker, request, request_size);
      started++;
    }
    int ready = epoll_wait(poller, events, BATCH, -1);
    if (ready < 0 && errno != EINTR) checked(ready, "epoll_wait");
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      ssize_t length = recv(fd, buffer, BUFFER_SIZE, MSG_DONTWAIT | MSG_TRUNC);
      if (length < 0 && errno == EAGAIN) continue;
      if (checked(length, "recv") == 0) fail("the server closed a connection");
      if (fd != talker) received += length;
    }
  }
  if (received > all) fail("more was delivered than was said");
  return messages * others;
}

static size_t number(const char *value, const char *name, size_t least, size_t limit) {
  char *end;
  unsigned long long result = strtoull(value, &end, 10);
  if (*value < '0' || *value > '9' || *end || result < least || result > limit)
    fail("%s is %s: expected a whole number from %zu to %zu", name, value, least, limit);
  return result;
}

static void make_request(const char *protocol) {
  text = allocate(1, size + 1);
  for (size_t i = 0; i < size; i++) text[i] = 'a' + i * 7 % 26;
  request = allocate(1, size + 256);
  char *payload = allocate(1, size + 128);
  if (strcmp(protocol, "lines") == 0) {
    request_size = sprintf(request, "%s\n", text);
  } else {
    int socketio = strcmp(protocol, "socketio") == 0;
    sprintf(payload, socketio ? "42[\"say\",\"%s\"]" : "{\"type\":\"line\",\"text\":\"%s\"}", text);
    request_size = frame(request, payload, strlen(payload));
  }
  free(payload);
}

int main(int argument_count, char **arguments) {
  if (argument_count != 6) fail("usage: fanout lines|websocket|socketio PORT CONNECTIONS SIZE PID");
  const char *protocol = arguments[1];
  if (strcmp(protocol, "lines") && strcmp(protocol, "websocket") && strcmp(protocol, "socketio"))
    fail("PROTOCOL is %s: expected lines, websocket or socketio", protocol);
  server = (struct sockaddr_in)LOOPBACK_ADDRESS(number(arguments[2], "PORT", 1, 65535));
  connections = number(arguments[3], "CONNECTIONS", 3, 100000);
  size = number(arguments[4], "SIZE", 1, 4000);
  make_request(protocol);
  poller = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  listeners = allocate(connections, sizeof *listeners);
  for (size_t i = 0; i < connections; i++) {
    int fd = join(protocol);
    if (i + 1 < connections) listeners[i] = fd;
    else talker = fd;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    checked(epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  }

  char command[64], units[32];
  while (fgets(buffer, BUFFER_SIZE, stdin)) {
    if (sscanf(buffer, "%63s %31s", command, units) != 2) fail("expected: run N or check N");
    int check = strcmp(command, "check") == 0;
    if (!check && strcmp(command, "run") != 0) fail("unknown command %s: expected run or check", command);
    size_t amount = number(units, "N", 1, SIZE_MAX / 2);
    // Comings and goings are told for a while after the last of them.
    if (check) usleep(1000000);
    drain();
    uint64_t wall = clock_now(CLOCK_MONOTONIC), processor = clock_now(CLOCK_PROCESS_CPUTIME_ID);
    amount = run(amount, check);
    printf("{\"units\":%zu,\"wall\":%llu,\"processor\":%llu}\n", amount,
           (unsigned long long)(clock_now(CLOCK_MONOTONIC) - wall),
           (unsigned long long)(clock_now(CLOCK_PROCESS_CPUTIME_ID) - processor));
    fflush(stdout);
  }
  return 0;
}
