/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formatted printing: the subset of C17 7.21.6.1 that string.h names. */
#include <string.h>

struct output {
    char *at, *end; /* the last byte is kept for the NUL */
    int length;     /* wanted */
};

struct spec {
    bool left, zero, plus, space, alternate, negative, upper;
    int width, precision; /* precision -1: not given */
};

static void put(struct output *out, char c)
{
    if (out->at < out->end)
        *out->at++ = c;
    out->length++;
}

static void pad(struct output *out, char c, int n)
{
    while (n-- > 0)
        put(out, c);
}

static void put_text(struct output *out, const struct spec *spec, const char *text, int n)
{
    if (!spec->left)
        pad(out, ' ', spec->width - n);
    for (int i = 0; i < n; i++)
        put(out, text[i]);
    if (spec->left)
        pad(out, ' ', spec->width - n);
}

static void put_number(struct output *out, const struct spec *spec, u64 value, u32 base)
{
    const char *digits = spec->upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char reversed[24], prefix[3];
    int n = 0, prefix_length = 0, zeros;

    if (spec->negative)
        prefix[prefix_length++] = '-';
    else if (spec->plus)
        prefix[prefix_length++] = '+';
    else if (spec->space)
        prefix[prefix_length++] = ' ';
    if (spec->alternate && base == 16 && value) {
        prefix[prefix_length++] = '0';
        prefix[prefix_length++] = spec->upper ? 'X' : 'x';
    }
    for (; value; value /= base)
        reversed[n++] = digits[value % base];
    if (!n && spec->precision != 0)
        reversed[n++] = '0';
    if (spec->alternate && base == 8 && (!n || reversed[n - 1] != '0'))
        reversed[n++] = '0';

    zeros = spec->precision - n;
    if (spec->zero && !spec->left && spec->precision < 0)
        zeros = spec->width - prefix_length - n;
    zeros = MAX(zeros, 0);
    if (!spec->left)
        pad(out, ' ', spec->width - prefix_length - zeros - n);
    for (int i = 0; i < prefix_length; i++)
        put(out, prefix[i]);
    pad(out, '0', zeros);
    for (int i = n; i > 0; i--)
        put(out, reversed[i - 1]);
    if (spec->left)
        pad(out, ' ', spec->width - prefix_length - zeros - n);
}

static const char *read_flags(const char *f, struct spec *spec, va_list *args)
{
    for (;; f++) {
        if (*f == '-')
            spec->left = true;
        else if (*f == '0')
            spec->zero = true;
        else if (*f == '+')
            spec->plus = true;
        else if (*f == ' ')
            spec->space = true;
        else if (*f == '#')
            spec->alternate = true;
        else
            break;
    }
    if (*f == '*') {
        spec->width = va_arg(*args, int);
        f++;
        if (spec->width < 0) {
            spec->left = true;
            spec->width = -spec->width;
        }
    } else {
        while (*f >= '0' && *f <= '9')
            spec->width = spec->width * 10 + *f++ - '0';
    }
    if (*f != '.')
        return f;
    spec->precision = 0;
    if (*++f == '*') {
        spec->precision = va_arg(*args, int);
        f++;
    } else {
        while (*f >= '0' && *f <= '9')
            spec->precision = spec->precision * 10 + *f++ - '0';
    }
    return f;
}

int vsnprintf(char *buffer, size_t size, const char *format, va_list list)
{
    struct output out = { buffer, size ? buffer + size - 1 : buffer, 0 };
    va_list args;

    va_copy(args, list);
    for (const char *f = format; *f; f++) {
        struct spec spec = { .precision = -1 };
        int longs = 0, halves = 0;
        const char *text;
        char c;
        s64 value;

        if (*f != '%') {
            put(&out, *f);
            continue;
        }
        f = read_flags(f + 1, &spec, &args);
        for (; *f == 'l' || *f == 'z' || *f == 'h'; f++)
            *f == 'h' ? halves++ : longs++;
        switch (*f) {
        case 'd':
        case 'i':
            value = longs ? va_arg(args, long) : va_arg(args, int);
            value = halves == 1 ? (short)value : halves == 2 ? (signed char)value : value;
            spec.negative = value < 0;
            put_number(&out, &spec, spec.negative ? -(u64)value : (u64)value, 10);
            break;
        case 'X':
            spec.upper = true;
            __attribute__((fallthrough));
        case 'u':
        case 'x':
        case 'o':
            value = longs ? va_arg(args, unsigned long) : va_arg(args, unsigned int);
            value = halves == 1 ? (unsigned short)value : halves == 2 ? (unsigned char)value : value;
            spec.plus = spec.space = false;
            put_number(&out, &spec, value, *f == 'u' ? 10 : *f == 'o' ? 8 : 16);
            break;
        case 'p':
            spec.alternate = true;
            put_number(&out, &spec, (u64)va_arg(args, void *), 16);
            break;
        case 'c':
            c = va_arg(args, int);
            put_text(&out, &spec, &c, 1);
            break;
        case 's':
            text = va_arg(args, const char *);
            if (!text)
                text = "(null)";
            put_text(&out, &spec, text, spec.precision >= 0 ? strnlen(text, spec.precision) : strlen(text));
            break;
        case '%':
            put(&out, '%');
            break;
        default: /* not ours to interpret: show it, and do not run past the end */
            put(&out, '%');
            if (!*f)
                f--;
            else
                put(&out, *f);
        }
    }
    va_end(args);
    if (size)
        *out.at = 0;
    return out.length;
}

int snprintf(char *out, size_t size, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(out, size, format, args);
    va_end(args);
    return n;
}
