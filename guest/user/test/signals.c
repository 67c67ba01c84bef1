// SPDX-License-Identifier: GPL-2.0-or-later
//
// Signals without handlers: default actions, ignoring, blocking, who may be reached, SIGCHLD.

#include "tap.h"

static int raise_it(void *sig)
{
    raise((int)(intptr_t)sig);
    return 7;
}

static int ignore_and_raise(void *sig)
{
    signal((int)(intptr_t)sig, SIG_IGN);
    return raise_it(sig);
}

static sigset_t only(int sig)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, sig);
    return set;
}

static int block_raise_unblock(void *unused)
{
    sigset_t set = only(SIGTERM);

    (void)unused;
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGTERM);
    if (getppid() < 0)
        return 1;
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    return 7;                           // the pending signal has ended us before
}

static int block_raise_end(void *unused)
{
    sigset_t set = only(SIGTERM);

    (void)unused;
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGTERM);
    return 7;
}

static int block_raise_ignore_unblock(void *unused)
{
    sigset_t set = only(SIGTERM);

    (void)unused;
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGTERM);
    signal(SIGTERM, SIG_IGN);           // discards it, pending or not
    signal(SIGTERM, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    return 7;
}

// Mask and dispositions come from the parent; what was pending there does not.
static int inherits_mask(void *unused)
{
    sigset_t now;

    (void)unused;
    sigprocmask(SIG_BLOCK, NULL, &now);
    if (!sigismember(&now, SIGUSR1))
        return 1;
    sigemptyset(&now);
    sigprocmask(SIG_SETMASK, &now, NULL);
    return 7;
}

static int sleep_long(void *unused)
{
    (void)unused;
    sleep(5);
    return 7;
}

static int group_kills_itself(void *unused)
{
    pid_t member;

    (void)unused;
    if (setpgid(0, 0))
        return 1;
    member = start(sleep_long, NULL);
    signal(SIGTERM, SIG_IGN);           // after the fork, so that the member keeps the default
    if (kill(0, SIGTERM))
        return 2;
    return finish(member) == -SIGTERM ? 7 : 3;
}

static long kill_errno(long pid, long sig)
{
    return __syscall(__NR_kill, pid, sig);
}

static int exit_now(void *unused)
{
    (void)unused;
    return 0;
}

int main(void)
{
    static const int fatal[] = {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1,
                                SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGXCPU, SIGVTALRM, SIGSYS};
    static const int harmless[] = {SIGCHLD, SIGCONT, SIGURG, SIGWINCH};
    struct sigaction action = {.sa_handler = SIG_IGN}, old;
    sigset_t set, before;
    int wrong = 0;
    pid_t pid;

    plan(31);
    for (unsigned i = 0; i < sizeof(fatal) / sizeof(*fatal); i++)
        wrong += in_child(raise_it, (void *)(intptr_t)fatal[i]) != -fatal[i];
    same(wrong, 0, "the default action of 18 signals is to end the process");
    for (unsigned i = 0; i < sizeof(harmless) / sizeof(*harmless); i++)
        wrong += in_child(raise_it, (void *)(intptr_t)harmless[i]) != 7;
    same(wrong, 0, "that of CHLD, CONT, URG and WINCH is nothing");
    same(in_child(ignore_and_raise, (void *)SIGTERM), 7, "an ignored signal does nothing");
    same(in_child(ignore_and_raise, (void *)SIGKILL), -SIGKILL, "SIGKILL cannot be ignored");
    ok(sigaction(SIGKILL, &action, NULL) == -1 && errno == EINVAL, "sigaction of SIGKILL is EINVAL");
    ok(sigaction(SIGSTOP, &action, NULL) == -1 && errno == EINVAL, "sigaction of SIGSTOP is EINVAL");
    ok(sigaction(SIGKILL, NULL, &old) == 0 && old.sa_handler == SIG_DFL, "but asking is allowed");
    ok(sigaction(0, &action, NULL) == -1 && errno == EINVAL, "signal 0 has no action");
    ok(sigaction(65, &action, NULL) == -1 && errno == EINVAL, "nor has signal 65");
    same(__syscall(__NR_rt_sigaction, (long)SIGUSR1, NULL, NULL, 4L), -EINVAL, "a set of 4 bytes is EINVAL");

    sigaction(SIGUSR1, &action, NULL);
    ok(sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_handler == SIG_IGN, "sigaction tells the action there is");
    signal(SIGUSR1, SIG_DFL);

    same(in_child(block_raise_unblock, NULL), -SIGTERM, "a blocked signal waits until it is unblocked");
    same(in_child(block_raise_end, NULL), 7, "and is forgotten if that never happens");
    same(in_child(block_raise_ignore_unblock, NULL), 7, "ignoring a pending signal discards it");
    sigfillset(&set);
    sigprocmask(SIG_SETMASK, &set, &before);
    sigprocmask(SIG_SETMASK, &before, &set);
    ok(!sigismember(&set, SIGKILL) && !sigismember(&set, SIGSTOP) && sigismember(&set, SIGTERM),
       "all can be blocked but SIGKILL and SIGSTOP");
    set = only(SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    same(in_child(inherits_mask, NULL), 7, "a child inherits the mask");
    raise(SIGUSR1);
    same(in_child(inherits_mask, NULL), 7, "but not what is pending");
    signal(SIGUSR1, SIG_IGN);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    ok(true, "we are still there");
    same(__syscall(__NR_rt_sigprocmask, 7L, &set, NULL, 8L), -EINVAL, "an unknown way to change the mask is EINVAL");
    same(__syscall(__NR_rt_sigprocmask, 7L, NULL, &before, 8L), 0, "unless nothing is changed");

    same(kill_errno(getpid(), 0), 0, "signal 0 tells that a process is there");
    same(kill_errno(0x3fffffff, 0), -ESRCH, "or that it is not: ESRCH");
    same(kill_errno(getpid(), 65), -EINVAL, "signal 65 is EINVAL");
    same(kill_errno(-0x3fffffff, 0), -ESRCH, "a group that is not there is ESRCH");
    pid = start(exit_now, NULL);
    sleep_us(2000);
    same(kill_errno(pid, SIGTERM), 0, "a process that has ended but was not waited for can be signalled");
    finish(pid);
    same(kill_errno(pid, 0), -ESRCH, "afterwards it is gone");
    same(in_child(group_kills_itself, NULL), 7, "kill(0) reaches the group");
    pid = start(sleep_long, NULL);
    setpgid(pid, pid);
    same(kill_errno(-pid, SIGKILL), 0, "a negative pid is a group");
    same(finish(pid), -SIGKILL, "all of which it reaches");

    signal(SIGCHLD, SIG_IGN);
    pid = start(exit_now, NULL);
    ok(waitpid(pid, NULL, 0) == -1 && errno == ECHILD, "with SIGCHLD ignored, children leave nothing to wait for");
    signal(SIGCHLD, SIG_DFL);
    same(in_child(exit_now, NULL), 0, "and with the default they do again");
    return done();
}
