/* Holds every packet of one NFQUEUE for a fixed time: a long link where the kernel has no netem.
 *
 * usage: delay QUEUE MILLISECONDS
 *
 * Only the packets' numbers come to this program (NFQNL_COPY_META); the packets stay in the kernel and are never changed.
 * The delay is the same for all, so verdicts are given in the order of arrival and one verdict serves a whole batch.
 * Prints one line when it is ready, and on SIGTERM or SIGINT how many packets passed and how many the queue had to drop. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <libmnl/libmnl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { HELD_MAX = 1 << 17, BUFFER = 1 << 16 };

struct held {
  uint32_t id;
  int64_t release_ns;
};

static struct held ring[HELD_MAX];
static uint64_t head, tail, overruns;
static int64_t delay_ns, now_ns;
static volatile sig_atomic_t stopping;

static void stop(int number) { (void)number, stopping = 1; }

static int64_t monotonic_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct nlmsghdr *request(char *buffer, int type, uint16_t queue) {
  struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
  header->nlmsg_type = (NFNL_SUBSYS_QUEUE << 8) | type;
  header->nlmsg_flags = NLM_F_REQUEST;
  struct nfgenmsg *message = mnl_nlmsg_put_extra_header(header, sizeof *message);
  message->nfgen_family = AF_UNSPEC;
  message->version = NFNETLINK_V0;
  message->res_id = htons(queue);
  return header;
}

static int find_id(const struct nlattr *attribute, void *data) {
  if (mnl_attr_get_type(attribute) == NFQA_PACKET_HDR) {
    const struct nfqnl_msg_packet_hdr *packet = mnl_attr_get_payload(attribute);
    *(uint32_t *)data = ntohl(packet->packet_id);
    return MNL_CB_STOP;
  }
  return MNL_CB_OK;
}

static int arrived(const struct nlmsghdr *header, void *data) {
  uint32_t id = 0;
  (void)data;
  mnl_attr_parse(header, sizeof(struct nfgenmsg), find_id, &id);
  if (id == 0) return MNL_CB_OK;
  if (tail - head == HELD_MAX) {
    fprintf(stderr, "delay: more than %d packets are held\n", HELD_MAX);
    exit(1);
  }
  ring[tail++ % HELD_MAX] = (struct held){id, now_ns + delay_ns};
  return MNL_CB_OK;
}

static void send_or_die(struct mnl_socket *socket, struct nlmsghdr *header) {
  if (mnl_socket_sendto(socket, header, header->nlmsg_len) < 0) {
    perror("delay: netlink");
    exit(1);
  }
}

/* Accepts everything whose time has come. One batch verdict accepts all packets up to and including the number. */
static void release(struct mnl_socket *socket, uint16_t queue) {
  char buffer[256];
  uint32_t last = 0;
  int some = 0;
  while (head != tail && ring[head % HELD_MAX].release_ns <= now_ns) last = ring[head++ % HELD_MAX].id, some = 1;
  if (!some) return;
  struct nlmsghdr *header = request(buffer, NFQNL_MSG_VERDICT_BATCH, queue);
  struct nfqnl_msg_verdict_hdr verdict = {htonl(NF_ACCEPT), htonl(last)};
  mnl_attr_put(header, NFQA_VERDICT_HDR, sizeof verdict, &verdict);
  send_or_die(socket, header);
}

static void configure(struct mnl_socket *socket, uint16_t queue) {
  char buffer[512];
  struct nfqnl_msg_config_cmd bind = {.command = NFQNL_CFG_CMD_BIND, .pf = htons(AF_INET)};
  struct nfqnl_msg_config_params mode = {.copy_range = htonl(0), .copy_mode = NFQNL_COPY_META};
  struct nlmsghdr *header = request(buffer, NFQNL_MSG_CONFIG, queue);
  mnl_attr_put(header, NFQA_CFG_CMD, sizeof bind, &bind);
  send_or_die(socket, header);
  header = request(buffer, NFQNL_MSG_CONFIG, queue);
  mnl_attr_put(header, NFQA_CFG_PARAMS, sizeof mode, &mode);
  mnl_attr_put_u32(header, NFQA_CFG_QUEUE_MAXLEN, htonl(HELD_MAX - 1));
  /* Large packets of the sender's stack come as they are, instead of being cut up for us. */
  mnl_attr_put_u32(header, NFQA_CFG_FLAGS, htonl(NFQA_CFG_F_GSO));
  mnl_attr_put_u32(header, NFQA_CFG_MASK, htonl(NFQA_CFG_F_GSO));
  header->nlmsg_flags |= NLM_F_ACK;
  send_or_die(socket, header);
}

int main(int count, char **words) {
  static char buffer[BUFFER];
  if (count != 3 || atoi(words[1]) < 0 || atof(words[2]) <= 0) {
    fprintf(stderr, "usage: delay QUEUE MILLISECONDS\n");
    return 64;
  }
  uint16_t queue = (uint16_t)atoi(words[1]);
  delay_ns = (int64_t)(atof(words[2]) * 1e6);
  struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);
  if (socket == NULL || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
    perror("delay: netlink");
    return 1;
  }
  int bytes = 64 << 20, on = 1;
  setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
  mnl_socket_setsockopt(socket, NETLINK_NO_ENOBUFS, &on, sizeof on);
  configure(socket, queue);
  signal(SIGTERM, stop);
  signal(SIGINT, stop);
  printf("delay: queue %u, %s ms\n", queue, words[2]);
  fflush(stdout);
  while (!stopping) {
    struct pollfd wait = {.fd = mnl_socket_get_fd(socket), .events = POLLIN};
    struct timespec left, *limit = NULL;
    now_ns = monotonic_ns();
    if (head != tail) {
      int64_t ns = ring[head % HELD_MAX].release_ns - now_ns;
      left = (struct timespec){ns > 0 ? ns / 1000000000 : 0, ns > 0 ? ns % 1000000000 : 0};
      limit = &left;
    }
    int ready = ppoll(&wait, 1, limit, NULL);
    now_ns = monotonic_ns();
    if (ready > 0) {
      ssize_t size = mnl_socket_recvfrom(socket, buffer, sizeof buffer);
      if (size < 0 && errno == ENOBUFS) overruns++;
      else if (size < 0 && errno != EINTR) {
        perror("delay: netlink");
        return 1;
      } else if (size > 0 && mnl_cb_run(buffer, (size_t)size, 0, mnl_socket_get_portid(socket), arrived, NULL) < 0 && errno != ESRCH && errno != EINTR) {
        perror("delay: message");
        return 1;
      }
    }
    release(socket, queue);
  }
  printf("delay: %llu packets passed, %llu overruns\n", (unsigned long long)head, (unsigned long long)overruns);
  return 0;
}
