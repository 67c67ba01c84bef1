/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <abi/errno.h>
#include <page.h>
#include <string.h>

/* The compiler turns such loops into calls of the very functions they implement: forbid it here. */
#define PLAIN __attribute__((no_builtin("memcpy", "memmove", "memset", "memcmp", "memchr", "strlen")))

/* A word at any address. */
struct word {
    u64 value;
} __packed __attribute__((may_alias));

PLAIN void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    u8 *t = to;
    const u8 *f = from;

    for (; n >= 32; n -= 32, t += 32, f += 32) {
        u64 a = ((const struct word *)f)[0].value, b = ((const struct word *)f)[1].value;
        u64 c = ((const struct word *)f)[2].value, d = ((const struct word *)f)[3].value;

        ((struct word *)t)[0].value = a;
        ((struct word *)t)[1].value = b;
        ((struct word *)t)[2].value = c;
        ((struct word *)t)[3].value = d;
    }
    for (; n >= 8; n -= 8, t += 8, f += 8)
        ((struct word *)t)->value = ((const struct word *)f)->value;
    while (n--)
        *t++ = *f++;
    return to;
}

PLAIN void *memmove(void *to, const void *from, size_t n)
{
    u8 *t = (u8 *)to + n;
    const u8 *f = (const u8 *)from + n;

    if ((u64)to - (u64)from >= n)
        return memcpy(to, from,
                      n); /* it copies upwards, which is right when the target does not start inside the source */
    for (; n >= 8; n -= 8) {
        t -= 8;
        f -= 8;
        ((struct word *)t)->value = ((const struct word *)f)->value;
    }
    while (n--)
        *--t = *--f;
    return to;
}

PLAIN void *memset(void *to, int byte, size_t n)
{
    u8 *t = to;
    u64 pattern = (u8)byte * 0x0101010101010101UL;

    for (; n >= 32; n -= 32, t += 32) {
        ((struct word *)t)[0].value = pattern;
        ((struct word *)t)[1].value = pattern;
        ((struct word *)t)[2].value = pattern;
        ((struct word *)t)[3].value = pattern;
    }
    for (; n >= 8; n -= 8, t += 8)
        ((struct word *)t)->value = pattern;
    while (n--)
        *t++ = byte;
    return to;
}

PLAIN int memcmp(const void *a, const void *b, size_t n)
{
    const u8 *x = a, *y = b;

    for (; n; n--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

PLAIN void *memchr(const void *s, int byte, size_t n)
{
    for (const u8 *p = s; n; n--, p++)
        if (*p == (u8)byte)
            return (void *)p;
    return NULL;
}

PLAIN size_t strlen(const char *s)
{
    const char *p = s;

    while (*p)
        p++;
    return p - s;
}

PLAIN size_t strnlen(const char *s, size_t max)
{
    size_t n = 0;

    while (n < max && s[n])
        n++;
    return n;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n; n--, a++, b++)
        if (*a != *b || !*a)
            return (u8)*a - (u8)*b;
    return 0;
}

char *strchr(const char *s, int c)
{
    for (;; s++) {
        if (*s == (char)c)
            return (char *)s;
        if (!*s)
            return NULL;
    }
}

char *strrchr(const char *s, int c)
{
    const char *last = NULL;

    for (;; s++) {
        if (*s == (char)c)
            last = s;
        if (!*s)
            return (char *)last;
    }
}

size_t strlcpy(char *to, const char *from, size_t size)
{
    size_t length = strlen(from), n = MIN(length, size - 1);

    memcpy(to, from, n);
    to[n] = 0;
    return length;
}

char *kstrdup(const char *s)
{
    size_t n = strlen(s) + 1;
    char *copy = kmalloc(n);

    if (copy)
        memcpy(copy, s, n);
    return copy;
}

int parse_u64(const char *s, u64 *value)
{
    u32 base = 10;
    u64 result = 0;

    if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
        base = 16;
        s += 2;
    }
    if (!*s)
        return -EINVAL;
    for (; *s; s++) {
        u32 digit = *s >= '0' && *s <= '9'                 ? (u32)(*s - '0')
                    : (*s | 32) >= 'a' && (*s | 32) <= 'f' ? (u32)((*s | 32) - 'a' + 10)
                                                           : 99;

        if (digit >= base || result > (~0UL - digit) / base)
            return -EINVAL;
        result = result * base + digit;
    }
    *value = result;
    return 0;
}
