// An HTTP/1.1 server that is faster than the clients that are measured, and a client that is the floor under them.
//
//   http serve                       prints its port, then serves 127.0.0.1 until it is ended:
//                                    GET or POST /json: a small JSON; GET /body: 1 MiB; GET /stream/N: N MiB
//   http get|post PATH PORT COUNT    on "run N" asks N times over COUNT connections, for /stream once for N MiB
//
// Both know as much of HTTP as the clients here send and the server answers: heads in one piece, Content-Length.
#include "common.h"
#include <sys/epoll.h>

enum { HEAD_LIMIT = 64 * 1024, MEBIBYTE = 1024 * 1024, BATCH = 256 };

static const char json[] =
    "{\"id\":12345,\"name\":\"Ada Lovelace\",\"email\":\"ada@example.com\",\"active\":true,"
    "\"roles\":[\"admin\",\"editor\"],\"score\":98.6,\"address\":{\"city\":\"London\",\"zip\":\"W1\"}}";
static char block[MEBIBYTE], buffer[MEBIBYTE];

struct connection {
  int fd;
  size_t held;       // bytes in `head`
  size_t skip;       // bytes of a request's body that are still to come
  size_t small;      // bytes of `answer` that are to be sent
  size_t sent;       // of them
  uint64_t rest;     // bytes of a large body that are to be sent
  int waits_to_send; // what epoll is asked for
  char answer[512];
  char head[HEAD_LIMIT];
};

// The value of Content-Length; 0 for none.
static uint64_t length_of(const char *head) {
  static const char name[] = "\r\ncontent-length:";
  for (const char *line = head; (line = strstr(line, "\r\n")); line += 2)
    if (strncasecmp(line, name, sizeof name - 1) == 0) return strtoull(line + sizeof name - 1, NULL, 10);
  return 0;
}

static void begin_answer(struct connection *connection, const char *head) {
  const char *path = strchr(head, ' ');
  uint64_t large = 0;
  if (path && strncmp(path, " /body ", 7) == 0) large = MEBIBYTE;
  else if (path && strncmp(path, " /stream/", 9) == 0) large = strtoull(path + 9, NULL, 10) * MEBIBYTE;
  connection->small = snprintf(connection->answer, sizeof connection->answer,
                               "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %llu\r\n\r\n%s",
                               large ? "application/octet-stream" : "application/json",
                               (unsigned long long)(large ? large : sizeof json - 1), large ? "" : json);
  connection->sent = 0;
  connection->rest = large;
}

// Sends what there is: 1 when all is sent, 0 when the peer must read first, -1 when it is gone.
static int flush(struct connection *connection) {
  while (connection->sent < connection->small || connection->rest > 0) {
    int small = connection->sent < connection->small;
    size_t length = small ? connection->small - connection->sent : connection->rest < MEBIBYTE ? connection->rest : MEBIBYTE;
    const char *data = small ? connection->answer + connection->sent : block;
    ssize_t sent = send(connection->fd, data, length, MSG_NOSIGNAL | (small && connection->rest ? MSG_MORE : 0));
    if (sent < 0) return errno == EAGAIN ? 0 : -1;
    if (small) connection->sent += sent;
    else connection->rest -= sent;
  }
  return 1;
}

// Answers each request that is complete. -1 when the connection is over.
static int work(struct connection *connection) {
  for (;;) {
    int flushed = flush(connection);
    if (flushed <= 0) return flushed;
    size_t skipped = connection->skip < connection->held ? connection->skip : connection->held;
    memmove(connection->head, connection->head + skipped, connection->held -= skipped);
    connection->skip -= skipped;
    connection->head[connection->held] = 0;
    char *end = connection->skip ? NULL : strstr(connection->head, "\r\n\r\n");
    if (!end) return connection->held + 1 < HEAD_LIMIT ? 0 : -1;
    end[2] = 0;
    begin_answer(connection, connection->head);
    uint64_t body = length_of(connection->head);
    size_t taken = end + 4 - connection->head;
    memmove(connection->head, connection->head + taken, connection->held -= taken);
    connection->skip = body;
  }
}

static void serve_connection(int poller, struct connection *connection) {
  int outcome = 0;
  for (;;) {
    if ((outcome = work(connection)) < 0) break;
    if (connection->sent < connection->small || connection->rest) break;
    ssize_t length = recv(connection->fd, connection->head + connection->held, HEAD_LIMIT - 1 - connection->held, 0);
    if (length < 0 && errno == EAGAIN) break;
    if (length <= 0) {
      outcome = -1;
      break;
    }
    connection->held += length;
  }
  if (outcome < 0) {
    close(connection->fd);
    free(connection);
    return;
  }
  int waits_to_send = connection->sent < connection->small || connection->rest;
  if (waits_to_send == connection->waits_to_send) return;
  connection->waits_to_send = waits_to_send;
  struct epoll_event event = {.events = waits_to_send ? EPOLLOUT : EPOLLIN, .data.ptr = connection};
  checked(epoll_ctl(poller, EPOLL_CTL_MOD, connection->fd, &event), "epoll_ctl");
}

