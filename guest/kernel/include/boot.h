/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the boot loader handed over, in neutral words. arch_early_init() fills it in; nobody writes it afterwards. */
#pragma once
#include <types.h>

#define BOOT_RANGES 16
#define COMMAND_LINE_SIZE 2048

struct boot_range {
    phys_t start, end; /* [start, end) */
};

struct boot_info {
    char cmdline[COMMAND_LINE_SIZE];
    struct boot_range memory[BOOT_RANGES];   /* RAM, ascending, not overlapping */
    struct boot_range reserved[BOOT_RANGES]; /* not to be allocated: kernel image, initrd, hand-over block */
    u32 memory_count, reserved_count;
    struct boot_range initrd; /* empty when start == end */
    u8 seed[32];              /* the loader's randomness, zero when it gave none */
    bool has_seed;
};

extern struct boot_info boot_info;

void boot_add_memory(phys_t start, phys_t end);
void boot_add_reserved(phys_t start, phys_t end);

/* The kernel image as the link script laid it out (virtual addresses). */
extern char __kernel_start[], __text_start[], __text_end[], __rodata_start[], __rodata_end[], __data_start[],
    __bss_start[], __bss_end[], __kernel_end[];
/* Where those bytes are in physical memory: symbol - __kernel_start + kernel_phys. */
extern phys_t kernel_phys;

/* Parameters on the command line (Linux's kernel-parameters: `quiet`, `loglevel=N`, `init=PATH`, ...). Value of
   `name=`, "" for a bare `name`, NULL when absent. The pointer stays valid for ever. */
const char *param_get(const char *name);
/* Splits the command line, applies `quiet` and `loglevel=`. Words after `--` and unknown words become init's arguments,
   unknown `key=value` init's environment. */
void params_init(const char *cmdline);
/* The argv (from index 1) and envp words for init; both lists end in NULL. */
extern char **const init_args, **const init_envs;
