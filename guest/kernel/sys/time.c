/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clocks and sleeping. */
#include <abi/errno.h>
#include <abi/time.h>
#include <arch.h>
#include <mm.h>
#include <syscall.h>
#include <task.h>
#include <time.h>

#define USER_HZ 100

/* The clock's time in ns; false: there is no such clock. */
static bool read_clock(u32 clock, u64 *ns)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        *ns = clock_realtime_ns();
        return true;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        *ns = clock_ns();
        return true;
    case CLOCK_PROCESS_CPUTIME_ID:
    case CLOCK_THREAD_CPUTIME_ID:
        *ns = (current->user_ticks + current->kernel_ticks) * TICK_NS;
        return true;
    }
    return false;
}

static int put_timespec(u64 to, u64 ns)
{
    struct timespec ts = { .tv_sec = ns / NSEC_PER_SEC, .tv_nsec = ns % NSEC_PER_SEC };

    return copy_to_user(to, &ts, sizeof(ts));
}

/* Sleep as both sleeping calls do it. */
static long do_sleep(u32 clock, bool absolute, u64 urequest, u64 uremain)
{
    struct timespec request;
    u64 now, deadline, span;

    if (copy_from_user(&request, urequest, sizeof(request)))
        return -EFAULT;
    if ((s64)request.tv_sec < 0 || (u64)request.tv_nsec >= NSEC_PER_SEC)
        return -EINVAL;
    if (!read_clock(clock, &now))
        return -EINVAL;
    span = (u64)request.tv_sec < INT64_MAX / NSEC_PER_SEC ? request.tv_sec * NSEC_PER_SEC + request.tv_nsec : INT64_MAX;
    if (absolute)
        span = span > now ? span - now : 0;
    deadline = clock_ns() + span;
    if (!sleep_until(deadline))
        return 0;
    now = clock_ns();
    if (uremain && !absolute && put_timespec(uremain, deadline > now ? deadline - now : 0))
        return -EFAULT;
    return -EINTR;
}

long sys_nanosleep(const struct syscall_args *a)
{
    return do_sleep(CLOCK_MONOTONIC, false, a->arg[0], a->arg[1]);
}

long sys_clock_nanosleep(const struct syscall_args *a)
{
    u32 clock = a->arg[0];

    if (clock == CLOCK_THREAD_CPUTIME_ID)
        return -EINVAL;
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME)
        return -EOPNOTSUPP;
    return do_sleep(clock, a->arg[1] & TIMER_ABSTIME, a->arg[2], a->arg[3]);
}

long sys_clock_gettime(const struct syscall_args *a)
{
    u64 ns;

    if (!read_clock(a->arg[0], &ns))
        return -EINVAL;
    return put_timespec(a->arg[1], ns);
}

long sys_clock_getres(const struct syscall_args *a)
{
    u64 ns;

    if (!read_clock(a->arg[0], &ns))
        return -EINVAL;
    if (!a->arg[1])
        return 0;
    if (a->arg[0] == CLOCK_PROCESS_CPUTIME_ID || a->arg[0] == CLOCK_THREAD_CPUTIME_ID)
        return put_timespec(a->arg[1], TICK_NS);
    return put_timespec(a->arg[1], arch_clock_resolution_ns());
}

long sys_gettimeofday(const struct syscall_args *a)
{
    u64 ns = clock_realtime_ns();
    struct timeval tv = { .tv_sec = ns / NSEC_PER_SEC, .tv_usec = ns % NSEC_PER_SEC / NSEC_PER_USEC };
    struct timezone utc = { 0 };

    if (a->arg[0] && copy_to_user(a->arg[0], &tv, sizeof(tv)))
        return -EFAULT;
    if (a->arg[1] && copy_to_user(a->arg[1], &utc, sizeof(utc)))
        return -EFAULT;
    return 0;
}

long sys_time(const struct syscall_args *a)
{
    s64 seconds = clock_realtime_ns() / NSEC_PER_SEC;

    if (a->arg[0] && copy_to_user(a->arg[0], &seconds, sizeof(seconds)))
        return -EFAULT;
    return seconds;
}

long sys_times(const struct syscall_args *a)
{
    struct tms tms = { .tms_utime = current->user_ticks * USER_HZ / HZ,
                       .tms_stime = current->kernel_ticks * USER_HZ / HZ };

    if (a->arg[0] && copy_to_user(a->arg[0], &tms, sizeof(tms)))
        return -EFAULT;
    return clock_ns() / (NSEC_PER_SEC / USER_HZ);
}