__attribute__((noreturn)) static void serve(void) {
  int listener = listen_and_tell();
  int poller = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[BATCH];
  checked(epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event), "epoll_ctl");
  for (;;) {
    int ready = epoll_wait(poller, events, BATCH, -1);
    if (ready < 0 && errno != EINTR) checked(ready, "epoll_wait");
    for (int i = 0; i < ready; i++) {
      if (events[i].data.ptr) {
        serve_connection(poller, events[i].data.ptr);
        continue;
      }
      for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        struct connection *connection = allocate(1, sizeof *connection);
        connection->fd = fd;
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event readable = {.events = EPOLLIN, .data.ptr = connection};
        checked(epoll_ctl(poller, EPOLL_CTL_ADD, fd, &readable), "epoll_ctl");
      }
    }
  }
}

struct asker {
  int fd;
  uint64_t rest; // bytes of the body that are still to come
  size_t held;   // bytes of an unfinished head
  char head[4096];
};

static char request[1024];

static void ask(struct asker *asker) {
  size_t length = strlen(request);
  if (send(asker->fd, request, length, MSG_NOSIGNAL) != (ssize_t)length) fail("the server did not take a request");
}

// Takes what has arrived: 1 when an answer is complete.
static int answered(struct asker *asker) {
  ssize_t length = checked(recv(asker->fd, buffer, sizeof buffer, 0), "recv");
  if (length == 0) fail("the server has closed a connection");
  const char *body = buffer;
  if (asker->rest == 0) {
    size_t room = sizeof asker->head - 1 - asker->held, taken = (size_t)length < room ? (size_t)length : room;
    memcpy(asker->head + asker->held, buffer, taken);
    asker->head[asker->held + taken] = 0;
    char *end = strstr(asker->head, "\r\n\r\n");
    if (!end) {
      if (taken == room) fail("the head of an answer is too long");
      asker->held += taken;
      return 0;
    }
    body = buffer + (end + 4 - asker->head - asker->held);
    asker->held = 0;
    end[2] = 0;
    asker->rest = length_of(asker->head);
  }
  size_t arrived = buffer + length - body;
  if (arrived > asker->rest) fail("the server sent more than it said");
  return (asker->rest -= arrived) == 0;
}

static void ask_many(const char *method, const char *path, int port, int count) {
  int streams = strcmp(path, "/stream") == 0;
  struct sockaddr_in address = LOOPBACK_ADDRESS(port);
  struct asker *askers = allocate(count, sizeof *askers);
  int poller = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  for (int i = 0; i < count; i++) {
    askers[i].fd = checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    checked(connect(askers[i].fd, (struct sockaddr *)&address, sizeof address), "connect");
    int on = 1;
    setsockopt(askers[i].fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &askers[i]};
    checked(epoll_ctl(poller, EPOLL_CTL_ADD, askers[i].fd, &event), "epoll_ctl");
  }
  long long total;
  while (scanf(" run %lld", &total) == 1) {
    int posts = strcmp(method, "post") == 0;
    char place[64] = "";
    if (streams) snprintf(place, sizeof place, "/%lld", total);
    snprintf(request, sizeof request, "%s %s%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: */*\r\n%s", posts ? "POST" : "GET",
             path, place, port,
             posts ? "Content-Type: application/json\r\nContent-Length: 23\r\n\r\n{\"name\":\"Ada\",\"age\":36}" : "\r\n");
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    long long wanted = streams ? 1 : total, asked = 0, done = 0;
    for (int i = 0; i < count && asked < wanted; i++, asked++) ask(&askers[i]);
    while (done < wanted) {
      struct epoll_event events[BATCH];
      int ready = checked(epoll_wait(poller, events, BATCH, -1), "epoll_wait");
      for (int i = 0; i < ready; i++) {
        struct asker *asker = events[i].data.ptr;
        if (!answered(asker)) continue;
        done++;
        if (asked < wanted) asked++, ask(asker);
      }
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    long long wall = (end.tv_sec - start.tv_sec) * 1000000000LL + end.tv_nsec - start.tv_nsec;
    printf("{\"units\":%lld,\"wall\":%lld}\n", total, wall);
    fflush(stdout);
  }
}

int main(int count, char **arguments) {
  memset(block, 'x', sizeof block);
  if (count == 2 && strcmp(arguments[1], "serve") == 0) serve();
  if (count != 5 || (strcmp(arguments[1], "get") != 0 && strcmp(arguments[1], "post") != 0))
    fail("usage: http serve, or http get|post PATH PORT COUNT");
  int port = atoi(arguments[3]), connections = atoi(arguments[4]);
  if (port < 1 || port > 65535) fail("PORT is %s: expected a whole number from 1 to 65535", arguments[3]);
  if (connections < 1 || connections > 1000) fail("COUNT is %s: expected a whole number from 1 to 1000", arguments[4]);
  ask_many(arguments[1], arguments[2], port, connections);
}
