/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Text on a polled console; `put_char` is the architecture's.
 */
#ifndef SAY_H
#define SAY_H

void put_char(char c);

static inline void say(const char *text)
{
    while (*text)
        put_char(*text++);
}

/* Lower case hexadecimal without leading zeros. */
static inline void say_hex(unsigned long value)
{
    int shift = 60;
    while (shift && !(value >> shift))
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        put_char("0123456789abcdef"[value >> shift & 15]);
}

static inline void say_field(const char *name, unsigned long value)
{
    say(name);
    say_hex(value);
}

#endif
