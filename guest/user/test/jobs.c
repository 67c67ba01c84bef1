// SPDX-License-Identifier: GPL-2.0-or-later
//
// Job control: groups and sessions, stopping and continuing, waiting for signals.

#include "tap.h"

static volatile int handled;

static void handler(int sig)
{
    handled = sig;
}

static int spin(void *unused)
{
    (void)unused;
    for (;;)
        sleep(1);
}

static int own_group(void *unused)
{
    (void)unused;
    return setpgid(0, 0) == 0 && getpgrp() == getpid() && getpgid(0) == getpid() && getsid(0) == getsid(getppid()) ?
           0 : 1;
}

static int own_session(void *unused)
{
    pid_t pid = getpid();

    (void)unused;
    if (setsid() != pid || getsid(0) != pid || getpgrp() != pid)
        return 1;
    return setsid() == -1 && errno == EPERM && setpgid(0, 0) == -1 && errno == EPERM ? 0 : 2;
}

static int stop_itself(void *unused)
{
    (void)unused;
    raise(SIGSTOP);
    sleep_us(1000);                     // or the end would hide that it went on
    return 11;
}

static int stop_itself_by_terminal(void *unused)
{
    (void)unused;
    setpgid(0, 0);                      // its parent is of the same session: the group is not orphaned
    signal(SIGTSTP, SIG_DFL);           // a shell may have us ignore it
    raise(SIGTSTP);
    return 12;
}

static int killed_by_pending(void *unused)
{
    sigset_t set = SIG_BIT(SIGUSR1), empty = 0;

    (void)unused;
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR1);
    sigsuspend(&empty);
    return 1;
}

static int signal_parent(void *unused)
{
    (void)unused;
    sleep_us(1000);
    kill(getppid(), SIGUSR1);
    return 0;
}

static bool waits_for_status(pid_t pid, int options, int *status)
{
    return waitpid(pid, status, options) == pid;
}

int main(void)
{
    sigset_t blocked = SIG_BIT(SIGUSR1) | SIG_BIT(SIGUSR2), pending, empty = 0;
    int status;

    plan(24);
    pid_t group = getpgrp(), child;
    same(in_child(own_group, NULL), 0, "a child makes a group of its own, in our session");
    same(in_child(own_session, NULL), 0, "or a session, whose leader can make no other");
    child = start(spin, NULL);
    same(getpgid(child), group, "a child is in our group");
    same(setpgid(child, child), 0, "until we put it in another");
    same(getpgid(child), child, "where it then is");
    same(__syscall(__NR_setpgid, (long)child, -1L), -EINVAL, "a negative group is EINVAL");
    same(__syscall(__NR_setpgid, 0x3fffffffL, 0L), -ESRCH, "no process: ESRCH");
    same(__syscall(__NR_getpgid, 0x3fffffffL), -ESRCH, "nor has it a group");
    same(waitpid(-group, &status, WNOHANG), -1, "there is no child in our group any more");
    kill(child, SIGKILL);
    same(waitpid(-child, &status, 0), child, "it is waited for by its group");

    child = start(stop_itself, NULL);
    ok(waits_for_status(child, WUNTRACED, &status) && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP,
       "SIGSTOP stops, and WUNTRACED tells");
    same(waitpid(child, &status, WNOHANG | WUNTRACED), 0, "once");
    kill(child, SIGCONT);
    ok(waits_for_status(child, WCONTINUED, &status) && status == 0xffff, "SIGCONT continues, and WCONTINUED tells");
    same(finish(child), 11, "where it had stopped");
    child = start(stop_itself_by_terminal, NULL);
    ok(waits_for_status(child, WUNTRACED, &status) && WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP,
       "SIGTSTP stops too");
    kill(child, SIGTERM);
    same(waitpid(child, &status, WNOHANG), 0, "a stopped process does not take other signals");
    kill(child, SIGCONT);
    same(finish(child), -SIGTERM, "before it goes on");
    child = start(stop_itself, NULL);
    waits_for_status(child, WUNTRACED, &status);
    kill(child, SIGKILL);
    same(finish(child), -SIGKILL, "except for SIGKILL");

    sigprocmask(SIG_SETMASK, &blocked, NULL);
    raise(SIGUSR2);
    ok(sigpending(&pending) == 0 && pending == SIG_BIT(SIGUSR2), "rt_sigpending tells what waits");
    signal(SIGUSR2, SIG_IGN);
    ok(sigpending(&pending) == 0 && pending == 0, "and what no longer does");
    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGUSR1, &action, NULL);
    child = start(signal_parent, NULL);
    ok(sigsuspend(&empty) == -1 && errno == EINTR && handled == SIGUSR1,
       "rt_sigsuspend sleeps until a handler has run");
    sigset_t now;
    sigprocmask(SIG_BLOCK, NULL, &now);
    same((long)now, (long)blocked, "and puts the mask back");
    same(finish(child), 0, "(the sender has ended)");
    signal(SIGUSR1, SIG_DFL);
    same(in_child(killed_by_pending, NULL), -SIGUSR1, "what was pending ends rt_sigsuspend at once");
    return done();
}
