// SPDX-License-Identifier: GPL-2.0-or-later
//
// Signal handlers: how they are called, what they interrupt, and that everything is as before when they return.

#include "tap.h"

#include <arch/machine.h>

static volatile int calls, depth, deepest, last_signal;
static volatile sigset_t mask_inside;
static volatile long info_code, info_pid;
static char *volatile fault_address, *volatile fault_page;

static void count(int sig)
{
    sigset_t now;

    calls++;
    last_signal = sig;
    sigprocmask(SIG_BLOCK, NULL, &now);
    mask_inside = now;
}

// siginfo_t: signal, errno and code are the first three ints; then, after four bytes of padding, pid or address.
static void inform(int sig, void *info, void *context)
{
    const int *words = info;

    last_signal = sig == words[0] && context ? sig : -1;
    info_code = words[2];
    info_pid = words[4];
    calls++;
}

static void map_fault(int sig, void *info, void *context)
{
    (void)sig, (void)context;
    fault_address = *(char **)((char *)info + 16);
    fault_page = mmap((void *)((uintptr_t)fault_address & ~(PAGE - 1UL)), PAGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void raise_again(int sig)
{
    if (++depth > deepest)
        deepest = depth;
    if (++calls < 3)
        raise(sig);
    depth--;
}

// Ruins every register that a handler may.
static void use_vectors(int sig)
{
    struct registers other;

    (void)sig;
    memset(&other, 0x5a, sizeof(other));
    other.control = CONTROL_PATTERN;
    hold_vectors(&other, 1);
    calls++;
}

static void install(int sig, void *handler, unsigned flags, sigset_t mask)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags, .sa_mask = mask};

    calls = depth = deepest = last_signal = 0;
    sigaction(sig, &action, NULL);
}

static int signal_parent(void *sig)
{
    sleep_us(1500);
    kill(getppid(), (int)(intptr_t)sig);
    sleep_us(1500);
    return 5;
}

static int sleep_long(void *unused)
{
    (void)unused;
    sleep(5);
    return 0;
}

static int sleep_a_while(void *unused)
{
    (void)unused;
    sleep_us(10000);
    return 0;
}

static int handled_then_default(void *unused)
{
    (void)unused;
    install(SIGUSR1, count, SA_RESETHAND, 0);
    raise(SIGUSR1);
    if (calls != 1)
        return 1;
    raise(SIGUSR1);
    return 2;
}

static int inherits_handler(void *unused)
{
    (void)unused;
    calls = 0;
    raise(SIGUSR1);
    return calls == 1 ? 0 : 1;
}

// The handler runs inside the kill that sends the signal.
static bool registers_survive_handler(void)
{
    static struct registers before, after;

    for (int i = 0; i < GENERAL_REGISTERS; i++)
        before.general[i] = 0x0123456789abcdefu * (unsigned)(i + 1);
    for (int i = 0; i < VECTOR_REGISTERS; i++)
        before.vector[i][0] = before.vector[i][1] = 0x0101010101010101u * (unsigned)i;
    before.flags = FLAGS_PATTERN;
    before.control = CONTROL_DEFAULT;
    before.status = STATUS_PATTERN;
    before.general[NUMBER_REGISTER] = __NR_kill;
    before.general[argument_registers[0]] = (uint64_t)getpid();
    before.general[argument_registers[1]] = SIGUSR2;
    install(SIGUSR2, use_vectors, 0, 0);
    registers_across_syscall(&before, &after);
    for (int i = 0; i < GENERAL_REGISTERS; i++)
        if (i != RESULT_REGISTER && !NEVER_COMPARED(i) && before.general[i] != after.general[i])
            return false;
    return calls == 1 && after.general[RESULT_REGISTER] == 0 && !((before.flags ^ after.flags) & FLAGS_MASK) &&
           before.control == after.control && before.status == after.status &&
           !memcmp(before.vector, after.vector, sizeof(before.vector));
}

// A loop whose every register counts, while a signal comes in from a child.
static bool loop_is_undisturbed(void)
{
    uint64_t a = 1, b = 2, c = 3, d = 5;
    int before = calls;

    for (uint64_t n = 0; calls == before && n < 100000000; n++) {
        a += n;
        b ^= a;
        c += n * 3;
        d ^= c;
        if (c != 3 + (a - 1) * 3)
            return false;
    }
    return calls > before && b != d;
}

// Until it is killed: signals that come while one is pending are lost, so their number would prove nothing.
static int signal_parent_for_ever(void *sig)
{
    for (;;) {
        sleep_us(1500);
        kill(getppid(), (int)(intptr_t)sig);
    }
}

