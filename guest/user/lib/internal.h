// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the files of the library tell each other and nobody else.
#pragma once

#include <stdarg.h>
#include <stddef.h>

// The formatter behind the printf family: gives `put` runs of output, returns the number of bytes.
int __format(void (*put)(void *sink, const char *text, size_t length), void *sink, const char *format, va_list args);

// -errno to -1 with errno set; anything else as it is.
long __syscall_result(long result);

// Flushes every stream; at exit.
void __stdio_exit(void);

// arch/*/sigreturn.S
void __sigreturn(void);
