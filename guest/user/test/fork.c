// SPDX-License-Identifier: GPL-2.0-or-later
//
// fork, exit and wait: who is whose child, what a parent learns, and when.

#include "tap.h"

#include <fcntl.h>

enum { MANY = 40 };

static pid_t parent;

static int exit_with(void *status)
{
    return (int)(intptr_t)status;
}

static int check_parent(void *unused)
{
    (void)unused;
    return getppid() == parent && getpid() != parent ? 0 : 1;
}

static int exit_large(void *unused)
{
    (void)unused;
    syscall(__NR_exit_group, 0x1207L);
    return 0;
}

static int sleep_then(void *us)
{
    sleep_us((long)us);
    return 9;
}

static int die_of(void *sig)
{
    raise((int)(intptr_t)sig);
    return 0;
}

static int nothing_to_wait_for(void *unused)
{
    (void)unused;
    return wait(NULL) == -1 && errno == ECHILD ? 0 : 1;
}

static int wait_for_sibling(void *pid)
{
    return waitpid((pid_t)(intptr_t)pid, NULL, 0) == -1 && errno == ECHILD ? 0 : 1;
}

static int fork_deeper(void *depth)
{
    long left = (long)depth;

    return left ? in_child(fork_deeper, (void *)(left - 1)) + 1 : 0;
}

// The grandchild outlives its parent, and writes down who its parent is then.
static int leave_orphan(void *path)
{
    pid_t own = getpid(), pid = fork();

    if (pid)
        return pid < 0;
    for (int tries = 0; getppid() == own && tries < 100; tries++)
        sleep_us(200);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dprintf(fd, "%d\n", getppid());
    _exit(0);
}

static int adopter_of_orphan(const char *path)
{
    char text[16] = "";
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    close(fd);
    pid_t middle = start(leave_orphan, (void *)path);
    if (finish(middle))
        return -1;
    for (int tries = 0; tries < 100 && !strchr(text, '\n'); tries++) {
        sleep_us(500);
        fd = open(path, O_RDONLY);
        ssize_t n = read(fd, text, sizeof(text) - 1);
        text[n > 0 ? n : 0] = '\0';
        close(fd);
    }
    int adopter = atoi(text);
    return strchr(text, '\n') && adopter != middle && adopter != getpid() ? adopter : -1;
}

int main(void)
{
    int status, collected = 0, wrong = 0;
    pid_t pids[MANY], pid;

    plan(18);
    parent = getpid();
    same(nothing_to_wait_for(NULL), 0, "wait without children is ECHILD");
    same(in_child(check_parent, NULL), 0, "a child has a pid of its own, and its getppid is the parent");
    same(in_child(exit_with, (void *)0), 0, "exit status 0 arrives");
    same(in_child(exit_with, (void *)255), 255, "exit status 255 arrives");
    same(in_child(exit_large, NULL), 7, "of an exit status only the low 8 bits arrive");
    same(in_child(nothing_to_wait_for, NULL), 0, "a new child has no children");

    pid = start(die_of, (void *)SIGTERM);
    ok(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM,
       "death by a signal is told apart from exit");

    pid = start(sleep_then, (void *)20000L);
    same(waitpid(pid, &status, WNOHANG), 0, "WNOHANG returns 0 while the child runs");
    same(in_child(wait_for_sibling, (void *)(intptr_t)pid), 0, "waiting for somebody else's child is ECHILD");
    same(waitpid(pid, &status, 0), pid, "waitpid sleeps until the child ends");
    same(WEXITSTATUS(status), 9, "and has its status");
    ok(waitpid(pid, &status, 0) == -1 && errno == ECHILD, "a child is collected once");
    ok(waitpid(-1, &status, 0x4000) == -1 && errno == EINVAL, "unknown wait options are EINVAL");

    for (long i = 0; i < MANY; i++)
        pids[i] = start(exit_with, (void *)i);
    while ((pid = wait(&status)) > 0) {
        collected++;
        bool known = false;
        for (int i = 0; i < MANY; i++) {
            if (pids[i] == pid) {
                known = WIFEXITED(status) && WEXITSTATUS(status) == i;
                pids[i] = 0;
            }
        }
        wrong += !known;
    }
    same(collected, MANY, "%d children that live at once are all collected", MANY);
    same(wrong, 0, "each once, with its own status");

    same(in_child(fork_deeper, (void *)6), 6, "children fork children, six deep");
    ok(adopter_of_orphan(scratch_path("fork-orphan")) > 0, "an orphan gets a new parent");
    for (int i = 0; i < 100; i++)
        collected += in_child(exit_with, (void *)1);
    same(collected, MANY + 100, "100 children, one after the other: nothing runs out");
    return done();
}
