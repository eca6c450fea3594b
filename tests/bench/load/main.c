// load: a load generator for servers of Yjs documents. One thread, raw WebSocket frames; it takes a fraction of the
// processor that the server takes which it loads. A server may merge and encode updates anew: keystrokes are followed
// by Yjs's own clocks, not by their bytes.
//
//   load PLAN MODE [--name value]…
//
// PLAN: a file with a line `paragraphs CLIENT:CLOCK …` (where people type) and a line for each document,
// `document NAME COOKIE COOKIE` (`-` for none): its name, and the two who have it open.
// Prints one line of JSON.
#define _GNU_SOURCE
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "connection.h"

static int server;  // process id
static double rate = 5, warm_up = 1, seconds = 5, timeout = 60, settle = 0.5, grace = 0.3;
static int at_once = 50;
static uint64_t dice = 88172645463325252u;

static double chance(void) {
  dice ^= dice << 13;
  dice ^= dice >> 7;
  dice ^= dice << 17;
  return ((double)(dice >> 11) + 0.5) / 9007199254740992.0;
}

// What the machine says of a process.

static double processor_seconds(int process) {
  clockid_t clock;
  struct timespec time;
  if (!process || clock_getcpuclockid(process, &clock) || clock_gettime(clock, &time)) return 0;
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static long resident_kib(void) {
  char path[64], line[256];
  long kib = 0;
  snprintf(path, sizeof path, "/proc/%d/status", server);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  while (fgets(line, sizeof line, file)) sscanf(line, "VmRSS: %ld", &kib);
  fclose(file);
  return kib;
}

// Opening.

static void wait_for(double duration) {
  for (double until = now() + duration; now() < until;) network_step(until - now());
}

// Opens connections `from` … `from + count`, every `stride`th, at most `most` at a time.
static void open_all(size_t from, size_t stride, size_t count, size_t most) {
  size_t before = open_count, started = 0;
  double until = now() + timeout;
  while (open_count - before < count) {
    while (started < count && started - (open_count - before) < most)
      connection_start(&connections[from + stride * started++]);
    network_step(0.05);
    if (seen.failed) die("a connection failed");
    if (now() > until) die("not everybody was let in");
  }
}

// The first of each document, and then the second: the server loads it once and has it ready then.
static void open_everybody(void) {
  open_all(0, 2, connection_count / 2, (size_t)at_once);
  open_all(1, 2, connection_count / 2, (size_t)at_once);
  wait_for(settle);
}

static void close_everybody(void) {
  for (size_t index = 0; index < connection_count; index++) connection_close(&connections[index]);
}

// Figures.

static int by_size(const void *one, const void *other) {
  float a = *(const float *)one, b = *(const float *)other;
  return (a > b) - (a < b);
}

static void print_times(const char *name, float *times, size_t count) {
  if (!count) return;
  qsort(times, count, sizeof *times, by_size);
  printf("\"%s\":{\"count\":%zu,\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f},", name, count, times[count / 2],
         times[(size_t)((double)count * 0.99)], times[count - 1]);
}

// Typing.

typedef struct {
  double at;
  Connection *who;
} Press;

static Press *presses;  // a heap: the next key press on top
static size_t press_count;

static void sift(size_t at) {
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= press_count) return;
    if (child + 1 < press_count && presses[child + 1].at < presses[child].at) child++;
    if (presses[at].at <= presses[child].at) return;
    Press kept = presses[at];
    presses[at] = presses[child];
    presses[child] = kept;
    at = child;
  }
}

static double measured_processor, own_processor;

static void begin_window(double duration) {
  seen.from = now();
  seen.until = seen.from + duration;
  measured_processor = processor_seconds(server);
  own_processor = processor_seconds(getpid());
}

static void end_window(void) {
  measured_processor = processor_seconds(server) - measured_processor;
  own_processor = processor_seconds(getpid()) - own_processor;
}

// Everybody types so many keys a second, at random moments, whatever the server does.
static void type_at_rate(double duration) {
  double until = now() + duration;
  if (!presses) {
    presses = calloc(connection_count, sizeof *presses);
    for (; press_count < connection_count; press_count++)
      presses[press_count] = (Press){now() - log(chance()) / rate, &connections[press_count]};
    for (size_t at = press_count; at--;) sift(at);
  }
  while (now() < until) {
    for (int most = 256; most-- && presses[0].at <= now();) {
      if (presses[0].who->state == OPEN) connection_type(presses[0].who, presses[0].at);
      presses[0].at -= log(chance()) / rate;
      sift(0);
    }
    network_step(fmin(presses[0].at, until) - now());
  }
}

