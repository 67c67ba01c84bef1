// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Room for the callee-saved registers of the larger architecture (arch/*/setjmp.S).
typedef unsigned long jmp_buf[22];

__attribute__((returns_twice)) int setjmp(jmp_buf env);
_Noreturn void longjmp(jmp_buf env, int value);
