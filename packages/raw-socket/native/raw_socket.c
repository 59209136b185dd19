/*
 * Datagrams in and out of AF_PACKET and AF_NETLINK sockets: the two families that Node.js cannot open.
 *
 * What it does: open and bind (packet: to one link; netlink: to multicast groups), send, receive, close, on the event
 * loop of the environment that loaded it. What it does not: read a single byte of what passes through.
 *
 * Life of a socket: `struct raw_socket` has two owners, the JavaScript handle (an external) and the libuv handle. While
 * the socket is open it holds a strong reference to its own external, as Node's sockets do, so an open socket is never
 * collected. close(), and the end of the environment, drop that reference and close the libuv handle; the owner that
 * goes last frees the memory.
 *
 * Errors are never lost: opening throws an Error with `syscall` and `errno`; send returns -errno; a failed receive is
 * handed to the callback as -errno. Node-API calls whose only failure is our own misuse are not checked one by one.
 *
 * Node-API 8 (Node 12.22+, 14.17+, 16+), libuv's uv_poll: both are stable across Node's majors.
 */
#define _GNU_SOURCE
#define NAPI_VERSION 8
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <node_api.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

/* The kernel caps a netlink dump's datagram at 32 KiB, GRO an Ethernet frame near 64 KiB. */
#define RECEIVE_BUFFER_BYTES 65536
/* Datagrams taken per wake-up: a storm may not keep timers waiting. What is left wakes the loop again at once. */
#define BATCH 64
/* More datagrams than a receive buffer of 12 MiB holds: each is charged at least 768 bytes. See on_poll(). */
#define QUEUE_MAX 16384

struct raw_socket {
  uv_poll_t poll;
  napi_env env;
  napi_ref self;
  napi_ref on_datagram;
  napi_async_context context;
  napi_async_cleanup_hook_handle cleanup_hook;
  int fd; /* -1 once closed */
  int owners;
  bool paused;
  sa_family_t family;
  uint8_t buffer[RECEIVE_BUFFER_BYTES];
};

static void release(struct raw_socket* s) {
  if (--s->owners == 0) free(s);
}

/* ---- close ---- */

static void on_poll_closed(uv_handle_t* handle) {
  struct raw_socket* s = handle->data;
  napi_remove_async_cleanup_hook(s->cleanup_hook);
  release(s);
}

static void close_socket(struct raw_socket* s) {
  if (s->fd < 0) return;
  uv_close((uv_handle_t*)&s->poll, on_poll_closed); /* takes the descriptor out of epoll first */
  close(s->fd);
  s->fd = -1;
  napi_async_destroy(s->env, s->context);
  napi_delete_reference(s->env, s->on_datagram);
  napi_delete_reference(s->env, s->self);
}

/* The environment (process or worker thread) ends; no JavaScript may run any more. */
static void on_environment_ends(napi_async_cleanup_hook_handle hook, void* data) {
  (void)hook; /* the same as s->cleanup_hook; removed when libuv has let go */
  close_socket(data);
}

static void on_handle_collected(napi_env env, void* data, void* hint) {
  (void)env;
  (void)hint;
  release(data);
}

/* ---- receive ---- */

static ssize_t receive(struct raw_socket* s) {
  struct sockaddr_nl from;
  socklen_t length = sizeof from;
  bool netlink = s->family == AF_NETLINK;
  ssize_t n;
  do {
    n = recvfrom(s->fd, s->buffer, sizeof s->buffer, MSG_DONTWAIT | MSG_TRUNC, netlink ? (void*)&from : NULL,
                 netlink ? &length : NULL);
    /* Port 0 is the kernel. Another process may send here too, but has nothing to tell. */
  } while ((n < 0 && errno == EINTR) || (n >= 0 && netlink && from.nl_pid != 0));
  if (n < 0) return -errno;
  return (size_t)n > sizeof s->buffer ? -EMSGSIZE : n; /* MSG_TRUNC: n is the real length */
}