// Whoever's last character has reached the other types the next one.
static void type_on(Connection *connection) {
  if (connection->state == OPEN && connection->typist.delivered == connection->typist.keys)
    connection_type(connection, now());
}

static void type_without_pause(double duration) {
  for (double until = now() + duration; now() < until;) {
    int count = network_step(fmin(0.01, until - now()));
    for (int index = 0; index < count; index++) {
      type_on(touched[index]);
      type_on(touched[index]->other);
    }
  }
}

static void run_typing(bool saturates) {
  open_everybody();
  for (size_t index = 0; saturates && index < connection_count; index++)
    connection_type(&connections[index], now());
  void (*type)(double) = saturates ? type_without_pause : type_at_rate;
  type(warm_up);
  begin_window(seconds);
  type(seconds);
  end_window();
  long kib = resident_kib();
  wait_for(1);
  uint64_t undelivered = 0;
  for (size_t index = 0; index < connection_count; index++)
    undelivered += connections[index].typist.keys - connections[index].typist.delivered;
  printf("{");
  print_times("delivery_ms", seen.delivery_ms, seen.deliveries);
  print_times("acknowledgement_ms", seen.acknowledgement_ms, seen.acknowledgements);
  printf("\"seconds\":%.3f,\"delivered\":%lu,\"undelivered\":%lu,\"processor_seconds\":%.4f,"
         "\"own_processor_seconds\":%.4f,\"resident_kib\":%ld,",
         seconds, seen.delivered, undelivered, measured_processor, own_processor, kib);
}

// Opening, one document after the other: by the first who comes, then by the second.
static void run_opening(void) {
  float *cold = calloc(connection_count, sizeof *cold), *warm = calloc(connection_count, sizeof *warm);
  size_t count = connection_count / 2;
  double before = processor_seconds(server);
  for (size_t index = 0; index < connection_count; index++) {
    open_all(index, 1, 1, 1);
    float took = (float)(1e3 * (connections[index].open_at - connections[index].began_at));
    (index % 2 ? warm : cold)[index / 2] = took;
    wait_for(0.01);
    if (index % 2) {
      connection_close(&connections[index]);
      connection_close(&connections[index - 1]);
    }
  }
  printf("{");
  print_times("cold_ms", cold, count);
  print_times("warm_ms", warm, count);
  printf("\"processor_seconds\":%.4f,", processor_seconds(server) - before);
}

// All are connected, are cut off, and come back at once.
static void run_storm(void) {
  open_everybody();
  close_everybody();
  wait_for(settle);
  double before = processor_seconds(server), began = now();
  open_all(0, 1, connection_count, connection_count);
  printf("{\"synced_ms\":%.2f,\"processor_seconds\":%.4f,", 1e3 * (now() - began), processor_seconds(server) - before);
}

// All have their document open, and do nothing.
static void run_holding(void) {
  long before = resident_kib();
  open_everybody();
  wait_for(seconds);
  printf("{\"resident_before_kib\":%ld,\"resident_kib\":%ld,", before, resident_kib());
}

// SIGKILL, `grace` seconds after the last keystroke. Says `killed`, waits for a line (the server is there again), and
// looks what it still has.
static void run_killing(void) {
  open_everybody();
  type_at_rate(seconds);
  wait_for(grace);
  uint64_t typed = 0, acknowledged = 0, lost = 0, lost_acknowledged = 0;
  size_t *stored = calloc(connection_count, sizeof *stored);
  if (kill(server, SIGKILL)) die("the server cannot be killed");
  for (size_t index = 0; index < connection_count; index++) {
    stored[index] = connections[index].typist.acknowledged;
    connections[index].found = 0;
  }
  close_everybody();
  printf("killed\n");
  fflush(stdout);
  char line[16];
  if (!fgets(line, sizeof line, stdin)) die("nobody started the server again");
  seen.failed = 0;
  open_everybody();
  for (size_t index = 0; index < connection_count; index++) {
    Typist *typist = &connections[index].typist;
    typed += typist->keys;
    acknowledged += stored[index];
    for (size_t key = 0; key < typist->keys; key++) {
      bool is_lost = typist->ends[key] > connections[index].found;
      lost += is_lost;
      lost_acknowledged += is_lost && key < stored[index];
    }
  }
  printf("{\"typed\":%lu,\"acknowledged\":%lu,\"lost\":%lu,\"lost_acknowledged\":%lu,", typed, acknowledged, lost,
         lost_acknowledged);
}

