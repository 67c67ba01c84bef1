/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line discipline's way out: output processing, echo, and where the cursor is after each. */
#include <string.h>
#include <tty.h>

#include "ldisc.h"

#define TAB_STOP 8
#define DELETE 0x7f

/* The cursor's column after `c`. */
static u32 advance(u32 column, u8 c)
{
    if (c == '\n' || c == '\r')
        return 0;
    if (c == '\b')
        return column - (column > 0);
    if (c == '\t')
        return (column / TAB_STOP + 1) * TAB_STOP;
    if (c < ' ' || c == DELETE || (c & 0xc0) == 0x80)
        return column; /* a control character, or a byte inside a UTF-8 character: takes no room */
    return column + 1;
}

void ldisc_output(const char *text, size_t n)
{
    u32 oflag = ldisc.termios.c_oflag;
    size_t start = 0;

    if (!(oflag & OPOST)) {
        console_write(text, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        const char *instead = NULL;

        if (c == '\n' && (oflag & ONLCR))
            instead = "\r\n";
        else if (c == '\r' && (oflag & ONOCR) && ldisc.column == 0)
            instead = "";
        else if (c == '\r' && (oflag & OCRNL))
            instead = "\n";
        if (c == '\n' && !(oflag & (ONLCR | ONLRET)))
            continue; /* only down: the column stays */
        ldisc.column = advance(ldisc.column, (u8)c);
        if (instead) {
            console_write(text + start, i - start);
            console_write(instead, strlen(instead));
            start = i + 1;
        }
    }
    console_write(text + start, n - start);
}

/* Is `c` shown as ^X? */
static bool shown_with_caret(u8 c)
{
    return (ldisc.termios.c_lflag & ECHOCTL) && (c < ' ' || c == DELETE) && c != '\t' && c != '\n';
}

void ldisc_echo(u8 c)
{
    char caret[2] = { '^', (char)(c ^ 0x40) }, self = (char)c;

    if (shown_with_caret(c))
        ldisc_output(caret, 2);
    else
        ldisc_output(&self, 1);
}

u32 ldisc_echo_column(u32 column, u8 c)
{
    return shown_with_caret(c) ? column + 2 : advance(column, c);
}
