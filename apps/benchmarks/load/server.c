// The floor under every measurement: the same services as the programs in ../servers, on epoll and nothing else.
//
//   server echo     sends back what arrives
//   server lines    sends back every complete line
//   server count    counts lines; an empty line is answered with the count, which then starts again
//   server pipe     passes what arrives on to the connection with which this one is paired, as the next that came
//   server accept   closes every connection as soon as it is accepted
//
// Prints its port, then serves 127.0.0.1 until it is ended.
#include "common.h"
#include <poll.h>
#include <sys/epoll.h>

enum { BUFFER_SIZE = 256 * 1024, LINE_LIMIT = 64 * 1024, BATCH = 256 };

struct connection {
  int fd;
  size_t held;  // bytes of an unfinished line in `line`
  size_t lines; // counted since the last answer
  char *line;   // allocated when a line first arrives in pieces
  struct connection *peer; // pipe
};

static struct connection *unpaired; // pipe: the one that waits for the next

static char buffer[BUFFER_SIZE];

// A peer that resets or goes away ends its own connection, never the server.
static int send_all(int fd, const char *data, size_t length) {
  while (length > 0) {
    ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) {
      struct pollfd writable = {.fd = fd, .events = POLLOUT};
      poll(&writable, 1, -1);
    } else if (sent < 0) {
      return -1;
    } else {
      data += sent;
      length -= sent;
    }
  }
  return 0;
}

static int hold(struct connection *connection, const char *data, size_t length) {
  if (length == 0) return 0;
  if (connection->held + length > LINE_LIMIT) return -1;
  if (!connection->line) connection->line = allocate(1, LINE_LIMIT);
  memcpy(connection->line + connection->held, data, length);
  connection->held += length;
  return 0;
}

static int on_echo(struct connection *connection, size_t length) { return send_all(connection->fd, buffer, length); }

static int on_pipe(struct connection *connection, size_t length) {
  return connection->peer ? send_all(connection->peer->fd, buffer, length) : -1;
}

static void pair(struct connection *connection) {
  connection->peer = unpaired;
  if (unpaired) unpaired->peer = connection;
  unpaired = unpaired ? NULL : connection;
}

// The lines are looked at one by one, as a line server must, and leave in one write.
static int on_lines(struct connection *connection, size_t length) {
  char *end = buffer + length, *rest = buffer;
  for (char *found; (found = memchr(rest, '\n', end - rest)); rest = found + 1)
    if (found - rest > LINE_LIMIT) return -1;
  size_t complete = rest - buffer;
  if (complete > 0 && connection->held > 0) {
    if (send_all(connection->fd, connection->line, connection->held) < 0) return -1;
    connection->held = 0;
  }
  if (complete > 0 && send_all(connection->fd, buffer, complete) < 0) return -1;
  return hold(connection, rest, end - rest);
}

static int on_count(struct connection *connection, size_t length) {
  char *end = buffer + length, *rest = buffer;
  for (char *found; (found = memchr(rest, '\n', end - rest)); rest = found + 1) {
    if (found > rest || connection->held > 0) {
      connection->lines++;
      connection->held = 0;
      continue;
    }
    char answer[32];
    int size = snprintf(answer, sizeof answer, "%zu\n", connection->lines);
    connection->lines = 0;
    if (send_all(connection->fd, answer, size) < 0) return -1;
  }
  return hold(connection, rest, end - rest);
}

typedef int handler(struct connection *, size_t);

static void finish(struct connection *connection) {
  if (connection->peer) connection->peer->peer = NULL;
  if (unpaired == connection) unpaired = NULL;
  close(connection->fd);
  free(connection->line);
  free(connection);
}

static void receive(struct connection *connection, handler *handle) {
  ssize_t length = recv(connection->fd, buffer, BUFFER_SIZE, 0);
  if (length < 0 && errno == EAGAIN) return;
  if (length <= 0 || handle(connection, length) < 0) finish(connection);
}

static void accept_all(int listener, int poller, handler *handle) {
  for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    if (!handle) {
      close(fd);
      continue;
    }
    struct connection *connection = allocate(1, sizeof *connection);
    connection->fd = fd;
    if (handle == on_pipe) pair(connection);
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    checked(epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  }
}

int main(int count, char **arguments) {
  const char *service = count == 2 ? arguments[1] : "";
  handler *handle = NULL;
  if (strcmp(service, "echo") == 0) handle = on_echo;
  else if (strcmp(service, "lines") == 0) handle = on_lines;
  else if (strcmp(service, "count") == 0) handle = on_count;
  else if (strcmp(service, "pipe") == 0) handle = on_pipe;
  else if (strcmp(service, "accept") != 0) fail("usage: server echo|lines|count|pipe|accept");

  int listener = listen_and_tell();

  int poller = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[BATCH];
  checked(epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event), "epoll_ctl");
  for (;;) {
    int ready = epoll_wait(poller, events, BATCH, -1);
    if (ready < 0 && errno != EINTR) checked(ready, "epoll_wait");
    for (int i = 0; i < ready; i++) {
      if (events[i].data.ptr) receive(events[i].data.ptr, handle);
      else accept_all(listener, poller, handle);
    }
  }
}
