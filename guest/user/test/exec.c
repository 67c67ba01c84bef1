// SPDX-License-Identifier: GPL-2.0-or-later
//
// execve: what the new program finds (arguments, environment, auxiliary vector, descriptors, signals), what it does not
// (memory, handlers), and which files and vectors are refused. This program runs itself, with a word for what to check.

#include "tap.h"

#include <arch/machine.h>
#include <fcntl.h>

static const char *program;

static int number(const char *text)
{
    return (int)strtol(text, NULL, 10);
}

// ---- in the new program: 42 if all is well ----

static int check_vector(int argc, char **argv)
{
    return argc == 5 && !strcmp(argv[0], "a name") && !strcmp(argv[2], "") && !strcmp(argv[3], " b ") &&
           !strcmp(argv[4], "\xff\n") && !argv[5] && !strcmp(environ[0], "ONE=1") && !strcmp(environ[1], "no equals") &&
           !environ[2] ? 42 : 1;
}

static int check_auxv(char **argv)
{
    const char *random = (const char *)getauxval(AT_RANDOM), *name = (const char *)getauxval(AT_EXECFN);
    const unsigned char *phdr = (const unsigned char *)getauxval(AT_PHDR);

    if (getauxval(AT_PAGESZ) != PAGE)
        return 1;
    if (getauxval(AT_PHENT) != 56 || getauxval(AT_PHNUM) < 2 || !phdr)
        return 2;
    if (memcmp((void *)((uintptr_t)phdr & ~(PAGE - 1UL)), "\x7f" "ELF", 4))
        return 3;                       // the headers of a small program are in its first page
    extern void _start(void);
    if (getauxval(AT_ENTRY) != (uintptr_t)_start)
        return 4;
    if (!random || !memcmp(random, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16))
        return 5;
    if (!name || strcmp(name, program))
        return 6;
    if (getauxval(AT_UID) != getuid() || getauxval(AT_EGID) != getegid() || getauxval(AT_SECURE))
        return 7;
    return (uintptr_t)(argv - 1) % 16 == 0 ? 42 : 8;    // argc is where the stack pointer was
}

static int check_many(int argc, char **argv)
{
    for (int i = 2; i < argc; i++)
        if (strlen(argv[i]) != 60)
            return 1;
    return argc == 1002 ? 42 : 2;
}

static int check_signals(void)
{
    struct sigaction ignored, handled;
    sigset_t mask;

    sigaction(SIGUSR1, NULL, &ignored);
    sigaction(SIGUSR2, NULL, &handled);
    sigprocmask(SIG_BLOCK, NULL, &mask);
    return ignored.sa_handler == SIG_IGN && handled.sa_handler == SIG_DFL && mask == SIG_BIT(SIGHUP) ? 42 : 1;
}

static int check(int argc, char **argv)
{
    static char zeros[4 * PAGE];
    char byte;

    program = own_path(argv);
    if (!strcmp(argv[1], "vector"))
        return check_vector(argc, argv);
    if (!strcmp(argv[1], "auxv"))
        return check_auxv(argv);
    if (!strcmp(argv[1], "many"))
        return check_many(argc, argv);
    if (!strcmp(argv[1], "signals"))
        return check_signals();
    if (!strcmp(argv[1], "pid"))
        return getpid() == number(argv[2]) && getppid() == number(argv[3]) ? 42 : 1;
    if (!strcmp(argv[1], "open"))
        return read(number(argv[2]), &byte, 1) == 1 && byte == 'E' ? 42 : 1;
    if (!strcmp(argv[1], "closed"))
        return read(number(argv[2]), &byte, 1) == -1 && errno == EBADF ? 42 : 1;
    if (!strcmp(argv[1], "bss")) {
        for (unsigned i = 0; i < sizeof(zeros); i++)
            if (zeros[i])
                return 1;
        memset(zeros, 1, sizeof(zeros));
        return 42;
    }
    if (!strcmp(argv[1], "unmapped"))
        return *(volatile char *)strtoul(argv[2], NULL, 16);
    return 99;
}

// ---- in the old one ----

static int run(char *const *argv)
{
    static char *none[] = {NULL};
    pid_t pid = fork();

    if (!pid) {
        execve(program, argv, none);
        _exit(100);
    }
    return finish(pid);
}

static int run_with(const char *what, const char *detail)
{
    return run((char *[]){"exec", (char *)what, (char *)detail, NULL});
}

static void handler(int sig)
{
    (void)sig;
}

