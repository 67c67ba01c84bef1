// SPDX-License-Identifier: GPL-2.0-or-later
//
// Bad pointers: every system call that takes one answers -EFAULT, whatever is wrong with it, and nothing else happens.

#include "tap.h"

#include <arch/machine.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <termios.h>

static int program_fd, scratch_fd, directory_fd;
static const char *program;
static long good[64];                   // writable, large enough for any structure

static int quit(void *status)
{
    return (int)(intptr_t)status;
}

// The process is taken in before its status is stored, so each call needs a child of its own.
static long call_wait4_status(void *bad)
{
    return __syscall(__NR_wait4, (long)start(quit, NULL), bad, 0L, NULL);
}

static long call_wait4_rusage(void *bad)
{
    return __syscall(__NR_wait4, (long)start(quit, NULL), good, 0L, bad);
}

static long call_read(void *bad)
{
    lseek(program_fd, 0, SEEK_SET);
    return __syscall(__NR_read, (long)program_fd, bad, 64L);
}

static long call_write(void *bad)
{
    return __syscall(__NR_write, (long)scratch_fd, bad, 64L);
}

static long call_readv(void *bad)
{
    return __syscall(__NR_readv, (long)program_fd, bad, 2L);
}

static long call_readv_base(void *bad)
{
    struct iovec vector = {bad, 64};

    lseek(program_fd, 0, SEEK_SET);
    return __syscall(__NR_readv, (long)program_fd, &vector, 1L);
}

static long call_writev(void *bad)
{
    return __syscall(__NR_writev, (long)scratch_fd, bad, 2L);
}

static long call_writev_base(void *bad)
{
    struct iovec vector = {bad, 64};

    return __syscall(__NR_writev, (long)scratch_fd, &vector, 1L);
}

static long call_openat(void *bad)
{
    return __syscall(__NR_openat, (long)AT_FDCWD, bad, (long)O_RDONLY, 0L);
}

static long call_chdir(void *bad)
{
    return __syscall(__NR_chdir, bad);
}

static long call_getcwd(void *bad)
{
    return __syscall(__NR_getcwd, bad, 256L);
}

static long call_fstat(void *bad)
{
    return __syscall(__NR_fstat, (long)program_fd, bad);
}

static long call_newfstatat_path(void *bad)
{
    return __syscall(__NR_newfstatat, (long)AT_FDCWD, bad, good, 0L);
}

static long call_newfstatat_status(void *bad)
{
    return __syscall(__NR_newfstatat, (long)AT_FDCWD, "/", bad, 0L);
}

static long call_getdents64(void *bad)
{
    lseek(directory_fd, 0, SEEK_SET);
    return __syscall(__NR_getdents64, (long)directory_fd, bad, 512L);
}

static long call_execve_path(void *bad)
{
    char *const none[] = {NULL};

    return __syscall(__NR_execve, bad, none, none);
}

static long call_execve_argv(void *bad)
{
    char *const none[] = {NULL};

    return __syscall(__NR_execve, program, bad, none);
}

static long call_execve_argument(void *bad)
{
    char *const arguments[] = {"x", bad, NULL}, *const none[] = {NULL};

    return __syscall(__NR_execve, program, arguments, none);
}

static long call_execve_envp(void *bad)
{
    char *const arguments[] = {"x", NULL};

    return __syscall(__NR_execve, program, arguments, bad);
}

static long call_rt_sigaction_new(void *bad)
{
    return __syscall(__NR_rt_sigaction, (long)SIGUSR1, bad, NULL, 8L);
}

static long call_rt_sigaction_old(void *bad)
{
    return __syscall(__NR_rt_sigaction, (long)SIGUSR1, NULL, bad, 8L);
}

static long call_rt_sigprocmask_new(void *bad)
{
    return __syscall(__NR_rt_sigprocmask, (long)SIG_BLOCK, bad, NULL, 8L);
}

static long call_rt_sigprocmask_old(void *bad)
{
    return __syscall(__NR_rt_sigprocmask, (long)SIG_BLOCK, NULL, bad, 8L);
}

static long call_rt_sigpending(void *bad)
{
    return __syscall(__NR_rt_sigpending, bad, 8L);
}

static long call_rt_sigsuspend(void *bad)
{
    return __syscall(__NR_rt_sigsuspend, bad, 8L);
}

static long call_nanosleep(void *bad)
{
    return __syscall(__NR_nanosleep, bad, NULL);
}

static long call_clock_gettime(void *bad)
{
    return __syscall(__NR_clock_gettime, (long)CLOCK_MONOTONIC, bad);
}

static long call_clock_getres(void *bad)
{
    return __syscall(__NR_clock_getres, (long)CLOCK_MONOTONIC, bad);
}

static long call_clock_nanosleep(void *bad)
{
    return __syscall(__NR_clock_nanosleep, (long)CLOCK_MONOTONIC, 0L, bad, NULL);
}

static long call_gettimeofday(void *bad)
{
    return __syscall(__NR_gettimeofday, bad, NULL);
}

static long call_getrandom(void *bad)
{
    return __syscall(__NR_getrandom, bad, 16L, 0L);
}