/* Calls onDatagram(bytes, 0) or onDatagram(undefined, -errno). */
static void deliver(struct raw_socket* s, ssize_t n) {
  napi_env env = s->env;
  napi_handle_scope scope;
  napi_value receiver, callback, buffer, arguments[2];
  void* bytes;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_get_undefined(env, &arguments[0]);
  if (n >= 0 && napi_create_arraybuffer(env, (size_t)n, &bytes, &buffer) == napi_ok) {
    if (n > 0) memcpy(bytes, s->buffer, (size_t)n);
    napi_create_typedarray(env, napi_uint8_array, (size_t)n, buffer, 0, &arguments[0]);
  }
  napi_create_int32(env, n < 0 ? (int32_t)n : 0, &arguments[1]);
  napi_get_global(env, &receiver);
  napi_get_reference_value(env, s->on_datagram, &callback);
  if (napi_call_function(env, receiver, callback, 2, arguments, NULL) == napi_pending_exception) {
    /* There is no JavaScript caller above us to catch it: give it to process.on("uncaughtException"). */
    napi_value exception;
    if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
  }
  napi_close_handle_scope(env, scope);
}

/* Hands on what is queued. Returns 0, or the error that the last receive ended with. */
static int deliver_batch(struct raw_socket* s) {
  int error = 0;
  bool overrun = false;
  /*
   * After an overrun the kernel goes on dropping, without another word, until the queue was empty once
   * (netlink_overrun, NETLINK_S_CONGESTED). So it is reported only then: whoever reads the lost state again earlier
   * misses what is dropped between that and the end of the queue, for ever.
   */
  for (int left = BATCH; left > 0 && s->fd >= 0 && error == 0 && !s->paused; left--) {
    ssize_t n = receive(s);
    if (n == -EAGAIN) break;
    if (n == -ENOBUFS) {
      overrun = true;
      left = QUEUE_MAX;
      continue;
    }
    if (n < 0 && n != -EMSGSIZE) error = (int)-n;
    deliver(s, n);
  }
  if (overrun && s->fd >= 0) deliver(s, -ENOBUFS);
  return error;
}

static void on_poll(uv_poll_t* poll, int status, int events) {
  struct raw_socket* s = poll->data;
  napi_handle_scope handles;
  napi_callback_scope callbacks; /* runs process.nextTick and promises once, after the whole batch */
  napi_value resource;
  (void)events;
  if (napi_open_handle_scope(s->env, &handles) != napi_ok) return;
  napi_get_reference_value(s->env, s->self, &resource);
  if (napi_open_callback_scope(s->env, resource, s->context, &callbacks) != napi_ok) {
    napi_close_handle_scope(s->env, handles);
    return;
  }
  int error = deliver_batch(s);
  /*
   * ENETDOWN (link down) and ENOBUFS (overrun) set the socket's error; libuv sees EPOLLERR, calls with UV_EBADF and
   * *stops* the handle (libuv issue 3796). Both pass and recv() has just cleared them, so poll again. Any other error
   * would come back without end: it was reported, and the socket stays silent.
   */
  bool passing = error == 0 || error == ENETDOWN;
  if (s->fd >= 0 && !passing) uv_poll_stop(poll);
  if (s->fd >= 0 && passing && status < 0 && !s->paused) uv_poll_start(poll, UV_READABLE, on_poll);
  napi_close_callback_scope(s->env, callbacks);
  napi_close_handle_scope(s->env, handles);
}

/* ---- open ---- */

/* Throws Error{syscall, errno} and closes `fd`. Always returns NULL, so that a caller can return it. */
static napi_value fail(napi_env env, const char* syscall_name, int error, int fd) {
  napi_value exception, message, value;
  if (fd >= 0) close(fd);
  napi_create_string_utf8(env, strerror(error), NAPI_AUTO_LENGTH, &message);
  napi_create_error(env, NULL, message, &exception);
  napi_create_string_utf8(env, syscall_name, NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, exception, "syscall", value);
  napi_create_int32(env, error, &value);
  napi_set_named_property(env, exception, "errno", value);
  napi_throw(env, exception);
  return NULL;
}

