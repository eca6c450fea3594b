#define _GNU_SOURCE
#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

Target target;
Seen seen;
Connection *connections, *touched[EVENTS_MAX];
size_t connection_count, open_count;

static int poller = -1;
static Bytes outgoing, update;

enum { FINAL = 0x80, MASKED = 0x80, CONTINUATION = 0, BINARY_FRAME = 2, CLOSE_FRAME = 8, PING_FRAME = 9, PONG_FRAME = 10 };
enum { SYNC = 0, AUTH = 2, SYNC_REPLY = 4, SYNC_STATUS = 8, PING = 9, PONG = 10 };
enum { STEP_1 = 0, STEP_2 = 1, UPDATE = 2 };
enum { TOKEN = 0, DENIED = 1 };
static const char PROVIDER_VERSION[] = "4.8.0";

double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

// Sockets.

void network_begin(void) {
  poller = epoll_create1(0);
  if (poller < 0) die("epoll");
}

static void watch(Connection *connection, int how, bool for_writing) {
  struct epoll_event event = {.events = EPOLLIN | (for_writing ? EPOLLOUT : 0), .data.ptr = connection};
  epoll_ctl(poller, how, connection->fd, &event);
  connection->is_waiting_to_write = for_writing;
}

void connection_start(Connection *connection) {
  Connection fresh = {.state = CONNECTING, .document = connection->document, .cookie = connection->cookie,
                      .other = connection->other, .typist = connection->typist, .found = connection->found,
                      .in = connection->in, .out = connection->out, .message = connection->message,
                      .began_at = now()};
  fresh.in.size = fresh.out.size = fresh.message.size = 0;
  fresh.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fresh.fd < 0) die("socket");
  int on = 1;
  setsockopt(fresh.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)target.port)};
  inet_pton(AF_INET, target.host, &address.sin_addr);
  *connection = fresh;
  if (connect(fresh.fd, (void *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
    seen.failed++;
    connection_close(connection);
    return;
  }
  watch(connection, EPOLL_CTL_ADD, true);
}

void connection_close(Connection *connection) {
  if (connection->state == OPEN) open_count--;
  if (connection->fd >= 0) close(connection->fd);
  connection->fd = -1;
  connection->state = CLOSED;
}

// The other side, or the network, has ended it.
static void lose(Connection *connection) {
  if (connection->state == OPEN) seen.closed++;
  else seen.failed++;
  connection_close(connection);
}

static void flush(Connection *connection) {
  while (connection->fd >= 0 && connection->written < connection->out.size) {
    ssize_t size = send(connection->fd, connection->out.data + connection->written,
                        connection->out.size - connection->written, MSG_NOSIGNAL);
    if (size < 0) {
      if (errno != EAGAIN) lose(connection);
      else if (!connection->is_waiting_to_write) watch(connection, EPOLL_CTL_MOD, true);
      return;
    }
    connection->written += (size_t)size;
  }
  connection->out.size = connection->written = 0;
  if (connection->fd >= 0 && connection->is_waiting_to_write) watch(connection, EPOLL_CTL_MOD, false);
}

// Frames out.

static void put_frame(Connection *connection, int opcode, const uint8_t *data, size_t size) {
  Bytes *out = &connection->out;
  bytes_byte(out, (uint8_t)(FINAL | opcode));
  if (size < 126) {
    bytes_byte(out, (uint8_t)(MASKED | size));
  } else {
    int length = size < 65536 ? 2 : 8;
    bytes_byte(out, MASKED | (length == 2 ? 126 : 127));
    while (length--) bytes_byte(out, (uint8_t)((uint64_t)size >> (8 * length)));
  }
  static uint32_t counter = 1;
  counter = counter * 2654435761u + 1;
  uint8_t mask[4];
  memcpy(mask, &counter, 4);
  bytes_put(out, mask, 4);
  bytes_reserve(out, size);
  for (size_t at = 0; at < size; at++) out->data[out->size + at] = data[at] ^ mask[at & 3];
  out->size += size;
}

static void begin_message(Connection *connection) {
  outgoing.size = 0;
  if (target.routed) bytes_string(&outgoing, connection->document);
}

static void put_message(Connection *connection) {
  put_frame(connection, BINARY_FRAME, outgoing.data, outgoing.size);
}

static void put_sync(Connection *connection, int kind, const void *data, size_t size) {
  begin_message(connection);
  bytes_byte(&outgoing, SYNC);
  bytes_byte(&outgoing, (uint8_t)kind);
  bytes_buffer(&outgoing, data, size);
  put_message(connection);
}

static void put_token(Connection *connection) {
  begin_message(connection);
  bytes_byte(&outgoing, AUTH);
  bytes_byte(&outgoing, TOKEN);
  bytes_string(&outgoing, "token");
  bytes_string(&outgoing, PROVIDER_VERSION);
  put_message(connection);
}

// As the servers' own clients open a document: nobody waits to be let in before asking for what it says.
static void put_opening(Connection *connection) {
  static const uint8_t nothing[] = {0};
  if (target.routed) put_token(connection);
  put_sync(connection, STEP_1, nothing, sizeof nothing);
}

void connection_type(Connection *connection, double pressed_at) {
  typist_type(&connection->typist, &update, pressed_at);
  put_sync(connection, UPDATE, update.data, update.size);
  flush(connection);
}

// Messages in.

static void keep(float **times, size_t *count, size_t *room, double seconds) {
  if (*count == *room) {
    *room = *room ? 2 * *room : 1 << 16;
    *times = realloc(*times, *room * sizeof **times);
    if (!*times) die("out of memory");
  }
  (*times)[(*count)++] = (float)(seconds * 1e3);
}

static bool is_measured(double time) { return time >= seen.from && time < seen.until; }

static void note_delivered(Connection *reader, uint32_t client, uint64_t end, double at) {
  Connection *writer = reader->other;
  if (client != writer->typist.client) return;
  Typist *typist = &writer->typist;
  for (; typist->delivered < typist->keys && typist->ends[typist->delivered] <= end; typist->delivered++) {
    double sent_at = typist->sent_at[typist->delivered];
    if (is_measured(at)) seen.delivered++;
    if (is_measured(sent_at)) keep(&seen.delivery_ms, &seen.deliveries, &seen.delivery_room, at - sent_at);
  }
}

static void note_clock(void *context, uint32_t client, uint64_t end) {
  Connection *connection = context;
  Connection *writers[] = {connection, connection->other};
  for (int which = 0; which < 2; which++)
    if (client == writers[which]->typist.client && end > writers[which]->found)
      writers[which]->found = (uint32_t)end;
  note_delivered(connection, client, end, now());
}

static void note_acknowledged(Connection *connection, double at) {
  if (connection->unrelated) {
    connection->unrelated--;
    return;
  }
  Typist *typist = &connection->typist;
  if (typist->acknowledged == typist->keys) return;
  double sent_at = typist->sent_at[typist->acknowledged++];
  if (is_measured(at)) seen.acknowledged++;
  if (is_measured(sent_at))
    keep(&seen.acknowledgement_ms, &seen.acknowledgements, &seen.acknowledgement_room, at - sent_at);
}

static void take_sync(Connection *connection, Reader *reader) {
  uint64_t kind = read_uint(reader);
  Reader data = read_buffer(reader);
  if (kind == STEP_1) {
    static const uint8_t nothing[] = {0, 0};
    read_state_vector(data, note_clock, connection);
    put_sync(connection, STEP_2, nothing, sizeof nothing);
    connection->unrelated++;
    return;
  }
  if (!read_clocks(data, note_clock, connection)) reader->broken = true;
  connection->content += (size_t)(data.end - data.at);
  connection->was_synced |= kind == STEP_2;
  if (connection->state == SYNCING && connection->was_synced && connection->content >= target.content_min) {
    connection->state = OPEN;
    connection->open_at = now();
    open_count++;
  }
}

static void take_auth(Connection *connection, Reader *reader) {
  uint64_t kind = read_uint(reader);
  read_buffer(reader);
  if (kind != DENIED) return;
  fprintf(stderr, "load: a document was denied\n");
  lose(connection);
}

static void take_message(Connection *connection, const uint8_t *data, size_t size) {
  Reader reader = {data, data + size, false};
  if (target.routed && size == 1) {
    static const uint8_t pong[] = {PONG};
    if (*data == PING) put_frame(connection, BINARY_FRAME, pong, sizeof pong);
    return;
  }
  if (target.routed) read_buffer(&reader);
  uint64_t type = read_uint(&reader);
  if (type == SYNC || (target.routed && type == SYNC_REPLY)) take_sync(connection, &reader);
  else if (type == AUTH && target.routed) take_auth(connection, &reader);
  else if (type == SYNC_STATUS && target.routed) note_acknowledged(connection, now());
  if (reader.broken) seen.unreadable++;
}

// Frames in.

static void take_upgrade(Connection *connection) {
  Bytes *in = &connection->in;
  uint8_t *end = memmem(in->data, in->size, "\r\n\r\n", 4);
  if (!end) return;
  if (memcmp(in->data + 9, "101", 3)) {
    fprintf(stderr, "load: refused: %.*s\n", 12, in->data);
    lose(connection);
    return;
  }
  bytes_drop_first(in, (size_t)(end - in->data) + 4);
  connection->state = SYNCING;
  put_opening(connection);
}

// Takes one frame from `data` and returns its size, or 0 when it is not there whole.
static size_t take_frame(Connection *connection, const uint8_t *data, size_t size) {
  if (size < 2) return 0;
  uint64_t length = data[1] & 127;
  size_t head = length == 126 ? 4 : length == 127 ? 10 : 2;
  if (size < head) return 0;
  if (head > 2) {
    length = 0;
    for (size_t at = 2; at < head; at++) length = length << 8 | data[at];
  }
  if (size - head < length) return 0;
  const uint8_t *payload = data + head;
  int opcode = data[0] & 15;
  if (opcode == PING_FRAME) {
    put_frame(connection, PONG_FRAME, payload, length);
  } else if (opcode == CLOSE_FRAME) {
    lose(connection);
  } else if (opcode == BINARY_FRAME && data[0] & FINAL) {
    take_message(connection, payload, length);
  } else if (opcode == BINARY_FRAME || opcode == CONTINUATION) {
    if (opcode == BINARY_FRAME) connection->message.size = 0;
    bytes_put(&connection->message, payload, length);
    if (data[0] & FINAL) take_message(connection, connection->message.data, connection->message.size);
  }
  return head + length;
}

static void take_input(Connection *connection) {
  enum { PIECE = 65536 };
  Bytes *in = &connection->in;
  ssize_t size = PIECE;
  while (size == PIECE && connection->fd >= 0) {
    bytes_reserve(in, PIECE);
    size = recv(connection->fd, in->data + in->size, PIECE, 0);
    if (size < 0 && errno == EAGAIN) break;
    if (size <= 0) {
      lose(connection);
      return;
    }
    in->size += (size_t)size;
    if (connection->state == UPGRADING) take_upgrade(connection);
    if (connection->state <= UPGRADING || connection->state == CLOSED) continue;
    size_t taken = 0, frame = 1;
    while (frame && connection->fd >= 0) taken += frame = take_frame(connection, in->data + taken, in->size - taken);
    bytes_drop_first(in, taken);
  }
  if (connection->fd >= 0 && connection->out.size) flush(connection);
}

static void put_upgrade(Connection *connection) {
  char request[2048];
  int size = snprintf(request, sizeof request,
                      "GET %s%s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                      "%s%s%s%s%s%s\r\n",
                      target.path, target.routed ? "" : connection->document, target.host, target.port,
                      connection->cookie ? "Cookie: " : "", connection->cookie ? connection->cookie : "",
                      connection->cookie ? "\r\n" : "", target.origin ? "Origin: " : "",
                      target.origin ? target.origin : "", target.origin ? "\r\n" : "");
  bytes_put(&connection->out, request, (size_t)size);
  connection->state = UPGRADING;
  flush(connection);
}

static void connected(Connection *connection) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error) lose(connection);
  else put_upgrade(connection);
}

int network_step(double seconds) {
  static struct epoll_event events[EVENTS_MAX];
  double wait = seconds > 0 ? seconds : 0;
  struct timespec most = {(time_t)wait, (long)((wait - (double)(time_t)wait) * 1e9)};
  int count = epoll_pwait2(poller, events, EVENTS_MAX, &most, NULL), kept = 0;
  for (int index = 0; index < count; index++) {
    Connection *connection = events[index].data.ptr;
    if (connection->fd < 0) continue;
    if (connection->state == CONNECTING) {
      if (events[index].events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) connected(connection);
      continue;
    }
    if (events[index].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) take_input(connection);
    if (connection->fd >= 0 && events[index].events & EPOLLOUT) flush(connection);
    touched[kept++] = connection;
  }
  return kept;
}
