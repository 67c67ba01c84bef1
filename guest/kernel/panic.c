/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end: what is known goes to the console, then the machine stops with a status that a script can tell from
   others. */
#include <arch.h>
#include <ksyms.h>
#include <panic.h>
#include <printk.h>
#include <string.h>
#include <task.h>

#define FRAMES_MAX 32
#define DOOR_EXIT 0x08

static bool panicking;

extern char boot_stack[], boot_stack_top[]; /* entry.S */

/* Is there a frame record at `address`, on the running task's kernel stack or the boot stack? */
static bool on_stack(u64 address)
{
    const struct task *task = current;

    if (address >= (u64)boot_stack && address + 16 <= (u64)boot_stack_top)
        return true;
    if (task && task->stack_page) {
        u64 base = (u64)page_virt(task->stack_page);

        return address >= base && address + 16 <= base + KSTACK_SIZE;
    }
    return false;
}

/* `exact`: the first pc is an instruction that was running; all others are return addresses. */
static void backtrace(enum log_level level, u64 pc, bool exact, u64 frame)
{
    char name[96];

    printk(level, "call trace:");
    for (int depth = 0; depth < FRAMES_MAX; depth++) {
        const u64 *record = (const u64 *)frame;

        if (depth == 0 && exact)
            ksym_format(name, sizeof name, pc);
        else
            ksym_format_return(name, sizeof name, pc);
        printk(level, "  %s", name);
        /* A frame is its caller's frame pointer and the return address, and callers lie above. */
        if (frame % 8 || !on_stack(frame) || (record[0] && record[0] <= frame) || !record[1])
            break;
        pc = record[1];
        frame = record[0];
    }
}

void dump_backtrace(u64 pc, u64 frame_pointer)
{
    backtrace(LOG_WARNING, pc, true, frame_pointer);
}

void warn_at(const char *file, int line, const char *condition)
{
    pr_warn("WARNING at %s:%d: %s", file, line, condition);
    backtrace(LOG_WARNING, (u64)__builtin_return_address(0), false, *(u64 *)arch_frame_pointer());
}

static void __noreturn stop(void)
{
    pr_emerg("exit: %d", PANIC_EXIT_STATUS);
    if (arch_door_present())
        arch_door_write(DOOR_EXIT, PANIC_EXIT_STATUS);
    arch_power_off();
}

/* Only the first panic speaks: a fault while speaking would go round for ever. */
static void begin(void)
{
    arch_irq_disable();
    if (__atomic_exchange_n(&panicking, true, __ATOMIC_ACQ_REL))
        stop();
    printk_bust();
}

static void headline(const char *format, va_list args)
{
    char text[192];

    vsnprintf(text, sizeof text, format, args);
    pr_emerg("Kernel panic: %s", text);
    if (current)
        pr_emerg("CPU %u, process %d (%s)", this_cpu()->id, current->pid, current->name);
}

void panic(const char *format, ...)
{
    va_list args;

    begin();
    va_start(args, format);
    headline(format, args);
    va_end(args);
    backtrace(LOG_EMERG, (u64)__builtin_return_address(0), false, *(u64 *)arch_frame_pointer());
    stop();
}

void panic_trap(const struct trapframe *tf, const char *format, ...)
{
    va_list args;

    begin();
    va_start(args, format);
    headline(format, args);
    va_end(args);
    arch_show_registers(tf);
    if (!arch_tf_user(tf))
        backtrace(LOG_EMERG, arch_tf_pc(tf), true, arch_tf_frame_pointer(tf));
    stop();
}
