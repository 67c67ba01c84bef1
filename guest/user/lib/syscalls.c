// SPDX-License-Identifier: GPL-2.0-or-later
//
// The wrappers: one C function per system call, with errno. Only calls that both architectures have are used; what is
// missing on one (open, dup2, fork, stat) is said in terms of the newer call that both share.

#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

int errno;

long __syscall_result(long result)
{
    if ((unsigned long)result < -4095UL)
        return result;
    errno = (int)-result;
    return -1;
}

// ---- files ----

ssize_t read(int fd, void *buffer, size_t count)
{
    return syscall(__NR_read, (long)fd, buffer, count);
}

ssize_t write(int fd, const void *buffer, size_t count)
{
    return syscall(__NR_write, (long)fd, buffer, count);
}

ssize_t readv(int fd, const struct iovec *vector, int count)
{
    return syscall(__NR_readv, (long)fd, vector, (long)count);
}

ssize_t writev(int fd, const struct iovec *vector, int count)
{
    return syscall(__NR_writev, (long)fd, vector, (long)count);
}

int openat(int dirfd, const char *path, int flags, ...)
{
    long mode = 0;

    if (flags & O_CREAT) {
        va_list args;
        va_start(args, flags);
        mode = va_arg(args, mode_t);
        va_end(args);
    }
    return (int)syscall(__NR_openat, (long)dirfd, path, (long)flags, mode);
}

int open(const char *path, int flags, ...)
{
    mode_t mode = 0;

    if (flags & O_CREAT) {
        va_list args;
        va_start(args, flags);
        mode = va_arg(args, mode_t);
        va_end(args);
    }
    return openat(AT_FDCWD, path, flags, mode);
}

int creat(const char *path, mode_t mode)
{
    return open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

int close(int fd)
{
    return (int)syscall(__NR_close, (long)fd);
}

off_t lseek(int fd, off_t offset, int whence)
{
    return syscall(__NR_lseek, (long)fd, offset, (long)whence);
}

int dup(int fd)
{
    return (int)syscall(__NR_dup, (long)fd);
}

int dup3(int fd, int target, int flags)
{
    return (int)syscall(__NR_dup3, (long)fd, (long)target, (long)flags);
}

// dup3 refuses to duplicate a descriptor onto itself; dup2 only asks whether it is open.
int dup2(int fd, int target)
{
    struct stat status;

    if (fd != target)
        return dup3(fd, target, 0);
    return fstat(fd, &status) < 0 ? -1 : fd;
}

int fstat(int fd, struct stat *status)
{
    return (int)syscall(__NR_fstat, (long)fd, status);
}

int fstatat(int dirfd, const char *restrict path, struct stat *restrict status, int flags)
{
    return (int)syscall(__NR_newfstatat, (long)dirfd, path, status, (long)flags);
}

int stat(const char *restrict path, struct stat *restrict status)
{
    return fstatat(AT_FDCWD, path, status, 0);
}

int lstat(const char *restrict path, struct stat *restrict status)
{
    return fstatat(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
}

int chdir(const char *path)
{
    return (int)syscall(__NR_chdir, path);
}

char *getcwd(char *buffer, size_t size)
{
    return syscall(__NR_getcwd, buffer, size) < 0 ? NULL : buffer;
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list args;

    va_start(args, request);
    void *argument = va_arg(args, void *);
    va_end(args);
    return (int)syscall(__NR_ioctl, (long)fd, request, argument);
}

int isatty(int fd)
{
    struct termios settings;

    return tcgetattr(fd, &settings) == 0;
}

int tcgetattr(int fd, struct termios *settings)
{
    return ioctl(fd, TCGETS, settings);
}

int tcsetattr(int fd, int when, const struct termios *settings)
{
    return ioctl(fd, when == TCSAFLUSH ? TCSETSF : when == TCSADRAIN ? TCSETSW : TCSETS, settings);
}

// ---- memory ----

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    return (void *)syscall(__NR_mmap, address, length, (long)protection, (long)flags, (long)fd, offset);
}

int munmap(void *address, size_t length)
{
    return (int)syscall(__NR_munmap, address, length);
}

int mprotect(void *address, size_t length, int protection)
{
    return (int)syscall(__NR_mprotect, address, length, (long)protection);
}

// The kernel's brk answers with the break there is, moved or not.
int brk(void *address)
{
    if ((void *)__syscall(__NR_brk, address) == address)
        return 0;
    errno = ENOMEM;
    return -1;
}

void *sbrk(intptr_t change)
{
    char *now = (char *)__syscall(__NR_brk, 0L);

    if (change && brk(now + change) < 0)
        return (void *)-1;
    return now;
}

// ---- processes ----

pid_t fork(void)
{
    return (pid_t)syscall(__NR_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L);
}

int execve(const char *path, char *const argv[], char *const envp[])
{
    return (int)syscall(__NR_execve, path, argv, envp);
}

pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
    return (pid_t)syscall(__NR_wait4, (long)pid, status, (long)options, usage);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
    return wait4(pid, status, options, NULL);
}