static long call_uname(void *bad)
{
    return __syscall(__NR_uname, bad);
}

enum direction {
    IN,                                 // the kernel reads there
    OUT,                                // the kernel writes there: read-only memory is bad too
    PART = 4,                           // what fits in front of a bad page may be transferred
    OPTIONAL = 8,                       // a null pointer means something
};

static const struct call {
    const char *text;
    long (*run)(void *bad);
    int direction;
} calls[] = {
    {"read", call_read, OUT | PART},
    {"write", call_write, IN | PART},
    {"readv, the vector", call_readv, IN},
    {"readv, a base in it", call_readv_base, OUT | PART},
    {"writev, the vector", call_writev, IN},
    {"writev, a base in it", call_writev_base, IN | PART},
    {"openat", call_openat, IN},
    {"chdir", call_chdir, IN},
    {"getcwd", call_getcwd, OUT | PART},
    {"fstat", call_fstat, OUT},
    {"newfstatat, the path", call_newfstatat_path, IN},
    {"newfstatat, the status", call_newfstatat_status, OUT},
    {"getdents64", call_getdents64, OUT | PART},
    {"execve, the path", call_execve_path, IN},
    {"execve, argv", call_execve_argv, IN | OPTIONAL},
    {"execve, a string of argv", call_execve_argument, IN | OPTIONAL},
    {"execve, envp", call_execve_envp, IN | OPTIONAL},
    {"wait4, the status", call_wait4_status, OUT | OPTIONAL | PART},
    {"wait4, the rusage", call_wait4_rusage, OUT | OPTIONAL},
    {"rt_sigaction, the new one", call_rt_sigaction_new, IN | OPTIONAL},
    {"rt_sigaction, the old one", call_rt_sigaction_old, OUT | OPTIONAL},
    {"rt_sigprocmask, the new one", call_rt_sigprocmask_new, IN | OPTIONAL},
    {"rt_sigprocmask, the old one", call_rt_sigprocmask_old, OUT | OPTIONAL},
    {"rt_sigpending", call_rt_sigpending, OUT},
    {"rt_sigsuspend", call_rt_sigsuspend, IN},
    {"nanosleep", call_nanosleep, IN},
    {"clock_nanosleep", call_clock_nanosleep, IN},
    {"clock_gettime", call_clock_gettime, OUT},
    {"clock_getres", call_clock_getres, OUT | OPTIONAL},
    {"gettimeofday", call_gettimeofday, OUT | OPTIONAL},
    {"getrandom", call_getrandom, OUT | PART},
    {"uname", call_uname, OUT},
};
enum { CALLS = sizeof(calls) / sizeof(*calls) };

int main(int argc, char **argv)
{
    char *pages = map_pages(3, PROT_READ | PROT_WRITE);
    char *straddling = pages + PAGE - 4;

    if (argc == 1 && !strcmp(argv[0], "x"))
        return 1;                       // an execve that should have failed
    munmap(pages + PAGE, PAGE);
    struct { const char *text; void *pointer; } bad[] = {
        {"unmapped", pages + PAGE},
        {"the kernel's", (void *)(KERNEL_ADDRESS + 0x1000)},
        {"beyond every half", (void *)BEYOND_USER},
        {"the last of all", (void *)-8L},
        {"null", NULL},
        {"not writable", (void *)main},
        {"half mapped", straddling},
    };

    plan(CALLS + 4);
    program = own_path(argv);
    program_fd = open(program, O_RDONLY);
    directory_fd = open("/", O_RDONLY | O_DIRECTORY);
    scratch_fd = open(scratch_path("badptr-scratch"), O_RDWR | O_CREAT | O_TRUNC, 0600);

    for (int i = 0; i < CALLS; i++) {
        const char *wrong = NULL;
        long result = 0;
        for (unsigned k = 0; k < sizeof(bad) / sizeof(*bad) && !wrong; k++) {
            bool null = !bad[k].pointer, writable = strcmp(bad[k].text, "not writable") != 0;
            bool half = bad[k].pointer == straddling;
            if ((null && calls[i].direction & OPTIONAL) || (!writable && !(calls[i].direction & OUT)))
                continue;
            if (half && calls[i].direction & PART)
                continue;
            memset(pages, 'x', PAGE);   // no NUL before the edge, whatever an earlier call has left there
            result = calls[i].run(bad[k].pointer);
            if (result != -EFAULT)
                wrong = bad[k].text;
        }
        if (!ok(!wrong, "%s: a bad pointer is -EFAULT", calls[i].text))
            diagnose("%s: got %ld", wrong, result);
    }

    // A string may end at the very edge of what is mapped.
    strcpy(pages + PAGE - 6, "/none");
    same(call_openat(pages + PAGE - 6), -ENOENT, "a path that ends at the edge of a page is whole");
    same(call_write(straddling) == 4 || call_write(straddling) == -EFAULT, 1,
         "write stops in front of a bad page, or does nothing");
    struct stat status;
    same(fstat(scratch_fd, &status) == 0 && status.st_size <= 8, 1, "and no byte behind the edge was written");
    same(wait(NULL), -1, "no child is left over");
    return done();
}
