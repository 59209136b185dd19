/*
 * Runs a program as on a kernel without nf_tables: socket(AF_NETLINK, ..., NETLINK_NETFILTER) ends in EPROTONOSUPPORT, by
 * a seccomp filter that it cannot take off and its children inherit. Usage: without-nf-tables PROGRAM ARGUMENTS...
 * Only native system calls are looked at; a 32-bit program would pass.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The lower half of a system call's argument: little-endian hosts only, as the rest of the project. */
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define UNLESS_EQUAL(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip)

int main(int count, char** arguments) {
  struct sock_filter filter[] = {
      LOAD(nr),
      UNLESS_EQUAL(__NR_socket, 5),
      LOAD(args[0]),
      UNLESS_EQUAL(AF_NETLINK, 3),
      LOAD(args[2]),
      UNLESS_EQUAL(NETLINK_NETFILTER, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPROTONOSUPPORT),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
  if (count < 2) return fprintf(stderr, "usage: %s PROGRAM ARGUMENTS...\n", arguments[0]), 2;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    return perror("prctl"), 2;
  execvp(arguments[1], arguments + 1);
  return perror(arguments[1]), 127;
}
