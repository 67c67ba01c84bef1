/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line discipline. In canonical mode input is collected and edited line by line and a reader sees whole lines;
   otherwise it sees bytes as they come. Positions count bytes for ever; their low bits index the buffer:

     tail     next byte for a reader
     head     end of what readers may see: in canonical mode the end of the last complete line
     edit     end of the line being typed (equal to head in raw mode)

   A line ends with a delimiter, marked in `delimiter`; the VEOF character is stored as a marked byte and never given
   to a reader. */
#include <abi/signal.h>
#include <signal.h>
#include <string.h>
#include <tty.h>

#include "ldisc.h"

#define BUFFER 4096u
#define LINE_LIMIT (BUFFER - 1)
#define DISABLED 0 /* _POSIX_VDISABLE on Linux */
#define CTRL(c) ((c) & 0x1f)
#define DELETE 0x7f

struct ldisc ldisc = {
    .lock = SPINLOCK_INIT("tty", LOCK_TTY),
    .readers = WAIT_QUEUE_INIT(ldisc.readers),
    .writers = WAIT_QUEUE_INIT(ldisc.writers),
};

static u8 buffer[BUFFER];
static u64 delimiter[BUFFER / 64];
static u64 tail, head, edit;
static bool literal_next;  /* after VLNEXT */
static u32 line_column;    /* where the line being typed began */

static const struct termios initial = {
    .c_iflag = ICRNL | IXON | IUTF8,
    .c_oflag = OPOST | ONLCR,
    .c_cflag = B38400 | CS8 | CREAD | HUPCL | CLOCAL,
    .c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
    .c_cc = {
        [VINTR] = CTRL('C'), [VQUIT] = CTRL('\\'), [VERASE] = DELETE, [VKILL] = CTRL('U'), [VEOF] = CTRL('D'),
        [VTIME] = 0, [VMIN] = 1, [VSTART] = CTRL('Q'), [VSTOP] = CTRL('S'), [VSUSP] = CTRL('Z'),
        [VREPRINT] = CTRL('R'), [VDISCARD] = CTRL('O'), [VWERASE] = CTRL('W'), [VLNEXT] = CTRL('V'),
    },
};

static bool lflag(u32 flag)
{
    return ldisc.termios.c_lflag & flag;
}

static bool iflag(u32 flag)
{
    return ldisc.termios.c_iflag & flag;
}

static void echo_typed(u8 c)
{
    if (lflag(ECHO) || (c == '\n' && lflag(ECHONL) && lflag(ICANON)))
        ldisc_echo(c);
}

static bool is_char(u8 c, int index)
{
    return c == ldisc.termios.c_cc[index] && c != DISABLED;
}

static bool marked(u64 at)
{
    return delimiter[at % BUFFER / 64] & (1UL << (at % 64));
}

static void mark(u64 at, bool on)
{
    if (on)
        delimiter[at % BUFFER / 64] |= 1UL << (at % 64);
    else
        delimiter[at % BUFFER / 64] &= ~(1UL << (at % 64));
}

/* ---- Editing ---- */

/* The column at which the line being typed ends when its bytes from `until` on are left out. */
static u32 column_at(u64 until)
{
    u32 column = line_column;

    for (u64 at = head; at < until; at++)
        column = ldisc_echo_column(column, buffer[at % BUFFER]);
    return column;
}

static void erase_to(u64 where)
{
    u32 to = column_at(where);

    edit = where;
    if (!lflag(ECHO))
        return;
    if (!lflag(ECHOE)) {
        ldisc_echo(ldisc.termios.c_cc[VERASE]);
        return;
    }
    while (ldisc.column > to)
        ldisc_output("\b \b", 3); /* back, blank, back: one column less */
}

static bool continuation(u64 at)
{
    return iflag(IUTF8) && (buffer[at % BUFFER] & 0xc0) == 0x80;
}

static void erase_character(void)
{
    u64 where = edit;

    if (where == head)
        return;
    do
        where--;
    while (where > head && continuation(where));
    erase_to(where);
}