/* Hands a bound descriptor to the event loop and makes the JavaScript handle. */
static napi_value adopt(napi_env env, int fd, sa_family_t family, napi_value on_datagram) {
  struct raw_socket* s = calloc(1, sizeof *s);
  uv_loop_t* loop;
  napi_value handle, name;
  int error;
  if (s == NULL) return fail(env, "calloc", ENOMEM, fd);
  napi_get_uv_event_loop(env, &loop);
  error = uv_poll_init(loop, &s->poll, fd);
  if (error != 0) {
    free(s);
    return fail(env, "uv_poll_init", -error, fd);
  }
  *s = (struct raw_socket){.poll = s->poll, .env = env, .fd = fd, .owners = 2, .family = family};
  s->poll.data = s;
  napi_create_external(env, s, on_handle_collected, NULL, &handle);
  napi_create_reference(env, handle, 1, &s->self);
  napi_create_reference(env, on_datagram, 1, &s->on_datagram);
  napi_create_string_utf8(env, "RAW_SOCKET", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env, NULL, name, &s->context);
  napi_add_async_cleanup_hook(env, on_environment_ends, s, &s->cleanup_hook);
  uv_unref((uv_handle_t*)&s->poll); /* what keeps the process alive is its timers' and servers' business; see ref() */
  error = uv_poll_start(&s->poll, UV_READABLE, on_poll);
  if (error != 0) {
    close_socket(s);
    return fail(env, "uv_poll_start", -error, -1);
  }
  return handle;
}

/* openPacket(etherType, linkIndex, filter: Uint8Array of struct sock_filter, onDatagram) -> handle */
static napi_value open_packet(napi_env env, napi_callback_info info) {
  napi_value argument[4];
  size_t count = 4, filter_bytes = 0;
  uint32_t ether_type = 0;
  int32_t link_index = 0;
  void* filter = NULL;
  napi_get_cb_info(env, info, &count, argument, NULL, NULL);
  napi_get_value_uint32(env, argument[0], &ether_type);
  napi_get_value_int32(env, argument[1], &link_index);
  napi_get_typedarray_info(env, argument[2], NULL, &filter_bytes, &filter, NULL, NULL);

  /* Protocol 0: the socket hears nothing until bind(), so no frame slips past the filter; a protocol here would also
     make bind() wait for an RCU grace period, about 16 ms. PACKET_QDISC_BYPASS stays off: it would also bypass the
     netdev egress hook, where the hold gate drops our own frames. */
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fail(env, "socket", errno, fd);
  if (filter_bytes > 0) {
    struct sock_fprog program = {.len = (unsigned short)(filter_bytes / sizeof(struct sock_filter)), .filter = filter};
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
      return fail(env, "setsockopt(SO_ATTACH_FILTER)", errno, fd);
  }
  struct sockaddr_ll link = {
      .sll_family = AF_PACKET, .sll_protocol = htons((uint16_t)ether_type), .sll_ifindex = link_index};
  if (bind(fd, (struct sockaddr*)&link, sizeof link) != 0) return fail(env, "bind", errno, fd);
  return adopt(env, fd, AF_PACKET, argument[3]);
}

