// The load generator: one thread, told over standard input how much work to do.
//
//   load MODE PORT CONNECTIONS SIZE PID
//
//   echo    CONNECTIONS connections, each with one message of SIZE bytes under way; the unit of work is a message echoed
//   count   one connection; the unit is a line of SIZE bytes sent, and an empty line asks the server for its count
//   bulk    two connections, which the server pipes into each other; the unit is a block of SIZE bytes through both
//   storm   the unit is a connection that the server accepts and closes; CONNECTIONS of them are under way
//   burst   the same, but CONNECTIONS of them wait in the listener's queue before the server may go on: the server, whose
//           process id is PID, is stopped meanwhile, and only the time in which it works through them is counted
//   idle    the unit is a connection that is opened, echoes one message, and stays open; CONNECTIONS are opened at a time
//
// Every message is a line: letters, then a newline. So a line server is an echo server, and `echo` measures both.
//
// Commands, one a line: `check N` does N units and compares every byte that comes back; `run N` does N units and compares
// only how much comes back. Each is answered by { "units", "wall", "processor" }, the last two in nanoseconds; the
// last is the generator's own processor time. The end of standard input ends the program.
#include "common.h"
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>

enum { BATCH = 256, BUFFER_SIZE = 256 * 1024, VARIANTS = 4 };

struct connection {
  int fd;
  int blocked;        // waiting for room to send
  const char *message;
  size_t unsent;      // of the message under way
  size_t outstanding; // bytes of its echo still to come
};

static struct sockaddr_in server;
static size_t connections, size;
static int poller;
static struct connection *pool; // echo: all; idle: none, its descriptors are never looked at again
static int *ring;               // storm: descriptors, oldest first; burst, idle: those opened together
static int single;              // count: its connection; bulk: that which sends
static int other;               // bulk: that which receives
static pid_t server_pid;        // burst
static char *messages[VARIANTS], buffer[BUFFER_SIZE];

struct span {
  uint64_t wall, processor; // nanoseconds
};

static struct span uncounted; // part of a run, not of its measurement

static uint64_t clock_now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static struct span now(void) {
  return (struct span){.wall = clock_now(CLOCK_MONOTONIC), .processor = clock_now(CLOCK_PROCESS_CPUTIME_ID)};
}

static struct span add_since(struct span sum, struct span start) {
  struct span end = now();
  return (struct span){sum.wall + end.wall - start.wall, sum.processor + end.processor - start.processor};
}

// Neighbouring connections send different letters, so that an echo to the wrong one is seen.
static void make_messages(void) {
  for (int variant = 0; variant < VARIANTS; variant++) {
    messages[variant] = allocate(1, size);
    for (size_t i = 0; i + 1 < size; i++) messages[variant][i] = 'a' + (i * 7 + variant * 5) % 26;
    messages[variant][size - 1] = '\n';
  }
}

// A blocking connect on loopback does not sleep: the handshake runs inside the call, up to the listener's queue.
static int connect_server(void) {
  int fd = checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  checked(connect(fd, (struct sockaddr *)&server, sizeof server), "connect");
  return fd;
}

