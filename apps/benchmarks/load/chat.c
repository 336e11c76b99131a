// The load of chat servers: many clients in one room, one of which speaks. Told over standard input how much to do.
//
//   chat PROTOCOL PORT CLIENTS SLOW SIZE
//
//   PROTOCOL   lines, websocket (JSON frames of the chat's own), ws (text frames), socket.io (its packets over WebSocket)
//   CLIENTS    all of them in the room; the last one speaks, the others listen
//   SLOW       so many of the listeners never read
//   SIZE       bytes of a message's text
//
// `open N` brings in N more clients; `check N` and `run N` let N messages reach every listener that reads, up to WINDOW of
// them under way. Each is answered by { "units", "wall", "processor" }: clients, or deliveries; then two times in nanoseconds.
//
// Every message holds one MARK, which nothing else does: a listener counts those.
#include "common.h"
#include <sys/epoll.h>

static const char HEADERS_END[] = "\r\n\r\n";

enum { BATCH = 256, BUFFER_SIZE = 256 * 1024, WINDOW = 4, GROUP = 200, TEXT_FRAME = 0x81, PING = 0x9, PONG = 0x8a, MARK = '~' };

struct client {
  int fd;
  unsigned char header[10]; // of the WebSocket frame that is being read
  unsigned held;            // bytes of it
  uint64_t payload;         // bytes of that frame still to come
  int answer;               // its first byte asks for an answer: socket.io's ping
};

static struct sockaddr_in server;
static const char *protocol, *text;
static size_t clients, slow, size, opened;
static struct client *pool;
static int poller;
static char buffer[BUFFER_SIZE];

static uint64_t clock_now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static int is(const char *name) { return strcmp(protocol, name) == 0; }

static int framed(void) { return !is("lines"); }

static void send_all(int fd, const void *data, size_t length) {
  for (const char *at = data; length > 0;) {
    ssize_t sent = checked(send(fd, at, length, MSG_NOSIGNAL), "send");
    at += sent;
    length -= sent;
  }
}

// A masked frame, as clients send them; a mask of zeros leaves the payload as it is (RFC 6455, section 5.3).
static void send_frame(int fd, int first, const char *payload, size_t length) {
  unsigned char frame[8] = {first, 0x80 | (length < 126 ? length : 126), length >> 8, length & 0xff};
  size_t header = length < 126 ? 2 : 4;
  memset(frame + header, 0, 4);
  char *whole = allocate(1, header + 4 + length);
  memcpy(whole, frame, header + 4 > sizeof frame ? sizeof frame : header + 4);
  memcpy(whole + header + 4, payload, length);
  send_all(fd, whole, header + 4 + length);
  free(whole);
}

static void say(int fd, const char *words) {
  size_t room = strlen(words) + 64;
  char *line = allocate(1, room);
  const char *format = is("lines") ? "%s\n" : is("websocket") ? "{\"type\":\"line\",\"text\":\"%s\"}"
                     : is("ws") ? "%s" : "42[\"say\",\"%s\"]";
  size_t length = snprintf(line, room, format, words);
  if (framed()) send_frame(fd, TEXT_FRAME, line, length);
  else send_all(fd, line, length);
  free(line);
}

static size_t marks_in(const char *data, size_t length) {
  size_t marks = 0;
  for (const char *at = data, *end = data + length; (at = memchr(at, MARK, end - at)); at++) marks++;
  return marks;
}

// Follows the frames of what came: returns the marks in their payloads (a length may look like one), and answers pings, since
// a server drops who does not.
static size_t follow(struct client *client, const char *data, size_t length) {
  size_t marks = 0;
  for (size_t at = 0; at < length;) {
    if (client->payload > 0) {
      if (client->answer && data[at] == '2') send_frame(client->fd, TEXT_FRAME, "3", 1);
      client->answer = 0;
      size_t part = length - at < client->payload ? length - at : client->payload;
      marks += marks_in(data + at, part);
      at += part;
      client->payload -= part;
      continue;
    }
    unsigned char *header = client->header;
    header[client->held++] = data[at++];
    unsigned short_length = header[1] & 0x7f;
    unsigned wanted = client->held < 2 ? 2 : short_length == 127 ? 10 : short_length == 126 ? 4 : 2;
    if (client->held < wanted) continue;
    client->payload = wanted == 2 ? short_length : 0;
    for (unsigned i = 2; i < wanted; i++) client->payload = client->payload << 8 | header[i];
    if ((header[0] & 0xf) == PING) send_frame(client->fd, PONG, "", 0);
    client->answer = is("socket.io") && client->payload == 1;
    client->held = 0;
  }
  return marks;
}

// Reads until `end` has come. What follows it in the same piece is followed too, so that frames are counted from the first.
static void await_text(struct client *client, const char *end) {
  for (size_t held = 0; held < BUFFER_SIZE - 1;) {
    ssize_t length = checked(recv(client->fd, buffer + held, BUFFER_SIZE - 1 - held, 0), "recv");
    if (length == 0) fail("the server closed a connection: %.*s", (int)held, buffer);
    int http = strcmp(end, HEADERS_END) == 0;
    if (framed() && !http) follow(client, buffer + held, length);
    held += length;
    char *found = memmem(buffer, held, end, strlen(end));
    if (!found) continue;
    char *rest = found + strlen(end);
    if (framed() && http) follow(client, rest, buffer + held - rest);
    return;
  }
  fail("the server says too much before %s", end);
}

