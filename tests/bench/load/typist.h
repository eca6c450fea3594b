// One person who types: the updates that her keystrokes are, and what has become of each of them.
#pragma once
#include "bytes.h"

enum { PARAGRAPHS_MAX = 64, KEYS_A_PARAGRAPH = 80 };

// A clock of a client, as Yjs names everything in a document.
typedef struct {
  uint32_t client, clock;
} Id;

typedef struct {
  uint32_t client, clock;         // her client id, and the clock that she writes next
  int first;                      // the paragraph that she begins in
  bool begun[PARAGRAPHS_MAX];     // has a text of hers
  uint32_t last[PARAGRAPHS_MAX];  // clock of her last character there
  double *sent_at;                // of each keystroke, seconds of the monotonic clock
  uint32_t *ends;                 // of each keystroke: her clock behind it
  size_t keys, room;
  size_t acknowledged, delivered;  // how many of the keystrokes, from the first
} Typist;

// The paragraphs of every document: the same everywhere, for all are made of one snapshot.
extern Id paragraphs[PARAGRAPHS_MAX];
extern int paragraph_count;

// Her next keystroke as a Yjs update (v1), which replaces what is in `update`: one character behind the one before,
// or at the beginning of a paragraph's own text, as y-prosemirror writes it. Noted as sent `now`.
void typist_type(Typist *typist, Bytes *update, double now);

// Calls `found` with each client that the update (v1) brings something of and its clock behind that.
// False if the update cannot be read.
typedef void (*FoundClock)(void *context, uint32_t client, uint64_t end);
bool read_clocks(Reader update, FoundClock found, void *context);

// The same for a state vector.
bool read_state_vector(Reader vector, FoundClock found, void *context);