static int connect_for_messages(void) {
  int fd = connect_server(), on = 1;
  checked(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
  return fd;
}

static void compare(const char *received, const char *expected, size_t length) {
  if (memcmp(received, expected, length) != 0) fail("what came back is not what was sent");
}

// --- echo

static void watch(struct connection *connection, uint32_t events, int operation) {
  struct epoll_event event = {.events = events, .data.ptr = connection};
  checked(epoll_ctl(poller, operation, connection->fd, &event), "epoll_ctl");
}

static void push(struct connection *connection) {
  const char *rest = connection->message + size - connection->unsent;
  ssize_t sent = send(connection->fd, rest, connection->unsent, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) checked(sent, "send");
  if (sent > 0) connection->unsent -= sent;
  int blocked = connection->unsent > 0;
  if (blocked != connection->blocked) watch(connection, EPOLLIN | (blocked ? EPOLLOUT : 0), EPOLL_CTL_MOD);
  connection->blocked = blocked;
}

static void start_message(struct connection *connection) {
  connection->unsent = connection->outstanding = size;
  push(connection);
}

// Returns 1 when this completed the echo.
static int pull(struct connection *connection, int check) {
  // Without a check TCP may throw the bytes away uncopied (tcp(7), MSG_TRUNC): a cheaper generator saturates later.
  int flags = MSG_DONTWAIT | (check ? 0 : MSG_TRUNC);
  ssize_t length = recv(connection->fd, buffer, BUFFER_SIZE, flags);
  if (length < 0 && errno == EAGAIN) return 0;
  checked(length, "recv");
  if (length == 0) fail("the server closed a connection");
  if ((size_t)length > connection->outstanding) fail("the server sent back more than it was sent");
  if (check) compare(buffer, connection->message + size - connection->outstanding, length);
  connection->outstanding -= length;
  return connection->outstanding == 0;
}

static void open_echo(void) {
  pool = allocate(connections, sizeof *pool);
  poller = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  for (size_t i = 0; i < connections; i++) {
    pool[i] = (struct connection){.fd = connect_for_messages(), .message = messages[i % VARIANTS]};
    watch(&pool[i], EPOLLIN, EPOLL_CTL_ADD);
  }
}

static void run_echo(size_t units, int check) {
  struct epoll_event events[BATCH];
  size_t started = 0, completed = 0;
  for (; started < units && started < connections; started++) start_message(&pool[started]);
  while (completed < units) {
    int ready = epoll_wait(poller, events, BATCH, -1);
    if (ready < 0 && errno != EINTR) checked(ready, "epoll_wait");
    for (int i = 0; i < ready; i++) {
      struct connection *connection = events[i].data.ptr;
      if (connection->unsent > 0) push(connection);
      if (!pull(connection, check)) continue;
      completed++;
      if (started < units) {
        started++;
        start_message(connection);
      }
    }
  }
}

// --- count

static void send_blocking(int fd, const char *data, size_t length) {
  for (; length > 0;) {
    ssize_t sent = checked(send(fd, data, length, MSG_NOSIGNAL), "send");
    data += sent;
    length -= sent;
  }
}

static void receive_line(int fd, char *line, size_t limit) {
  for (size_t held = 0; held < limit;) {
    ssize_t length = checked(recv(fd, line + held, limit - held, 0), "recv");
    if (length == 0) fail("the server closed a connection");
    held += length;
    if (line[held - 1] == '\n') {
      line[held - 1] = 0;
      return;
    }
  }
  fail("the server's line is longer than %zu bytes", limit);
}

static void run_count(size_t units, int check) {
  (void)check;
  size_t block = 64 * 1024 / size;
  if (block == 0) block = 1;
  char *lines = allocate(block, size);
  for (size_t i = 0; i < block; i++) memcpy(lines + i * size, messages[i % VARIANTS], size);
  for (size_t left = units; left > 0;) {
    size_t amount = left < block ? left : block;
    send_blocking(single, lines, amount * size);
    left -= amount;
  }
  free(lines);
  send_blocking(single, "\n", 1);
  char answer[32];
  receive_line(single, answer, sizeof answer);
  if (strtoull(answer, NULL, 10) != units) fail("the server counted %s lines of %zu", answer, units);
}

// --- bulk

static void run_bulk(size_t units, int check) {
  size_t unsent = units * size, outstanding = units * size;
  while (outstanding > 0) {
    size_t done = 0;
    if (unsent > 0) {
      // Blocks are all the same, so the next byte to send follows from how many there are left.
      size_t at = (size - unsent % size) % size;
      ssize_t sent = send(single, messages[0] + at, size - at, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN) checked(sent, "send");
      if (sent > 0) unsent -= done = sent;
    }
    ssize_t length = recv(other, buffer, BUFFER_SIZE, MSG_DONTWAIT | (check ? 0 : MSG_TRUNC));
    if (length < 0 && errno != EAGAIN) checked(length, "recv");
    if (length == 0) fail("the server closed a connection");
    if (length > 0) {
      if ((size_t)length > outstanding) fail("the server passed on more than it was sent");
      for (size_t from = 0; check && from < (size_t)length;) {
        size_t at = (size - (outstanding - from) % size) % size, part = size - at;
        if (part > length - from) part = length - from;
        compare(buffer + from, messages[0] + at, part);
        from += part;
      }
      outstanding -= length;
      done += length;
    }
    if (done > 0) continue;
    struct pollfd ready[] = {{.fd = other, .events = POLLIN}, {.fd = single, .events = unsent > 0 ? POLLOUT : 0}};
    if (poll(ready, 2, -1) < 0 && errno != EINTR) checked(-1, "poll");
  }
}

// --- storm and burst

static void await_end(int fd) {
  char byte;
  ssize_t length = recv(fd, &byte, 1, 0);
  if (length > 0) fail("the server sent data where it should only close");
  checked(length, "recv");
}

// The server closed first, so a reset frees its half-closed end too: no TIME_WAIT is left on either side.
static void close_reset(int fd) {
  struct linger reset = {.l_onoff = 1, .l_linger = 0};
  checked(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), "setsockopt");
  close(fd);
}

