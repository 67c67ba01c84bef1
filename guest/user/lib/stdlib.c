// SPDX-License-Identifier: GPL-2.0-or-later
//
// <stdlib.h> but for memory (malloc.c) and process start and end (start.c): numbers, sorting, the environment.

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// One scanner for the four conversions: the magnitude saturates at `most`, or at `most + 1` behind a minus sign when
// the target is signed.
static unsigned long long scan_number(const char *s, char **end, int base, unsigned long long most, bool is_signed,
                                      bool *minus)
{
    const char *start = s;
    unsigned long long value = 0;
    bool digits = false, overflow = false;

    while (isspace((unsigned char)*s))
        s++;
    *minus = *s == '-';
    if (*s == '-' || *s == '+')
        s++;
    if ((base == 0 || base == 16) && s[0] == '0' && (s[1] | 0x20) == 'x' && isxdigit((unsigned char)s[2])) {
        s += 2;
        base = 16;
    } else if (base == 0) {
        base = *s == '0' ? 8 : 10;
    }
    if (is_signed && *minus)
        most++;
    for (;; s++) {
        int digit = isdigit((unsigned char)*s) ? *s - '0' :
                    isalpha((unsigned char)*s) ? tolower((unsigned char)*s) - 'a' + 10 : base;
        if (digit >= base)
            break;
        digits = true;
        if (value > (most - (unsigned)digit) / (unsigned)base)
            overflow = true;
        else
            value = value * (unsigned)base + (unsigned)digit;
    }
    if (end)
        *end = (char *)(digits ? s : start);
    if (overflow) {
        errno = ERANGE;
        return most;
    }
    return value;
}

unsigned long long strtoull(const char *restrict s, char **restrict end, int base)
{
    bool minus;
    unsigned long long value = scan_number(s, end, base, ULLONG_MAX, false, &minus);

    return minus ? -value : value;
}

long long strtoll(const char *restrict s, char **restrict end, int base)
{
    bool minus;
    unsigned long long value = scan_number(s, end, base, LLONG_MAX, true, &minus);

    return (long long)(minus ? -value : value);
}

// long and long long have the same 64 bits on both architectures.
unsigned long strtoul(const char *restrict s, char **restrict end, int base)
{
    return strtoull(s, end, base);
}

long strtol(const char *restrict s, char **restrict end, int base)
{
    return (long)strtoll(s, end, base);
}

long atol(const char *s)
{
    return strtol(s, NULL, 10);
}

int atoi(const char *s)
{
    return (int)atol(s);
}

int abs(int value)
{
    return value < 0 ? -value : value;
}

long labs(long value)
{
    return value < 0 ? -value : value;
}

static void swap(char *a, char *b, size_t size)
{
    while (size--) {
        char c = *a;
        *a++ = *b;
        *b++ = c;
    }
}

// Heap sort: no recursion, no memory, and no input that makes it quadratic.
static void sift_down(char *base, size_t root, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && compare(base + child * size, base + (child + 1) * size) < 0)
            child++;
        if (compare(base + root * size, base + child * size) >= 0)
            return;
        swap(base + root * size, base + child * size, size);
    }
}

void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    for (size_t root = count / 2; root--;)
        sift_down(base, root, count, size, compare);
    for (size_t last = count; last-- > 1;) {
        swap(base, (char *)base + last * size, size);
        sift_down(base, 0, last, size, compare);
    }
}

void *bsearch(const void *key, const void *base, size_t count, size_t size,
              int (*compare)(const void *, const void *))
{
    const char *low = base;

    while (count) {
        const char *middle = low + count / 2 * size;
        int order = compare(key, middle);
        if (order == 0)
            return (void *)middle;
        if (order > 0) {
            low = middle + size;
            count--;
        }
        count /= 2;
    }
    return NULL;
}

// ---- environment ----
//
// The strings of the start stay where the kernel put them; the array is copied the first time it has to grow.

static char **own_environ;

static char **find_variable(const char *name, size_t length)
{
    for (char **entry = environ; entry && *entry; entry++)
        if (!strncmp(*entry, name, length) && (*entry)[length] == '=')
            return entry;
    return NULL;
}

char *getenv(const char *name)
{
    size_t length = strlen(name);
    char **entry = find_variable(name, length);

    return entry ? *entry + length + 1 : NULL;
}

static bool bad_name(const char *name)
{
    if (name && *name && !strchr(name, '='))
        return false;
    errno = EINVAL;
    return true;
}

int setenv(const char *name, const char *value, int overwrite)
{
    if (bad_name(name))
        return -1;
    size_t length = strlen(name), count = 0;
    char **entry = find_variable(name, length);
    if (entry && !overwrite)
        return 0;

    char *text = malloc(length + strlen(value) + 2);
    if (!text)
        return -1;
    strcpy(stpcpy(stpcpy(text, name), "="), value);
    if (entry) {
        *entry = text;                  // the old string may be the kernel's, or in a caller's hands: not freed
        return 0;
    }
    while (environ && environ[count])
        count++;
    char **grown = realloc(own_environ, (count + 2) * sizeof(*grown));
    if (!grown) {
        free(text);
        return -1;
    }
    if (environ != own_environ && count)
        memcpy(grown, environ, count * sizeof(*grown));
    grown[count] = text;
    grown[count + 1] = NULL;
    environ = own_environ = grown;
    return 0;
}

int unsetenv(const char *name)
{
    if (bad_name(name))
        return -1;
    size_t length = strlen(name);
    for (char **entry; (entry = find_variable(name, length));)
        do
            entry[0] = entry[1];
        while (*entry++);
    return 0;
}