// Connects, and asks for what comes before the chat.
static void connect_client(struct client *client) {
  int fd = checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"), on = 1;
  client->fd = fd;
  checked(connect(fd, (struct sockaddr *)&server, sizeof server), "connect");
  checked(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
  if (!framed()) return;
  char request[512];
  int port = ntohs(server.sin_port);
  const char *path = is("socket.io") ? "/socket.io/?EIO=4&transport=websocket" : is("websocket") ? "/chat" : "/";
  size_t length = snprintf(request, sizeof request,
                           "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nOrigin: http://127.0.0.1:%d\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                           "Sec-WebSocket-Version: 13\r\n\r\n",
                           path, port, port);
  send_all(fd, request, length);
}

static void greet(struct client *client) {
  if (!framed()) return;
  await_text(client, HEADERS_END);
  const char *hello = is("socket.io") ? "40" : is("websocket") ? "{\"type\":\"hello\",\"version\":1}" : "";
  if (*hello) send_frame(client->fd, TEXT_FRAME, hello, strlen(hello));
}

static void await_welcome(struct client *client) {
  const char *welcome = is("lines") ? "\n" : is("socket.io") ? "40{" : is("websocket") ? "\"welcome\"" : NULL;
  if (welcome) await_text(client, welcome);
}

static void open_clients(size_t count) {
  if (count > clients - opened) count = clients - opened;
  for (size_t group; count > 0; count -= group, opened += group) {
    group = count < GROUP ? count : GROUP;
    struct client *first = &pool[opened], *end = first + group;
    for (struct client *client = first; client < end; client++) connect_client(client);
    for (struct client *client = first; client < end; client++) greet(client);
    for (struct client *client = first; client < end; client++) await_welcome(client);
    for (struct client *client = first; client < end; client++) {
      if (client < pool + slow || client == pool + clients - 1) continue;
      struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
      checked(epoll_ctl(poller, EPOLL_CTL_ADD, client->fd, &event), "epoll_ctl");
    }
  }
}

static size_t hear(struct client *client) {
  ssize_t length = recv(client->fd, buffer, BUFFER_SIZE, MSG_DONTWAIT);
  if (length < 0 && errno == EAGAIN) return 0;
  checked(length, "recv");
  if (length == 0) fail("the server closed the connection of a client that reads");
  return framed() ? follow(client, buffer, length) : marks_in(buffer, length);
}

static size_t run_messages(size_t messages) {
  struct epoll_event events[BATCH];
  size_t listeners = clients - 1 - slow, heard = 0, said = 0;
  while (heard < messages * listeners) {
    for (; said < messages && said * listeners < heard + WINDOW * listeners; said++) say(pool[clients - 1].fd, text);
    int ready = epoll_wait(poller, events, BATCH, 20000);
    if (ready == 0) fail("%zu of %zu deliveries came, then none for 20 s", heard, messages * listeners);
    if (ready < 0 && errno != EINTR) checked(ready, "epoll_wait");
    for (int i = 0; i < ready; i++) heard += hear(events[i].data.ptr);
    // Whoever speaks hears of its own messages too: that must not fill its connection.
    while (recv(pool[clients - 1].fd, buffer, BUFFER_SIZE, MSG_DONTWAIT | MSG_TRUNC) > 0) continue;
  }
  if (heard > messages * listeners) fail("a message came twice");
  return heard;
}

static size_t number(const char *digits, const char *name, size_t limit) {
  char *end;
  unsigned long long value = strtoull(digits, &end, 10);
  if (*digits < '0' || *digits > '9' || *end || value > limit)
    fail("%s is %s: expected a whole number up to %zu", name, digits, limit);
  return value;
}

int main(int argument_count, char **arguments) {
  if (argument_count != 6) fail("usage: chat lines|websocket|ws|socket.io PORT CLIENTS SLOW SIZE");
  protocol = arguments[1];
  if (!is("lines") && !is("websocket") && !is("ws") && !is("socket.io")) fail("unknown PROTOCOL %s", protocol);
  server = (struct sockaddr_in)LOOPBACK_ADDRESS(number(arguments[2], "PORT", 65535));
  clients = number(arguments[3], "CLIENTS", 1000000);
  slow = number(arguments[4], "SLOW", clients);
  size = number(arguments[5], "SIZE", 4000);
  if (clients < 2 || slow > clients - 2 || size < 2) fail("expected a speaker, a listener that reads, and two bytes");
  char *words = allocate(1, size + 1);
  for (size_t i = 0; i < size; i++) words[i] = i % 8 == 7 ? ' ' : 'a' + i % 26;
  words[size - 1] = MARK;
  text = words;
  pool = allocate(clients, sizeof *pool);
  poller = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");

  char line[128], command[32], amount[32];
  while (fgets(line, sizeof line, stdin)) {
    if (sscanf(line, "%31s %31s", command, amount) != 2) fail("expected: open N, check N or run N");
    size_t count = number(amount, "N", SIZE_MAX / 2), units = count;
    uint64_t wall = clock_now(CLOCK_MONOTONIC), processor = clock_now(CLOCK_PROCESS_CPUTIME_ID);
    if (strcmp(command, "open") == 0) open_clients(count);
    else if (strcmp(command, "check") == 0 || strcmp(command, "run") == 0) units = run_messages(count);
    else fail("unknown command %s: expected open, check or run", command);
    printf("{\"units\":%zu,\"wall\":%llu,\"processor\":%llu}\n", units,
           (unsigned long long)(clock_now(CLOCK_MONOTONIC) - wall),
           (unsigned long long)(clock_now(CLOCK_PROCESS_CPUTIME_ID) - processor));
    fflush(stdout);
  }
  return 0;
}