static int set_signals_and_run(void *unused)
{
    sigset_t hangup = SIG_BIT(SIGHUP);

    (void)unused;
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, handler);
    sigprocmask(SIG_SETMASK, &hangup, NULL);
    return run_with("signals", NULL);
}

static int run_same_pid(void *unused)
{
    char pid[16], ppid[16];
    char *argv[] = {"exec", "pid", pid, ppid, NULL};

    (void)unused;
    snprintf(pid, sizeof(pid), "%d", getpid());
    snprintf(ppid, sizeof(ppid), "%d", getppid());
    execve(program, argv, argv + 4);
    return 100;
}

static int run_vector(void *unused)
{
    (void)unused;
    execve(program, (char *[]){"a name", "vector", "", " b ", "\xff\n", NULL}, (char *[]){"ONE=1", "no equals", NULL});
    return 100;
}

static long refused(const char *path, char *const *argv)
{
    static char *none[] = {NULL};

    return __syscall(__NR_execve, path, argv, none);
}

static const char *make_file(const char *name, const void *content, size_t size, mode_t mode)
{
    const char *path = scratch_path(name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

    write(fd, content, size);
    close(fd);
    return path;
}

static void test_refusals(void)
{
    static char *plain[] = {"exec", NULL};
    static char huge[200 << 10];
    char below[256], head[128];

    snprintf(below, sizeof(below), "%s/below", program);
    same(refused("/no/such/program", plain), -ENOENT, "a program that is not there is ENOENT");
    same(refused("", plain), -ENOENT, "the empty path is ENOENT");
    same(refused(below, plain), -ENOTDIR, "a path through a file is ENOTDIR");
    same(refused("/", plain), -EACCES, "a directory is EACCES");
    same(refused(make_file("exec-mode", "\x7f" "ELF", 4, 0644), plain), -EACCES, "a file without x is EACCES");
    same(refused(make_file("exec-text", "hello\n", 6, 0755), plain), -ENOEXEC, "text is ENOEXEC");
    same(refused(make_file("exec-empty", "", 0, 0755), plain), -ENOEXEC, "an empty file is ENOEXEC");

    int fd = open(program, O_RDONLY);
    read(fd, head, sizeof(head));
    close(fd);
    same(refused(make_file("exec-short", head, 32, 0755), plain), -ENOEXEC, "half an ELF header is ENOEXEC");
    head[18] ^= 0x7f;                   // e_machine
    same(refused(make_file("exec-machine", head, sizeof(head), 0755), plain), -ENOEXEC,
         "another machine's program is ENOEXEC");

    memset(huge, 'x', sizeof(huge) - 1);
    same(refused(program, (char *[]){"exec", huge, NULL}), -E2BIG, "an argument of 200 KiB is E2BIG");
    ok(getpid() > 0 && tap.run == 10, "after a refusal the old program goes on");
}

int main(int argc, char **argv)
{
    char number_text[32];
    char *many[1003] = {"exec", "many"};
    char sixty[61];

    if (argc > 1)
        return check(argc, argv);
    program = own_path(argv);
    plan(22);
    test_refusals();

    same(in_child(run_vector, NULL), 42, "arguments and environment arrive byte for byte");
    same(run_with("auxv", NULL), 42, "the auxiliary vector describes program and machine");
    same(in_child(run_same_pid, NULL), 42, "pid and parent stay");
    same(run_with("bss", NULL), 42, "bss is zero");
    same(run_with("bss", NULL), 42, "the next time too");
    same(in_child(set_signals_and_run, NULL), 42, "ignored signals and the mask stay, handlers do not");

    memset(sixty, 'y', 60);
    sixty[60] = '\0';
    for (int i = 2; i < 1002; i++)
        many[i] = sixty;
    same(run(many), 42, "1000 arguments of 60 bytes arrive");

    int fd = open(program, O_RDONLY), closing = open(program, O_RDONLY | O_CLOEXEC);
    lseek(fd, 1, SEEK_SET);
    snprintf(number_text, sizeof(number_text), "%d", fd);
    same(run_with("open", number_text), 42, "a descriptor stays open, at its offset");
    same(lseek(fd, 0, SEEK_CUR), 2, "which it shares with ours");
    snprintf(number_text, sizeof(number_text), "%d", closing);
    same(run_with("closed", number_text), 42, "one with O_CLOEXEC does not");

    void *page = mmap((void *)0x123450000, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    snprintf(number_text, sizeof(number_text), "%lx", (unsigned long)page);
    same(run_with("unmapped", number_text), -SIGSEGV, "old mappings are gone");
    return done();
}
