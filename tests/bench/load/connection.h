// One WebSocket that has one document open, in the protocol of Hocuspocus or of y-websocket.
#pragma once
#include "typist.h"

typedef enum { IDLE, CONNECTING, UPGRADING, SYNCING, OPEN, CLOSED } State;

typedef struct Connection {
  State state;
  int fd;
  const char *document, *cookie;  // its name on the wire; the Cookie header, or NULL
  struct Connection *other;       // who has the same document open
  Typist typist;
  uint32_t found;  // the highest clock of the typist's that any server has shown, for whoever looks afterwards
  Bytes in, out, message;
  size_t written;            // of `out`
  bool is_waiting_to_write;  // the kernel takes no more for now
  size_t content;            // bytes of updates received since it began to connect
  unsigned unrelated;        // acknowledgements to come that are of no keystroke
  bool was_synced;
  double began_at, open_at;
} Connection;

typedef struct {
  bool routed;  // Hocuspocus: every message begins with the document's name, and updates are acknowledged
  const char *host, *path, *origin;
  int port;
  size_t content_min;  // bytes of updates after which a document counts as received
} Target;

typedef struct {
  uint64_t failed, closed, unreadable;
  // Within the window of measuring, by when a keystroke was sent:
  double from, until;
  uint64_t delivered, acknowledged;
  float *delivery_ms, *acknowledgement_ms;
  size_t deliveries, delivery_room, acknowledgements, acknowledgement_room;
} Seen;

extern Target target;
extern Seen seen;
extern Connection *connections;  // two of each document, side by side
extern size_t connection_count, open_count;

double now(void);
void connection_start(Connection *connection);
void connection_close(Connection *connection);
// Type one character, as if it had been pressed at `pressed_at`.
void connection_type(Connection *connection, double pressed_at);

// Waits for the network for at most so many seconds and deals with what came. `touched` are the connections
// concerned; returns how many.
enum { EVENTS_MAX = 1024 };
extern Connection *touched[EVENTS_MAX];
int network_step(double seconds);
void network_begin(void);