// The plan, and the options.

static char *copied(const char *text) { return strcmp(text, "-") ? strdup(text) : NULL; }

static void add_document(const char *name, const char *first, const char *second) {
  connections = realloc(connections, (connection_count + 2) * sizeof *connections);
  memset(connections + connection_count, 0, 2 * sizeof *connections);
  for (int seat = 0; seat < 2; seat++) {
    Connection *connection = &connections[connection_count + (size_t)seat];
    connection->fd = -1;
    connection->document = strdup(name);
    connection->cookie = copied(seat ? second : first);
    connection->typist.first = seat;
  }
  connection_count += 2;
}

static void read_plan(const char *path, size_t documents_max) {
  FILE *file = fopen(path, "r");
  char *line = NULL, name[512], first[512], second[512];
  size_t room = 0;
  if (!file) die(path);
  while (getline(&line, &room, file) > 0) {
    if (!strncmp(line, "paragraphs ", 11)) {
      for (char *id = strtok(line + 11, " \n"); id && paragraph_count < PARAGRAPHS_MAX; id = strtok(NULL, " \n")) {
        Id *paragraph = &paragraphs[paragraph_count++];
        if (sscanf(id, "%u:%u", &paragraph->client, &paragraph->clock) != 2) die("a paragraph's id");
      }
    } else if (sscanf(line, "document %511s %511s %511s", name, first, second) == 3) {
      if (connection_count < 2 * documents_max) add_document(name, first, second);
    } else {
      die("a line of the plan");
    }
  }
  free(line);
  fclose(file);
  for (size_t index = 0; index < connection_count; index++) {
    connections[index].other = &connections[index ^ 1];
    // Random, as Yjs chooses them, and no two alike: the index is in it.
    connections[index].typist.client = 0x40000000u | (uint32_t)(chance() * 0x3fff) << 16 | (uint32_t)index;
  }
}

static const char *option(int count, char **words, const char *name, const char *otherwise) {
  for (int index = 3; index + 1 < count; index += 2)
    if (!strncmp(words[index], "--", 2) && !strcmp(words[index] + 2, name)) return words[index + 1];
  return otherwise;
}

int main(int count, char **words) {
  if (count < 3) die("PLAN and MODE are needed");
  target.host = "127.0.0.1";
  target.port = atoi(option(count, words, "port", "0"));
  target.path = option(count, words, "path", "/");
  target.origin = option(count, words, "origin", NULL);
  target.routed = !strcmp(option(count, words, "protocol", "hocuspocus"), "hocuspocus");
  target.content_min = (size_t)atol(option(count, words, "content", "0"));
  server = atoi(option(count, words, "server", "0"));
  rate = atof(option(count, words, "rate", "5"));
  warm_up = atof(option(count, words, "warm-up", "1"));
  seconds = atof(option(count, words, "seconds", "5"));
  timeout = atof(option(count, words, "timeout", "120"));
  settle = atof(option(count, words, "settle", "0.5"));
  at_once = atoi(option(count, words, "at-once", "50"));
  dice ^= (uint64_t)atol(option(count, words, "seed", "1")) * 0x9E3779B97F4A7C15u;
  struct rlimit files = {65536, 65536};
  setrlimit(RLIMIT_NOFILE, &files);
  signal(SIGPIPE, SIG_IGN);
  read_plan(words[1], (size_t)atol(option(count, words, "documents", "1000000")));
  network_begin();
  const char *mode = words[2];
  if (!strcmp(mode, "saturate")) run_typing(true);
  else if (!strcmp(mode, "rate")) run_typing(false);
  else if (!strcmp(mode, "open")) run_opening();
  else if (!strcmp(mode, "storm")) run_storm();
  else if (!strcmp(mode, "hold")) run_holding();
  else if (!strcmp(mode, "kill")) run_killing();
  else die("the mode is saturate, rate, open, storm, hold or kill");
  printf("\"closed\":%lu,\"unreadable\":%lu}\n", seen.closed, seen.unreadable);
  return 0;
}