// Listeners hand out connections in order, so waiting for the oldest needs no epoll.
static void run_storm(size_t units, int check) {
  (void)check;
  for (size_t started = 0, completed = 0; completed < units;) {
    if (started < units && started - completed < connections) {
      ring[started++ % connections] = connect_server();
    } else {
      int oldest = ring[completed++ % connections];
      await_end(oldest);
      close_reset(oldest);
    }
  }
}

static void run_burst(size_t units, int check) {
  (void)check;
  for (size_t left = units; left > 0;) {
    size_t burst = left < connections ? left : connections;
    struct span start = now();
    checked(kill(server_pid, SIGSTOP), "kill");
    for (size_t i = 0; i < burst; i++) ring[i] = connect_server();
    uncounted = add_since(uncounted, start);
    checked(kill(server_pid, SIGCONT), "kill");
    // The newest first: the server is not slowed by waking this process for each of the others.
    for (size_t i = burst; i-- > 0;) await_end(ring[i]);
    start = now();
    for (size_t i = 0; i < burst; i++) close_reset(ring[i]);
    uncounted = add_since(uncounted, start);
    left -= burst;
  }
}

// --- idle

static void run_idle(size_t units, int check) {
  for (size_t left = units; left > 0;) {
    size_t group = left < connections ? left : connections;
    for (size_t i = 0; i < group; i++) {
      ring[i] = connect_for_messages();
      send_blocking(ring[i], messages[i % VARIANTS], size);
    }
    for (size_t i = 0; i < group; i++) {
      ssize_t length = checked(recv(ring[i], buffer, size, MSG_WAITALL), "recv");
      if ((size_t)length != size) fail("the server closed a connection");
      if (check) compare(buffer, messages[i % VARIANTS], size);
    }
    left -= group;
  }
}

static size_t number(const char *text, const char *name, size_t limit) {
  char *end;
  unsigned long long value = strtoull(text, &end, 10);
  if (*text < '0' || *text > '9' || *end || value < 1 || value > limit)
    fail("%s is %s: expected a whole number from 1 to %zu", name, text, limit);
  return value;
}

int main(int argument_count, char **arguments) {
  if (argument_count != 6) fail("usage: load echo|count|bulk|storm|burst|idle PORT CONNECTIONS SIZE PID");
  const char *mode = arguments[1];
  server = (struct sockaddr_in)LOOPBACK_ADDRESS(number(arguments[2], "PORT", 65535));
  connections = number(arguments[3], "CONNECTIONS", 1000000);
  size = number(arguments[4], "SIZE", BUFFER_SIZE);
  server_pid = number(arguments[5], "PID", INT32_MAX);
  make_messages();

  void (*run)(size_t units, int check) = NULL;
  if (strcmp(mode, "echo") == 0) {
    open_echo();
    run = run_echo;
  } else if (strcmp(mode, "count") == 0) {
    single = connect_for_messages();
    run = run_count;
  } else if (strcmp(mode, "bulk") == 0) {
    single = connect_for_messages();
    other = connect_for_messages();
    run = run_bulk;
  } else if (strcmp(mode, "storm") == 0) {
    ring = allocate(connections, sizeof *ring);
    run = run_storm;
  } else if (strcmp(mode, "burst") == 0) {
    ring = allocate(connections, sizeof *ring);
    run = run_burst;
  } else if (strcmp(mode, "idle") == 0) {
    ring = allocate(connections, sizeof *ring);
    run = run_idle;
  } else {
    fail("MODE is %s: expected echo, count, bulk, storm, burst or idle", mode);
  }

  char command[64], units[32];
  while (fgets(buffer, BUFFER_SIZE, stdin)) {
    if (sscanf(buffer, "%63s %31s", command, units) != 2) fail("expected: run N or check N");
    int check = strcmp(command, "check") == 0;
    if (!check && strcmp(command, "run") != 0) fail("unknown command %s: expected run or check", command);
    size_t amount = number(units, "N", SIZE_MAX / 2);
    uncounted = (struct span){0, 0};
    struct span start = now();
    run(amount, check);
    struct span spent = add_since((struct span){0, 0}, start);
    printf("{\"units\":%zu,\"wall\":%llu,\"processor\":%llu}\n", amount,
           (unsigned long long)(spent.wall - uncounted.wall),
           (unsigned long long)(spent.processor - uncounted.processor));
    fflush(stdout);
  }
  return 0;
}
