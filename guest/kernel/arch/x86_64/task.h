/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a task keeps of the CPU while another one runs. */
#pragma once
#include <types.h>

#define FXSAVE_SIZE 512

struct arch_task {
    u64 sp;                                      /* kernel stack; switch.S left the callee-saved registers on it */
    u64 stack_top;                               /* of the kernel stack, where entries from user mode begin */
    u64 fs_base, gs_base;                        /* the user's; fs is the thread pointer */
    u8 fpu[FXSAVE_SIZE] __aligned(16);           /* FXSAVE64 image: x87, SSE, MXCSR */
};
