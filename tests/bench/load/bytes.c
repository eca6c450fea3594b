#include "bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void die(const char *what) {
  fprintf(stderr, "load: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
  exit(2);
}

void bytes_reserve(Bytes *bytes, size_t more) {
  if (bytes->size + more <= bytes->room) return;
  bytes->room = (bytes->size + more) * 2 + 64;
  bytes->data = realloc(bytes->data, bytes->room);
  if (!bytes->data) die("out of memory");
}

void bytes_put(Bytes *bytes, const void *data, size_t size) {
  bytes_reserve(bytes, size);
  memcpy(bytes->data + bytes->size, data, size);
  bytes->size += size;
}

void bytes_byte(Bytes *bytes, uint8_t byte) {
  bytes_reserve(bytes, 1);
  bytes->data[bytes->size++] = byte;
}

void bytes_uint(Bytes *bytes, uint64_t number) {
  for (; number > 127; number >>= 7) bytes_byte(bytes, (uint8_t)(number | 128));
  bytes_byte(bytes, (uint8_t)number);
}

void bytes_buffer(Bytes *bytes, const void *data, size_t size) {
  bytes_uint(bytes, size);
  bytes_put(bytes, data, size);
}

void bytes_string(Bytes *bytes, const char *text) { bytes_buffer(bytes, text, strlen(text)); }

void bytes_drop_first(Bytes *bytes, size_t size) {
  if (!size) return;
  memmove(bytes->data, bytes->data + size, bytes->size - size);
  bytes->size -= size;
}

uint8_t read_byte(Reader *reader) {
  if (reader->at < reader->end) return *reader->at++;
  reader->broken = true;
  return 0;
}

uint64_t read_uint(Reader *reader) {
  uint64_t number = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    uint8_t byte = read_byte(reader);
    number |= (uint64_t)(byte & 127) << shift;
    if (!(byte & 128)) return reader->broken ? 0 : number;
  }
  reader->broken = true;
  return 0;
}

void read_past(Reader *reader, uint64_t size) {
  if (size <= (uint64_t)(reader->end - reader->at)) {
    reader->at += size;
  } else {
    reader->at = reader->end;
    reader->broken = true;
  }
}

Reader read_buffer(Reader *reader) {
  uint64_t size = read_uint(reader);
  const uint8_t *from = reader->at;
  read_past(reader, size);
  return (Reader){from, reader->at, reader->broken};
}