static bool is_word(u8 c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

static void erase_word(void)
{
    u64 where = edit;

    while (where > head && !is_word(buffer[(where - 1) % BUFFER]))
        where--;
    while (where > head && is_word(buffer[(where - 1) % BUFFER]))
        where--;
    if (where != edit)
        erase_to(where);
}

static void kill_line(void)
{
    if (lflag(ECHOK) && !lflag(ECHOKE) && lflag(ECHO)) {
        edit = head;
        ldisc_echo(ldisc.termios.c_cc[VKILL]);
        ldisc_echo('\n');
    } else if (edit != head) {
        erase_to(head);
    }
}

static void reprint(void)
{
    ldisc_echo(ldisc.termios.c_cc[VREPRINT]);
    ldisc_output("\n", 1);
    line_column = ldisc.column;
    for (u64 at = head; at < edit; at++)
        ldisc_echo(buffer[at % BUFFER]);
}

/* ---- Input ---- */

static void store(u8 c, bool is_delimiter)
{
    /* One place is kept for the delimiter, else a full line could never be sent. */
    if (edit - tail >= (is_delimiter ? BUFFER : LINE_LIMIT)) {
        ldisc_output("\a", 1);
        return;
    }
    if (edit == head)
        line_column = ldisc.column;
    buffer[edit % BUFFER] = c;
    mark(edit, is_delimiter);
    edit++;
}

static void publish(void)
{
    head = edit;
    wake_all(&ldisc.readers);
}

static bool signal_character(u8 c)
{
    int sig = is_char(c, VINTR) ? SIGINT : is_char(c, VQUIT) ? SIGQUIT : is_char(c, VSUSP) ? SIGTSTP : 0;

    if (!sig || !lflag(ISIG))
        return false;
    if (!lflag(NOFLSH))
        ldisc_flush();
    if (ldisc.stopped) {
        ldisc.stopped = false;
        wake_all(&ldisc.writers);
    }
    echo_typed(c);
    if (ldisc.foreground)
        signal_group(ldisc.foreground, sig);
    return true;
}

static bool flow_character(u8 c)
{
    if (!iflag(IXON))
        return false;
    if (is_char(c, VSTOP)) {
        ldisc.stopped = true;
        return true;
    }
    if (is_char(c, VSTART) || (ldisc.stopped && iflag(IXANY))) {
        ldisc.stopped = false;
        wake_all(&ldisc.writers);
        return is_char(c, VSTART);
    }
    return false;
}

static bool edit_character(u8 c)
{
    if (is_char(c, VERASE) || c == '\b')
        erase_character();
    else if (is_char(c, VKILL))
        kill_line();
    else if (is_char(c, VWERASE) && lflag(IEXTEN))
        erase_word();
    else if (is_char(c, VREPRINT) && lflag(IEXTEN) && lflag(ECHO))
        reprint();
    else
        return false;
    return true;
}

static void receive(u8 c)
{
    if (iflag(ISTRIP))
        c &= 0x7f;
    if (literal_next) {
        literal_next = false;
        store(c, false);
        echo_typed(c);
        if (!lflag(ICANON))
            publish();
        return;
    }
    if (flow_character(c) || signal_character(c))
        return;
    if (c == '\r') {
        if (iflag(IGNCR))
            return;
        if (iflag(ICRNL))
            c = '\n';
    } else if (c == '\n' && iflag(INLCR)) {
        c = '\r';
    }
    if (!lflag(ICANON)) {
        store(c, false);
        echo_typed(c);
        publish();
        return;
    }
    if (edit_character(c))
        return;
    if (is_char(c, VLNEXT) && lflag(IEXTEN)) {
        literal_next = true;
        if (lflag(ECHO) && lflag(ECHOCTL))
            ldisc_output("^\b", 2);
        return;
    }
    if (is_char(c, VEOF)) {
        store(c, true);
        publish();
    } else if (c == '\n' || is_char(c, VEOL) || is_char(c, VEOL2)) {
        store(c, true);
        echo_typed(c);
        publish();
    } else {
        store(c, false);
        echo_typed(c);
    }
}

void tty_receive(u8 byte)
{
    u64 flags = spin_lock_irqsave(&ldisc.lock);

    receive(byte);
    spin_unlock_irqrestore(&ldisc.lock, flags);
}

/* ---- For the reader's side ---- */

size_t ldisc_available(void)
{
    return head - tail;
}

size_t ldisc_take(char *out, size_t size, bool *end)
{
    bool canonical = lflag(ICANON);
    size_t n = 0;

    *end = false;
    while (tail != head) {
        u8 c = buffer[tail % BUFFER];
        bool last = canonical && marked(tail);

        if (last && is_char(c, VEOF)) {
            tail++;
            *end = true;
            break;
        }
        if (n == size)
            break;
        tail++;
        out[n++] = (char)c;
        if (last) {
            *end = true;
            break;
        }
    }
    if (tail == head)
        *end = true;
    return n;
}

void ldisc_flush(void)
{
    tail = head = edit;
    literal_next = false;
}

void ldisc_set_termios(const struct termios *termios)
{
    bool was_canonical = lflag(ICANON);

    ldisc.termios = *termios;
    if (was_canonical != lflag(ICANON)) {
        /* What was typed so far is for the reader; a line begun in raw mode is complete as it stands. */
        if (was_canonical || edit != tail)
            publish();
    }
    if (!iflag(IXON) && ldisc.stopped) {
        ldisc.stopped = false;
        wake_all(&ldisc.writers);
    }
}

void ldisc_init(void)
{
    ldisc.termios = initial;
}