int main(void)
{
    struct timespec time = {.tv_sec = 2}, left;
    pid_t pid;
    int status;

    plan(27);
    install(SIGUSR1, count, 0, SIG_BIT(SIGUSR2));
    same(raise(SIGUSR1), 0, "kill returns after the handler");
    ok(calls == 1 && last_signal == SIGUSR1, "which was called once, with the signal's number");
    ok(mask_inside & SIG_BIT(SIGUSR1) && mask_inside & SIG_BIT(SIGUSR2),
       "inside, the signal and those of sa_mask are blocked");
    sigset_t now;
    sigprocmask(SIG_BLOCK, NULL, &now);
    same((long)now, 0, "afterwards none is");
    same(in_child(inherits_handler, NULL), 0, "a child inherits the handler");

    install(SIGUSR1, inform, SA_SIGINFO, 0);
    raise(SIGUSR1);
    ok(calls == 1 && last_signal == SIGUSR1 && info_code == SI_USER && info_pid == getpid(),
       "SA_SIGINFO tells code and sender");

    install(SIGUSR1, raise_again, SA_NODEFER, 0);
    raise(SIGUSR1);
    ok(calls == 3 && deepest == 3, "with SA_NODEFER a handler nests in itself");
    install(SIGUSR1, raise_again, 0, 0);
    raise(SIGUSR1);
    ok(calls == 3 && deepest == 1, "without, the next call waits for the return");
    same(in_child(handled_then_default, NULL), -SIGUSR1, "SA_RESETHAND is for one call");

    install(SIGSEGV, map_fault, SA_SIGINFO, 0);
    char *hole = map_pages(1, PROT_READ | PROT_WRITE);
    munmap(hole, PAGE);
    hole[123] = 'x';
    ok(fault_address == hole + 123, "SIGSEGV tells the address");
    ok(hole[123] == 'x' && fault_page == hole, "and the access is made again after the handler");
    signal(SIGSEGV, SIG_DFL);

    ok(registers_survive_handler(), "every register survives a handler that uses them all");
    install(SIGUSR2, count, 0, 0);
    pid = start(signal_parent_for_ever, (void *)SIGUSR2);
    bool undisturbed = loop_is_undisturbed();
    kill(pid, SIGKILL);
    ok(undisturbed, "a loop does not notice a signal between its instructions");
    same(finish(pid), -SIGKILL, "(the sender has ended)");

    install(SIGUSR1, count, 0, 0);
    pid = start(signal_parent_for_ever, (void *)SIGUSR1);
    same(__syscall(__NR_nanosleep, &time, &left), -EINTR, "a signal ends nanosleep with EINTR");
    ok(calls > 0 && left.tv_sec >= 0 && left.tv_sec < time.tv_sec && left.tv_nsec > 0, "and the time left is told");
    install(SIGUSR1, count, SA_RESTART, 0);
    same(__syscall(__NR_nanosleep, &time, &left), -EINTR, "with SA_RESTART too");
    install(SIGUSR1, count, 0, 0);
    pid_t sleeper = start(sleep_long, NULL);
    same(__syscall(__NR_wait4, (long)sleeper, &status, 0L, NULL), -EINTR, "a signal ends wait4 with EINTR");
    kill(pid, SIGKILL);
    same(finish(pid), -SIGKILL, "(the sender has ended)");
    kill(sleeper, SIGKILL);
    same(finish(sleeper), -SIGKILL, "and the child can be waited for again");

    install(SIGUSR1, count, SA_RESTART, 0);
    pid = start(signal_parent, (void *)SIGUSR1);
    same(__syscall(__NR_wait4, (long)pid, &status, 0L, NULL), pid, "with SA_RESTART wait4 goes on");
    same(calls, 1, "after the handler");

    install(SIGCHLD, count, 0, 0);
    pid = start(sleep_a_while, NULL);
    same(__syscall(__NR_nanosleep, &time, &left), -EINTR, "the end of a child ends a sleep, if SIGCHLD has a handler");
    ok(calls == 1 && last_signal == SIGCHLD, "which was called");
    finish(pid);
    signal(SIGCHLD, SIG_DFL);
    pid = start(sleep_a_while, NULL);
    time = (struct timespec){.tv_nsec = 12000000};
    same(__syscall(__NR_nanosleep, &time, &left), 0, "and does not, if it has none");
    finish(pid);

    sigset_t both = SIG_BIT(SIGUSR1) | SIG_BIT(SIGUSR2);
    install(SIGUSR2, count, 0, 0);
    install(SIGUSR1, count, 0, 0);
    sigprocmask(SIG_BLOCK, &both, NULL);
    for (int i = 0; i < 3; i++)
        raise(SIGUSR1), raise(SIGUSR2);
    same(calls, 0, "blocked signals wait");
    sigprocmask(SIG_UNBLOCK, &both, NULL);
    same(calls, 2, "and each comes once, however often it was sent");
    return done();
}
