/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens when the kernel itself is wrong: say all that is known, then stop with a status. Panic is for broken
   invariants of the kernel, never for anything that a user program can do. */
#pragma once
#include <types.h>

struct trapframe;

/* The machine's exit status after a panic. */
#define PANIC_EXIT_STATUS 125

/* The text, this CPU's call chain, stop. */
void panic(const char *format, ...) __noreturn __printf(1, 2);

/* A fault in kernel mode: also the registers in `tf`, and the chain from where it struck. */
void panic_trap(const struct trapframe *tf, const char *format, ...) __noreturn __printf(2, 3);

/* One line at `level` for `pc` and for each caller, as far as the frame pointers stay on this task's kernel stack. */
void dump_backtrace(u64 pc, u64 frame_pointer);

void warn_at(const char *file, int line, const char *condition);

#define BUG() panic("BUG at %s:%d", __FILE__, __LINE__)

#define BUG_ON(condition)                                                                                              \
    do {                                                                                                               \
        if (unlikely(condition))                                                                                       \
            panic("BUG at %s:%d: %s", __FILE__, __LINE__, #condition);                                                 \
    } while (0)

/* Logs the condition and the call chain and goes on; its value is the condition's. */
#define WARN_ON(condition)                                                                                             \
    ({                                                                                                                 \
        bool warn_on_ = (condition);                                                                                   \
        if (unlikely(warn_on_))                                                                                        \
            warn_at(__FILE__, __LINE__, #condition);                                                                   \
        warn_on_;                                                                                                      \
    })
