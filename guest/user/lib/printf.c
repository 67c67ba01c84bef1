// SPDX-License-Identifier: GPL-2.0-or-later
//
// The formatter of the printf family. Conversions d i u o x X c s p %; flags - + space # 0; width and precision, also
// as *; lengths hh h l ll z j t. No floating point, no %n.

#include "internal.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct output {
    void (*put)(void *sink, const char *text, size_t length);
    void *sink;
    int count;
};

struct spec {
    bool left, plus, space, alternate, zero;
    int width;
    int precision;                      // -1: not given
    int length;                         // bytes of the argument: 1, 2, 4 or 8
};

static void emit(struct output *out, const char *text, size_t length)
{
    if (length)
        out->put(out->sink, text, length);
    out->count += (int)length;
}

static void pad(struct output *out, char c, int count)
{
    char run[32];

    memset(run, c, sizeof(run));
    for (; count > 0; count -= (int)sizeof(run))
        emit(out, run, count < (int)sizeof(run) ? (size_t)count : sizeof(run));
}

// prefix (sign, 0x), zeros and body, within the width.
static void emit_field(struct output *out, const struct spec *spec, const char *prefix, int zeros, const char *body,
                       size_t length)
{
    int blanks = spec->width - (int)strlen(prefix) - zeros - (int)length;

    if (!spec->left)
        pad(out, ' ', blanks);
    emit(out, prefix, strlen(prefix));
    pad(out, '0', zeros);
    emit(out, body, length);
    if (spec->left)
        pad(out, ' ', blanks);
}

static void emit_number(struct output *out, const struct spec *spec, uint64_t value, unsigned base, bool capital,
                        const char *prefix)
{
    char digits[24];
    char *p = digits + sizeof(digits);

    for (; value; value /= base)
        *--p = (capital ? "0123456789ABCDEF" : "0123456789abcdef")[value % base];
    int length = (int)(digits + sizeof(digits) - p);
    int least = spec->precision < 0 ? 1 : spec->precision;
    if (base == 8 && spec->alternate && least <= length)
        least = length + 1;
    int zeros = least > length ? least - length : 0;
    if (spec->zero && !spec->left && spec->precision < 0) {
        int room = spec->width - (int)strlen(prefix) - length;
        if (room > zeros)
            zeros = room;
    }
    emit_field(out, spec, prefix, zeros, p, (size_t)length);
}

static const char *parse_flags(const char *f, struct spec *spec)
{
    for (;; f++) {
        switch (*f) {
        case '-': spec->left = true; break;
        case '+': spec->plus = true; break;
        case ' ': spec->space = true; break;
        case '#': spec->alternate = true; break;
        case '0': spec->zero = true; break;
        default: return f;
        }
    }
}

static const char *parse_length(const char *f, struct spec *spec)
{
    spec->length = 4;
    for (;; f++) {
        switch (*f) {
        case 'h': spec->length /= 2; break;
        case 'l':
        case 'z':
        case 'j':
        case 't': spec->length = 8; break;
        default: return f;
        }
    }
}

static const char *parse_decimal(const char *f, int *value)
{
    for (*value = 0; *f >= '0' && *f <= '9'; f++)
        *value = *value * 10 + (*f - '0');
    return f;
}