/* openNetlink(protocol, groups, receiveBufferBytes, onDatagram) -> handle */
static napi_value open_netlink(napi_env env, napi_callback_info info) {
  napi_value argument[4];
  size_t count = 4;
  int32_t protocol = 0, receive_bytes = 0;
  uint32_t groups = 0;
  napi_get_cb_info(env, info, &count, argument, NULL, NULL);
  napi_get_value_int32(env, argument[0], &protocol);
  napi_get_value_uint32(env, argument[1], &groups);
  napi_get_value_int32(env, argument[2], &receive_bytes);

  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
  if (fd < 0) return fail(env, "socket", errno, fd);
  /* FORCE may pass net.core.rmem_max and needs NET_ADMIN; without it the kernel caps the plain form silently. */
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_bytes, sizeof receive_bytes) != 0 &&
      setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes) != 0)
    return fail(env, "setsockopt(SO_RCVBUF)", errno, fd);
  /* Refused before Linux 4.12 (error texts), 4.3 (short acks), 4.20 (strict dumps): we live without each. */
  const int on = 1;
  (void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  (void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  (void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
  if (bind(fd, (struct sockaddr*)&address, sizeof address) != 0) return fail(env, "bind", errno, fd);
  return adopt(env, fd, AF_NETLINK, argument[3]);
}

/* ---- the verbs of an open handle ---- */

static struct raw_socket* get(napi_env env, napi_callback_info info, size_t count, napi_value* argument) {
  void* socket = NULL;
  napi_get_cb_info(env, info, &count, argument, NULL, NULL);
  napi_get_value_external(env, argument[0], &socket);
  return socket;
}

/* send(handle, bytes) -> 0 or -errno. A datagram is sent whole or not at all. */
static napi_value send_datagram(napi_env env, napi_callback_info info) {
  napi_value argument[2], result;
  struct raw_socket* s = get(env, info, 2, argument);
  size_t length = 0;
  void* bytes = NULL;
  ssize_t n;
  napi_get_typedarray_info(env, argument[1], NULL, &length, &bytes, NULL, NULL);
  do {
    n = send(s->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  napi_create_int32(env, n < 0 ? -errno : 0, &result);
  return result;
}

/* receive(handle): hands on what is queued now, before it returns. Promises run when its caller has ended. */
static napi_value receive_now(napi_env env, napi_callback_info info) {
  napi_value argument[1];
  struct raw_socket* s = get(env, info, 1, argument);
  if (s->fd < 0) return NULL;
  int error = deliver_batch(s);
  if (s->fd >= 0 && error != 0 && error != ENETDOWN) uv_poll_stop(&s->poll); /* as on_poll() does */
  return NULL;
}

/* portId(handle) -> the netlink port the kernel gave us; replies carry it. */
static napi_value port_id(napi_env env, napi_callback_info info) {
  napi_value argument[1], result;
  struct raw_socket* s = get(env, info, 1, argument);
  struct sockaddr_nl address = {0};
  socklen_t length = sizeof address;
  if (getsockname(s->fd, (struct sockaddr*)&address, &length) != 0) return fail(env, "getsockname", errno, -1);
  napi_create_uint32(env, address.nl_pid, &result);
  return result;
}

/* keepAlive(handle, boolean): whether the open socket keeps the event loop running. */
static napi_value keep_alive(napi_env env, napi_callback_info info) {
  napi_value argument[2];
  struct raw_socket* s = get(env, info, 2, argument);
  bool wanted = false;
  napi_get_value_bool(env, argument[1], &wanted);
  if (s->fd >= 0) (wanted ? uv_ref : uv_unref)((uv_handle_t*)&s->poll);
  return NULL;
}

/* pause(handle, boolean): whether datagrams are left to the kernel's queue. It drops those that it has no room for. */
static napi_value pause_reading(napi_env env, napi_callback_info info) {
  napi_value argument[2];
  struct raw_socket* s = get(env, info, 2, argument);
  if (s->fd < 0) return NULL;
  napi_get_value_bool(env, argument[1], &s->paused);
  if (s->paused) uv_poll_stop(&s->poll);
  else uv_poll_start(&s->poll, UV_READABLE, on_poll);
  return NULL;
}

/* close(handle): at once; no callback runs after it. Closing twice is harmless. */
static napi_value close_handle(napi_env env, napi_callback_info info) {
  napi_value argument[1];
  close_socket(get(env, info, 1, argument));
  return NULL;
}

NAPI_MODULE_INIT() {
  const struct {
    const char* name;
    napi_callback function;
  } functions[] = {{"openPacket", open_packet}, {"openNetlink", open_netlink}, {"send", send_datagram},
                   {"receive", receive_now},    {"portId", port_id},           {"keepAlive", keep_alive},
                   {"pause", pause_reading},    {"close", close_handle}};
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    if (napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function, NULL, &function) != napi_ok)
      return NULL;
    napi_set_named_property(env, exports, functions[i].name, function);
  }
  return exports;
}
