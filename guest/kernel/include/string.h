/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The few C library functions the kernel has, with their standard meaning, and its formatted printing. */
#pragma once
#include <stdarg.h>
#include <types.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int byte, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);

/* Copy with truncation; always ends in NUL (size > 0). Returns strlen(from). */
size_t strlcpy(char *to, const char *from, size_t size);

/* Decimal, or hexadecimal after 0x. Returns 0 and stores the value, or -EINVAL when anything else is in `s`. */
int parse_u64(const char *s, u64 *value);

/* %d %i %u %x %X %o %c %s %p %% with flags "-0 #+ ", width and precision (also *), lengths hh h l ll z. Writes at most
   `size` bytes with the NUL, returns the length that was wanted. */
int vsnprintf(char *out, size_t size, const char *format, va_list args);
int snprintf(char *out, size_t size, const char *format, ...) __printf(3, 4);