int __format(void (*put)(void *sink, const char *text, size_t length), void *sink, const char *format, va_list args)
{
    struct output out = {.put = put, .sink = sink};

    for (const char *f = format; *f;) {
        const char *run = strchrnul(f, '%');
        emit(&out, f, (size_t)(run - f));
        if (!*run)
            break;

        struct spec spec = {.precision = -1};
        f = parse_flags(run + 1, &spec);
        if (*f == '*') {
            spec.width = va_arg(args, int);
            if (spec.width < 0) {
                spec.left = true;
                spec.width = -spec.width;
            }
            f++;
        } else {
            f = parse_decimal(f, &spec.width);
        }
        if (*f == '.') {
            if (*++f == '*') {
                spec.precision = va_arg(args, int);
                f++;
            } else {
                f = parse_decimal(f, &spec.precision);
            }
        }
        f = parse_length(f, &spec);

        char conversion = *f ? *f++ : '%';
        switch (conversion) {
        case 'd':
        case 'i': {
            int64_t value = spec.length == 8 ? va_arg(args, int64_t) : va_arg(args, int);
            if (spec.length == 1)
                value = (signed char)value;
            else if (spec.length == 2)
                value = (short)value;
            const char *sign = value < 0 ? "-" : spec.plus ? "+" : spec.space ? " " : "";
            emit_number(&out, &spec, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, false, sign);
            break;
        }
        case 'u':
        case 'o':
        case 'x':
        case 'X': {
            uint64_t value = spec.length == 8 ? va_arg(args, uint64_t) : va_arg(args, unsigned);
            if (spec.length == 1)
                value = (unsigned char)value;
            else if (spec.length == 2)
                value = (unsigned short)value;
            unsigned base = conversion == 'u' ? 10 : conversion == 'o' ? 8 : 16;
            bool marked = base == 16 && spec.alternate && value;
            emit_number(&out, &spec, value, base, conversion == 'X',
                        !marked ? "" : conversion == 'X' ? "0X" : "0x");
            break;
        }
        case 'p':
            emit_number(&out, &spec, (uintptr_t)va_arg(args, void *), 16, false, "0x");
            break;
        case 'c': {
            char c = (char)va_arg(args, int);
            emit_field(&out, &spec, "", 0, &c, 1);
            break;
        }
        case 's': {
            const char *s = va_arg(args, const char *);
            if (!s)
                s = "(null)";
            size_t length = spec.precision < 0 ? strlen(s) : strnlen(s, (size_t)spec.precision);
            emit_field(&out, &spec, "", 0, s, length);
            break;
        }
        case '%':
            emit(&out, "%", 1);
            break;
        default:                        // not a conversion: shown as written
            emit(&out, run, (size_t)(f - run));
        }
    }
    return out.count;
}

struct string_sink {
    char *to;
    size_t size, length;
};

static void put_string(void *sink, const char *text, size_t length)
{
    struct string_sink *s = sink;

    if (s->length < s->size) {
        size_t room = s->size - s->length;
        memcpy(s->to + s->length, text, length < room ? length : room);
    }
    s->length += length;
}

int vsnprintf(char *restrict to, size_t size, const char *restrict format, va_list args)
{
    struct string_sink sink = {.to = to, .size = size};
    int count = __format(put_string, &sink, format, args);

    if (size)
        to[sink.length < size ? sink.length : size - 1] = '\0';
    return count;
}

int snprintf(char *restrict to, size_t size, const char *restrict format, ...)
{
    va_list args;

    va_start(args, format);
    int count = vsnprintf(to, size, format, args);
    va_end(args);
    return count;
}

int sprintf(char *restrict to, const char *restrict format, ...)
{
    va_list args;

    va_start(args, format);
    int count = vsnprintf(to, PTRDIFF_MAX, format, args);
    va_end(args);
    return count;
}

int vprintf(const char *restrict format, va_list args)
{
    return vfprintf(stdout, format, args);
}

int printf(const char *restrict format, ...)
{
    va_list args;

    va_start(args, format);
    int count = vfprintf(stdout, format, args);
    va_end(args);
    return count;
}

int fprintf(FILE *restrict file, const char *restrict format, ...)
{
    va_list args;

    va_start(args, format);
    int count = vfprintf(file, format, args);
    va_end(args);
    return count;
}

int dprintf(int fd, const char *restrict format, ...)
{
    va_list args;

    va_start(args, format);
    int count = vdprintf(fd, format, args);
    va_end(args);
    return count;
}

void perror(const char *what)
{
    const char *reason = strerror(errno);

    if (what && *what)
        fprintf(stderr, "%s: %s\n", what, reason);
    else
        fprintf(stderr, "%s\n", reason);
}
