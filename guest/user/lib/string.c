// SPDX-License-Identifier: GPL-2.0-or-later
//
// <string.h>: memory and strings. The compiler calls memcpy, memmove, memset and memcmp on its own, so these four are
// kept from being turned back into calls of themselves (no_builtin).

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ITSELF __attribute__((no_builtin))

// Eight bytes at a time where it is allowed to: a type that may alias any other.
typedef uint64_t __attribute__((may_alias, aligned(1))) word;

ITSELF void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    unsigned char *d = to;
    const unsigned char *s = from;

    for (; n >= sizeof(word); n -= sizeof(word), d += sizeof(word), s += sizeof(word))
        *(word *)d = *(const word *)s;
    while (n--)
        *d++ = *s++;
    return to;
}

ITSELF void *memmove(void *to, const void *from, size_t n)
{
    unsigned char *d = to;
    const unsigned char *s = from;

    // A word is read before it is written, so forward by words is right for every d below s.
    if ((uintptr_t)d - (uintptr_t)s >= n) {
        for (; n >= sizeof(word); n -= sizeof(word), d += sizeof(word), s += sizeof(word))
            *(word *)d = *(const word *)s;
        while (n--)
            *d++ = *s++;
        return to;
    }
    d += n;
    s += n;
    for (; n >= sizeof(word); n -= sizeof(word)) {
        d -= sizeof(word);
        s -= sizeof(word);
        *(word *)d = *(const word *)s;
    }
    while (n--)
        *--d = *--s;
    return to;
}

ITSELF void *memset(void *s, int c, size_t n)
{
    unsigned char *d = s;
    uint64_t pattern = 0x0101010101010101u * (unsigned char)c;

    for (; n >= sizeof(word); n -= sizeof(word), d += sizeof(word))
        *(word *)d = pattern;
    while (n--)
        *d++ = (unsigned char)c;
    return s;
}

ITSELF int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;

    for (; n >= sizeof(word) && *(const word *)x == *(const word *)y; n -= sizeof(word)) {
        x += sizeof(word);
        y += sizeof(word);
    }
    for (; n; n--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

void *memchr(const void *s, int c, size_t n)
{
    for (const unsigned char *p = s; n--; p++)
        if (*p == (unsigned char)c)
            return (void *)p;
    return NULL;
}

size_t strlen(const char *s)
{
    const char *end = s;

    while (*end)
        end++;
    return (size_t)(end - s);
}

size_t strnlen(const char *s, size_t n)
{
    const char *end = memchr(s, '\0', n);

    return end ? (size_t)(end - s) : n;
}

int strcmp(const char *a, const char *b)
{
    for (; *a && *a == *b; a++, b++)
        ;
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n && *a && *a == *b; n--, a++, b++)
        ;
    return n ? (unsigned char)*a - (unsigned char)*b : 0;
}

char *strchrnul(const char *s, int c)
{
    while (*s && *s != (char)c)
        s++;
    return (char *)s;
}

char *strchr(const char *s, int c)
{
    char *found = strchrnul(s, c);

    return *found == (char)c ? found : NULL;
}

char *strrchr(const char *s, int c)
{
    for (const char *p = s + strlen(s); p >= s; p--)
        if (*p == (char)c)
            return (char *)p;
    return NULL;
}

char *strstr(const char *text, const char *part)
{
    size_t n = strlen(part);

    if (!n)
        return (char *)text;
    for (; (text = strchr(text, *part)); text++)
        if (!strncmp(text, part, n))
            return (char *)text;
    return NULL;
}

size_t strspn(const char *s, const char *any)
{
    size_t n = 0;

    while (s[n] && strchr(any, s[n]))
        n++;
    return n;
}

size_t strcspn(const char *s, const char *any)
{
    size_t n = 0;

    while (s[n] && !strchr(any, s[n]))
        n++;
    return n;
}

char *strpbrk(const char *s, const char *any)
{
    s += strcspn(s, any);
    return *s ? (char *)s : NULL;
}

char *stpcpy(char *restrict to, const char *restrict from)
{
    while ((*to = *from++))
        to++;
    return to;
}

char *strcpy(char *restrict to, const char *restrict from)
{
    stpcpy(to, from);
    return to;
}

char *strncpy(char *restrict to, const char *restrict from, size_t n)
{
    size_t length = strnlen(from, n);

    memcpy(to, from, length);
    memset(to + length, 0, n - length);
    return to;
}

char *strcat(char *restrict to, const char *restrict from)
{
    stpcpy(to + strlen(to), from);
    return to;
}

char *strncat(char *restrict to, const char *restrict from, size_t n)
{
    char *end = to + strlen(to);
    size_t length = strnlen(from, n);

    memcpy(end, from, length);
    end[length] = '\0';
    return to;
}

size_t strlcpy(char *restrict to, const char *restrict from, size_t size)
{
    size_t length = strlen(from);

    if (size) {
        size_t copied = length < size ? length : size - 1;
        memcpy(to, from, copied);
        to[copied] = '\0';
    }
    return length;
}

size_t strlcat(char *restrict to, const char *restrict from, size_t size)
{
    size_t length = strnlen(to, size);

    return length + strlcpy(to + length, from, size - length);
}

char *strtok_r(char *restrict s, const char *restrict any, char **restrict rest)
{
    if (!s)
        s = *rest;
    s += strspn(s, any);
    if (!*s) {
        *rest = s;
        return NULL;
    }
    char *end = s + strcspn(s, any);
    *rest = *end ? end + 1 : end;
    *end = '\0';
    return s;
}

char *strndup(const char *s, size_t n)
{
    size_t length = strnlen(s, n);
    char *copy = malloc(length + 1);

    if (copy) {
        memcpy(copy, s, length);
        copy[length] = '\0';
    }
    return copy;
}

char *strdup(const char *s)
{
    return strndup(s, (size_t)-1);
}