pid_t wait(int *status)
{
    return wait4(-1, status, 0, NULL);
}

pid_t getpid(void)
{
    return (pid_t)__syscall(__NR_getpid);
}

pid_t getppid(void)
{
    return (pid_t)__syscall(__NR_getppid);
}

uid_t getuid(void)
{
    return (uid_t)__syscall(__NR_getuid);
}

uid_t geteuid(void)
{
    return (uid_t)__syscall(__NR_geteuid);
}

gid_t getgid(void)
{
    return (gid_t)__syscall(__NR_getgid);
}

gid_t getegid(void)
{
    return (gid_t)__syscall(__NR_getegid);
}

int sched_yield(void)
{
    return (int)syscall(__NR_sched_yield);
}

int kill(pid_t pid, int sig)
{
    return (int)syscall(__NR_kill, (long)pid, (long)sig);
}

int raise(int sig)
{
    return kill(getpid(), sig);
}

int sigaction(int sig, const struct sigaction *restrict action, struct sigaction *restrict old)
{
    struct sigaction with_return;

    if (action) {
        with_return = *action;
        with_return.sa_flags |= SA_RESTORER;
        with_return.sa_restorer = __sigreturn;
        action = &with_return;
    }
    return (int)syscall(__NR_rt_sigaction, (long)sig, action, old, sizeof(sigset_t));
}

sighandler_t signal(int sig, sighandler_t handler)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART}, old;

    return sigaction(sig, &action, &old) < 0 ? SIG_ERR : old.sa_handler;
}

int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old)
{
    return (int)syscall(__NR_rt_sigprocmask, (long)how, set, old, sizeof(sigset_t));
}

int sigpending(sigset_t *set)
{
    return (int)syscall(__NR_rt_sigpending, set, sizeof(*set));
}

int sigsuspend(const sigset_t *mask)
{
    return (int)syscall(__NR_rt_sigsuspend, mask, sizeof(*mask));
}

pid_t setsid(void)
{
    return (pid_t)syscall(__NR_setsid);
}

int setpgid(pid_t pid, pid_t group)
{
    return (int)syscall(__NR_setpgid, (long)pid, (long)group);
}

pid_t getpgid(pid_t pid)
{
    return (pid_t)syscall(__NR_getpgid, (long)pid);
}

pid_t getsid(pid_t pid)
{
    return (pid_t)syscall(__NR_getsid, (long)pid);
}

pid_t getpgrp(void)
{
    return getpgid(0);
}

pid_t tcgetpgrp(int fd)
{
    pid_t group;

    return ioctl(fd, TIOCGPGRP, &group) < 0 ? -1 : group;
}

int tcsetpgrp(int fd, pid_t group)
{
    return ioctl(fd, TIOCSPGRP, &group);
}

// ---- time and the machine ----

int clock_gettime(clockid_t clock, struct timespec *now)
{
    return (int)syscall(__NR_clock_gettime, (long)clock, now);
}

int nanosleep(const struct timespec *request, struct timespec *remaining)
{
    return (int)syscall(__NR_nanosleep, request, remaining);
}

time_t time(time_t *now)
{
    struct timespec ts = {0};

    clock_gettime(CLOCK_REALTIME, &ts);
    if (now)
        *now = ts.tv_sec;
    return ts.tv_sec;
}

unsigned sleep(unsigned seconds)
{
    struct timespec ts = {.tv_sec = seconds};

    return nanosleep(&ts, &ts) < 0 ? (unsigned)ts.tv_sec : 0;
}

int usleep(unsigned microseconds)
{
    struct timespec ts = {.tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000};

    return nanosleep(&ts, NULL);
}

int uname(struct utsname *name)
{
    return (int)syscall(__NR_uname, name);
}

int reboot(unsigned command)
{
    return (int)syscall(__NR_reboot, (long)LINUX_REBOOT_MAGIC1, (long)LINUX_REBOOT_MAGIC2, (long)command, NULL);
}
