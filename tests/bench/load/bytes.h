// Bytes that grow, and the variable-length numbers of lib0 in them.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint8_t *data;
  size_t size, room;
} Bytes;

void bytes_reserve(Bytes *bytes, size_t more);
void bytes_put(Bytes *bytes, const void *data, size_t size);
void bytes_byte(Bytes *bytes, uint8_t byte);
void bytes_uint(Bytes *bytes, uint64_t number);
void bytes_buffer(Bytes *bytes, const void *data, size_t size);
void bytes_string(Bytes *bytes, const char *text);
void bytes_drop_first(Bytes *bytes, size_t size);

// Reads front to back. Once anything could not be read, `broken` stays true and every number is 0.
typedef struct {
  const uint8_t *at, *end;
  bool broken;
} Reader;

uint8_t read_byte(Reader *reader);
uint64_t read_uint(Reader *reader);
void read_past(Reader *reader, uint64_t size);
Reader read_buffer(Reader *reader);

_Noreturn void die(const char *what);
