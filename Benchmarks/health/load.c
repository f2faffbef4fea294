// Asks one URL at a fixed rate, whether answers come or not, and says how long answers took.
//
//   load HOST PORT PATH RATE SECONDS CONNECTIONS
//
// Each question has its time in the plan (every 1/RATE s); its latency counts from there, also while it waits for a free
// connection, so that a server that stands still is not asked less (no coordinated omission). Connections are kept; one
// that breaks is opened anew and its question counts as an error. Prints one line of JSON. HOST is an IPv4 address.

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SLOWEST_US 2000000
#define ANSWER_BYTES 65536

struct connection {
  int fd;
  int busy;
  int64_t due_ns;
  size_t received, wanted;  // wanted: the whole answer's length, 0 while its head is not complete
  int status;
  char head[4096];
};

static struct sockaddr_in server;
static struct connection *connections;
static int *idle, idle_count, poller;
static uint32_t counts[SLOWEST_US + 1];
static uint64_t statuses[600], errors, done, sent;
static int64_t worst_lateness_ns;
static char question[1024];
static int question_bytes;

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void open_connection(int index) {
  struct connection *c = &connections[index];
  int one = 1;
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->fd < 0) die("socket");
  if (connect(c->fd, (struct sockaddr *)&server, sizeof server) != 0) die("connect");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)index};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event) != 0) die("epoll_ctl");
  c->busy = 0;
  idle[idle_count++] = index;
}

static void note(struct connection *c, int64_t at) {
  int64_t us = (at - c->due_ns) / 1000;
  counts[us < 0 ? 0 : us > SLOWEST_US ? SLOWEST_US : us]++;
  if (c->status >= 100 && c->status < 600) statuses[c->status]++;
  done++;
}

static void broken(int index) {
  errors += (uint64_t)connections[index].busy;
  close(connections[index].fd);
  for (int i = 0; i < idle_count; i++)
    if (idle[i] == index) idle[i--] = idle[--idle_count];
  open_connection(index);
}

static void receive(int index) {
  struct connection *c = &connections[index];
  static char rest[ANSWER_BYTES];
  int inHead = c->wanted == 0;
  char *into = inHead ? c->head + c->received : rest;
  size_t room = inHead ? sizeof c->head - 1 - c->received : sizeof rest;
  ssize_t got = recv(c->fd, into, room, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0 || !c->busy) return broken(index);
  c->received += (size_t)got;
  if (inHead) {
    c->head[c->received] = 0;
    char *end = strstr(c->head, "\r\n\r\n"), *length = strcasestr(c->head, "\r\ncontent-length:");
    if (!end) {
      if (c->received >= sizeof c->head - 1) broken(index);
      return;
    }
    c->status = atoi(c->head + 9);
    c->wanted = (size_t)(end + 4 - c->head) + (length && length < end ? (size_t)atol(length + 17) : 0);
  }
  if (c->received < c->wanted) return;
  note(c, now_ns());
  c->busy = 0;
  idle[idle_count++] = index;
}

static void ask(int64_t due) {
  int index = idle[--idle_count];
  struct connection *c = &connections[index];
  int64_t late = now_ns() - due;
  if (late > worst_lateness_ns) worst_lateness_ns = late;
  c->busy = 1, c->due_ns = due, c->received = c->wanted = 0;
  sent++;
  if (send(c->fd, question, (size_t)question_bytes, MSG_NOSIGNAL) != question_bytes) broken(index);
}

static double percentile(double share) {
  uint64_t target = (uint64_t)((double)done * share), seen = 0;
  for (int us = 0; us <= SLOWEST_US; us++)
    if ((seen += counts[us]) > target || seen == done) return us / 1000.0;
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 7) {
    fprintf(stderr, "usage: load HOST PORT PATH RATE SECONDS CONNECTIONS\n");
    return 64;
  }
  double rate = atof(argv[4]), seconds = atof(argv[5]);
  int count = atoi(argv[6]);
  server.sin_family = AF_INET, server.sin_port = htons((uint16_t)atoi(argv[2]));
  if (inet_pton(AF_INET, argv[1], &server.sin_addr) != 1 || rate <= 0 || seconds <= 0 || count < 1 || count > 10000) {
    fprintf(stderr, "load: bad arguments\n");
    return 64;
  }
  question_bytes = snprintf(question, sizeof question, "GET %s HTTP/1.1\r\nHost: %s:%s\r\n\r\n", argv[3], argv[1], argv[2]);
  if (question_bytes <= 0 || question_bytes >= (int)sizeof question) return 64;
  prctl(PR_SET_TIMERSLACK, 1000);
  poller = epoll_create1(0);
  connections = calloc((size_t)count, sizeof *connections);
  idle = calloc((size_t)count, sizeof *idle);
  if (poller < 0 || !connections || !idle) die("start");
  for (int i = 0; i < count; i++) open_connection(i);

  int64_t start = now_ns() + 50000000, step = (int64_t)(1e9 / rate);
  uint64_t planned = (uint64_t)(rate * seconds), next = 0;
  int64_t end = start + (int64_t)(seconds * 1e9), last = end + 2000000000;
  struct epoll_event events[512];
  for (;;) {
    int64_t now = now_ns();
    while (next < planned && idle_count > 0 && start + (int64_t)next * step <= now) ask(start + (int64_t)next++ * step);
    if ((next == planned && idle_count == count) || now > last) break;
    int64_t wait = next < planned && idle_count > 0 ? start + (int64_t)next * step - now : 10000000;
    if (wait < 0) wait = 0;
    struct timespec pause = {.tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000};
    int ready = epoll_pwait2(poller, events, 512, &pause, NULL);
    if (ready < 0 && errno != EINTR) die("epoll");
    for (int i = 0; i < ready; i++) receive((int)events[i].data.u32);
  }
  double took = (double)(now_ns() - start) / 1e9;
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  printf("{\"planned\": %lu, \"sent\": %lu, \"answered\": %lu, \"errors\": %lu, \"seconds\": %.3f, \"rate\": %.1f, ", planned, sent, done,
         errors, took, (double)done / (took > seconds ? took : seconds));
  printf("\"p50_ms\": %.3f, \"p90_ms\": %.3f, \"p99_ms\": %.3f, \"p999_ms\": %.3f, \"max_ms\": %.3f, ", percentile(0.5), percentile(0.9),
         percentile(0.99), percentile(0.999), percentile(1));
  printf("\"worst_send_lateness_ms\": %.3f, \"own_cpu_seconds\": %.2f, \"statuses\": {", (double)worst_lateness_ns / 1e6,
         (double)used.ru_utime.tv_sec + (double)used.ru_stime.tv_sec + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
  const char *comma = "";
  for (int s = 100; s < 600; s++)
    if (statuses[s]) printf("%s\"%d\": %lu", comma, s, statuses[s]), comma = ", ";
  printf("}}\n");
  return done == planned ? 0 : 2;
}
