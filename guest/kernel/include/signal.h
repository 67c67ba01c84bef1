/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals. Numbers, default actions and structures are Linux's (signal(7)). */
#pragma once
#include <abi/signal.h>
#include <types.h>

struct task;
struct trapframe;

/* The kernel's copy of an action; `handler` is an address, SIG_DFL or SIG_IGN. */
struct signal_action {
    u64 handler, flags, restorer, mask;
};

/* Shared by nobody yet (no CLONE_SIGHAND): one table a task. */
struct signals {
    u64 pending, blocked;
    u64 saved_blocked; /* restored after a handler that rt_sigsuspend ran */
    bool restore_blocked;
    struct signal_action actions[64]; /* [signo - 1] */
    struct signal_detail {
        int code;  /* si_code */
        u64 value; /* si_addr, or pid of sender / child */
        int status;
    } details[64];
};

/* Post `sig` to one task: 0, or -EINVAL for a bad number. `code` is si_code (SI_USER...), `value` the address or
   sender's pid. */
int signal_send(struct task *task, int sig, int code, u64 value);
/* signal_send for callers that hold tasks_lock. */
void signal_post(struct task *task, int sig, int code, u64 value, int status);
/* SIGCHLD (or what clone asked for) about `child`: it exited, stopped or continued. tasks_lock is held. */
void signal_child(struct task *parent, struct task *child);
/* A fault of the running task: like signal_send, but a blocked or ignored one kills. */
void signal_force(int sig, int code, u64 address);
/* To a whole process group (pgid > 0): 0, -ESRCH when it is empty. The tty's Ctrl-C uses it, from interrupt context
   too. */
int signal_group(pid_t pgid, int sig);
void signal_init_task(struct task *task, const struct task *parent); /* fork: copies actions and mask, clears pending */
void signal_exec(struct task *task);                                 /* execve: handlers back to default */
/* Act on pending signals before returning to user mode (may not return: default action kill). */
void signal_deliver(struct trapframe *tf);
/* Would `sig` end this task if it struck now (no handler, not ignored)? */
bool signal_is_fatal(const struct task *task, int sig);
/* Replace the running task's mask; SIGKILL and SIGSTOP are never blocked. */
void signal_set_blocked(u64 blocked);
const char *signal_name(int sig); /* "SIGSEGV" */
