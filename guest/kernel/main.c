/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of contents of the boot: one call a line, in the order in which things can be. Entered from
   arch/<arch>/entry.S on the boot CPU, MMU on, interrupts masked. */
#include <abi/errno.h>
#include <arch.h>
#include <console.h>
#include <fs.h>
#include <page.h>
#include <panic.h>
#include <printk.h>
#include <random.h>
#include <sched.h>
#include <string.h>
#include <task.h>
#include <time.h>
#include <tty.h>
#include <version.h>

struct cpu cpus[MAX_CPUS];
u32 cpu_count = 1;

static void unpack_initramfs(void);
static void run_init(void *arg);

void kernel_main(void)
{
    arch_early_init(); /* what the boot loader says; all RAM mapped; printk reaches the console */
    cpus[0].online = true;
    params_init(boot_info.cmdline); /* before the first message: loglevel= and quiet */
    pr_notice("%s %s (%s)", KERNEL_NAME, KERNEL_RELEASE, arch_name);

    page_init(); /* from here on kmalloc works */
    arch_init(); /* interrupt controller and timer, still masked */
    time_init();
    random_init();
    task_init(); /* this context becomes the idle task */
    sched_init();
    vfs_init(); /* an empty root with /dev and /proc */
    unpack_initramfs();
    console_init(); /* /dev/console, and the UART's receive interrupt */
    door_init();    /* /dev/door, where the machine has one */

    if (!kthread_create(run_init, NULL, "init"))
        panic("no memory for init");
    sched_idle(); /* interrupts on; runs init, and sleeps whenever nobody else wants the CPU */
}

static void unpack_initramfs(void)
{
    const struct boot_range *initrd = &boot_info.initrd;

    if (initrd->start == initrd->end)
        return;
    if (!phys_page(initrd->start) || !phys_page(initrd->end - 1))
        panic("the initramfs is not in memory");
    if (initramfs_unpack(phys_to_virt(initrd->start), initrd->end - initrd->start))
        panic("the initramfs is not a newc cpio archive");
}

static size_t append(char *to, size_t at, size_t size, const char *word)
{
    size_t n = strlen(word) + 1;

    if (at + n > size)
        panic("the command line's words for init do not fit");
    memcpy(to + at, word, n);
    return at + n;
}

static int try_init(const char *path)
{
    static char strings[2 * COMMAND_LINE_SIZE];
    struct exec_args args = { .strings = strings };
    int error;

    for (char **word = init_args; *word; word++, args.argc++)
        args.bytes = append(strings, args.bytes, sizeof(strings), args.argc ? *word : path);
    for (char **word = init_envs; *word; word++, args.envc++)
        args.bytes = append(strings, args.bytes, sizeof(strings), *word);
    error = task_exec(path, &args);
    if (error && error != -ENOENT)
        pr_err("%s: error %d", path, -error);
    return error;
}

/* Pid 1: first a kernel thread, then the program that init= names, or the first of the usual ones. */
static void run_init(void *arg)
{
    static const char *const usual[] = { "/init", "/sbin/init", "/bin/init", "/bin/sh" };
    const char *wanted = param_get("init");
    int error = -ENOENT;

    (void)arg;
    init_task = current;
    current->files = files_create();
    if (!current->files || files_open_console(current->files))
        panic("no console for init");
    if (wanted)
        error = try_init(wanted);
    for (u32 i = 0; !wanted && error && i < ARRAY_SIZE(usual); i++)
        error = try_init(usual[i]);
    if (error)
        panic("no init: %s (error %d)", wanted ? wanted : "none of /init /sbin/init /bin/init /bin/sh", -error);
    arch_return_to_user(arch_task_trapframe(current));
}
