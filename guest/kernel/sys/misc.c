/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system as a whole: its name, its state, its end; limits and randomness. */
#include <abi/errno.h>
#include <abi/random.h>
#include <abi/reboot.h>
#include <abi/resource.h>
#include <abi/sysinfo.h>
#include <abi/utsname.h>
#include <arch.h>
#include <fs.h>
#include <mm.h>
#include <page.h>
#include <printk.h>
#include <random.h>
#include <string.h>
#include <syscall.h>
#include <task.h>
#include <time.h>
#include <version.h>

#define RLIM_INFINITY (~0UL)
#define STACK_LIMIT (8UL << 20)

long sys_uname(const struct syscall_args *a)
{
    struct utsname name;

    memset(&name, 0, sizeof(name));
    strlcpy((char *)name.sysname, KERNEL_NAME, sizeof(name.sysname));
    strlcpy((char *)name.nodename, "hatch", sizeof(name.nodename));
    strlcpy((char *)name.release, KERNEL_RELEASE, sizeof(name.release));
    strlcpy((char *)name.version, KERNEL_VERSION, sizeof(name.version));
    strlcpy((char *)name.machine, arch_name, sizeof(name.machine));
    strlcpy((char *)name.domainname, "(none)", sizeof(name.domainname));
    return copy_to_user(a->arg[0], &name, sizeof(name));
}

long sys_reboot(const struct syscall_args *a)
{
    u32 magic2 = a->arg[1];

    if ((u32)a->arg[0] != LINUX_REBOOT_MAGIC1 ||
        (magic2 != LINUX_REBOOT_MAGIC2 && magic2 != LINUX_REBOOT_MAGIC2A && magic2 != LINUX_REBOOT_MAGIC2B &&
         magic2 != LINUX_REBOOT_MAGIC2C))
        return -EINVAL;
    switch ((u32)a->arg[2]) {
    case LINUX_REBOOT_CMD_RESTART:
    case LINUX_REBOOT_CMD_RESTART2:
        pr_info("reboot: restarting");
        arch_reset();
    case LINUX_REBOOT_CMD_POWER_OFF:
        pr_info("reboot: power off");
        arch_power_off();
    case LINUX_REBOOT_CMD_HALT:
        pr_info("reboot: halted");
        arch_halt();
    case LINUX_REBOOT_CMD_CAD_ON: /* no keyboard, hence no Ctrl-Alt-Del to route */
    case LINUX_REBOOT_CMD_CAD_OFF:
        return 0;
    }
    return -EINVAL;
}

long sys_getrandom(const struct syscall_args *a)
{
    u64 to = a->arg[0];
    size_t left = a->arg[1], done = 0;
    u8 bytes[64];

    if (a->arg[2] & ~(u64)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
        return -EINVAL;
    if (left > INT32_MAX)
        left = INT32_MAX; /* getrandom(2): the most one call gives */
    while (left) {
        size_t part = MIN(left, sizeof(bytes));

        random_bytes(bytes, part);
        if (copy_to_user(to + done, bytes, part))
            return done ? (long)done : -EFAULT;
        done += part;
        left -= part;
        if (signal_pending(current))
            break;
    }
    return done;
}

/* The limits that the kernel keeps to, fixed: setting one is refused. */
static u64 limit(u32 resource)
{
    switch (resource) {
    case RLIMIT_STACK:
        return STACK_LIMIT;
    case RLIMIT_NOFILE:
        return OPEN_MAX;
    case RLIMIT_CORE:
        return 0;
    case RLIMIT_NPROC:
        return PID_MAX;
    }
    return RLIM_INFINITY;
}

long sys_prlimit64(const struct syscall_args *a)
{
    pid_t pid = a->arg[0];
    u32 resource = a->arg[1];
    struct rlimit value;

    if (resource > RLIMIT_RTTIME)
        return -EINVAL;
    if (pid && pid != current->pid) {
        struct task *task = task_find(pid);

        if (!task)
            return -ESRCH;
        task_put(task);
    }
    if (a->arg[2]) {
        if (copy_from_user(&value, a->arg[2], sizeof(value)))
            return -EFAULT;
        if (value.rlim_cur > value.rlim_max)
            return -EINVAL;
        if (value.rlim_cur != limit(resource))
            return -EPERM;
    }
    value = (struct rlimit){ .rlim_cur = limit(resource), .rlim_max = limit(resource) };
    if (a->arg[3] && copy_to_user(a->arg[3], &value, sizeof(value)))
        return -EFAULT;
    return 0;
}

long sys_sysinfo(const struct syscall_args *a)
{
    struct sysinfo info;

    memset(&info, 0, sizeof(info));
    info.uptime = (clock_ns() - boot_ns()) / NSEC_PER_SEC;
    info.totalram = pages_total() << PAGE_SHIFT;
    info.freeram = pages_free() << PAGE_SHIFT;
    for (pid_t pid = task_next_pid(0); pid; pid = task_next_pid(pid))
        info.procs++;
    info.mem_unit = 1;
    return copy_to_user(a->arg[0], &info, sizeof(info));
}
