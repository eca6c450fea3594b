#include "typist.h"

#include <stdlib.h>

Id paragraphs[PARAGRAPHS_MAX];
int paragraph_count;

// What a struct holds, as numbered on the wire; above these five bits it says which neighbours it names.
enum { GC, DELETED, JSON, BINARY, STRING, EMBED, FORMAT, TYPE, ANY, SUBDOCUMENT, SKIP };
enum { KIND = 31, HAS_KEY = 32, HAS_RIGHT_ORIGIN = 64, HAS_ORIGIN = 128 };
enum { XML_ELEMENT = 3, XML_HOOK = 5, XML_TEXT = 6 };

static void put_id(Bytes *update, uint32_t client, uint32_t clock) {
  bytes_uint(update, client);
  bytes_uint(update, clock);
}

static void put_parent(Bytes *update, uint32_t client, uint32_t clock) {
  bytes_uint(update, 0);  // an item, not a root
  put_id(update, client, clock);
}

void typist_type(Typist *typist, Bytes *update, double now) {
  if (typist->keys == typist->room) {
    typist->room = typist->room ? 2 * typist->room : 256;
    typist->sent_at = realloc(typist->sent_at, typist->room * sizeof *typist->sent_at);
    typist->ends = realloc(typist->ends, typist->room * sizeof *typist->ends);
    if (!typist->sent_at || !typist->ends) die("out of memory");
  }
  // Now and then she goes on elsewhere, never where the other one is.
  int place = (int)((typist->keys / KEYS_A_PARAGRAPH * 2 + (size_t)typist->first) % (size_t)paragraph_count);
  bool begins = !typist->begun[place];
  update->size = 0;
  bytes_uint(update, 1);  // of one client
  bytes_uint(update, begins ? 2 : 1);
  put_id(update, typist->client, typist->clock);
  if (begins) {
    bytes_byte(update, TYPE);
    put_parent(update, paragraphs[place].client, paragraphs[place].clock);
    bytes_byte(update, XML_TEXT);
    bytes_byte(update, STRING);
    put_parent(update, typist->client, typist->clock++);
    typist->begun[place] = true;
  } else {
    bytes_byte(update, STRING | HAS_ORIGIN);
    put_id(update, typist->client, typist->last[place]);
  }
  char key[2] = {(char)('a' + typist->keys % 26), 0};
  bytes_string(update, key);
  bytes_uint(update, 0);  // nothing is deleted
  typist->last[place] = typist->clock++;
  typist->sent_at[typist->keys] = now;
  typist->ends[typist->keys++] = typist->clock;
}

// Length of UTF-8 in the code units of UTF-16, as Yjs counts.
static uint64_t units(Reader text) {
  uint64_t count = 0;
  for (; text.at < text.end; text.at++)
    if ((*text.at & 0xC0) != 0x80) count += *text.at >= 0xF0 ? 2 : 1;
  return count;
}

static void skip_value(Reader *reader) {
  switch (read_byte(reader)) {
    case 127: case 126: case 121: case 120: break;
    case 125: while (!reader->broken && read_byte(reader) & 128) {} break;
    case 124: read_past(reader, 4); break;
    case 123: case 122: read_past(reader, 8); break;
    case 119: case 116: read_buffer(reader); break;
    case 118:
      for (uint64_t left = read_uint(reader); left-- && !reader->broken;) {
        read_buffer(reader);
        skip_value(reader);
      }
      break;
    case 117:
      for (uint64_t left = read_uint(reader); left-- && !reader->broken;) skip_value(reader);
      break;
    default: reader->broken = true;
  }
}

static void skip_neighbours(Reader *reader, uint8_t info) {
  for (int flag = HAS_ORIGIN; flag >= HAS_RIGHT_ORIGIN; flag >>= 1)
    if (info & flag) {
      read_uint(reader);
      read_uint(reader);
    }
  if (info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN)) return;
  if (read_uint(reader)) {
    read_buffer(reader);
  } else {
    read_uint(reader);
    read_uint(reader);
  }
  if (info & HAS_KEY) read_buffer(reader);
}

// Reads one struct and returns how many clocks it takes.
static uint64_t struct_length(Reader *reader, uint8_t info) {
  uint8_t kind = info & KIND;
  uint64_t length = 1;
  if (kind == GC || kind == SKIP) return read_uint(reader);
  skip_neighbours(reader, info);
  switch (kind) {
    case DELETED: return read_uint(reader);
    case STRING: return units(read_buffer(reader));
    case JSON:
      length = read_uint(reader);
      for (uint64_t left = length; left-- && !reader->broken;) read_buffer(reader);
      return length;
    case ANY:
      length = read_uint(reader);
      for (uint64_t left = length; left-- && !reader->broken;) skip_value(reader);
      return length;
    case BINARY: case EMBED: read_buffer(reader); return 1;
    case FORMAT:
      read_buffer(reader);
      read_buffer(reader);
      return 1;
    case TYPE: {
      uint64_t type = read_uint(reader);
      if (type == XML_ELEMENT || type == XML_HOOK) read_buffer(reader);
      return 1;
    }
    case SUBDOCUMENT:
      read_buffer(reader);
      skip_value(reader);
      return 1;
    default: reader->broken = true; return 0;
  }
}

bool read_clocks(Reader update, FoundClock found, void *context) {
  for (uint64_t clients = read_uint(&update); clients-- && !update.broken;) {
    uint64_t structs = read_uint(&update);
    uint32_t client = (uint32_t)read_uint(&update);
    uint64_t clock = read_uint(&update), end = clock;
    while (structs-- && !update.broken) {
      uint8_t info = read_byte(&update);
      clock += struct_length(&update, info);
      if ((info & KIND) != SKIP) end = clock;
    }
    if (!update.broken) found(context, client, end);
  }
  return !update.broken;
}

bool read_state_vector(Reader vector, FoundClock found, void *context) {
  for (uint64_t clients = read_uint(&vector); clients-- && !vector.broken;) {
    uint32_t client = (uint32_t)read_uint(&vector);
    uint64_t clock = read_uint(&vector);
    if (!vector.broken) found(context, client, clock);
  }
  return !vector.broken;
}
