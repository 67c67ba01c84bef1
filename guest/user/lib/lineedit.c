// SPDX-License-Identifier: GPL-2.0-or-later
//
// A line editor on a raw terminal: keys as in every Unix shell, one screen row that scrolls sideways.
//
// Bytes, positions and columns are three things here: a line is UTF-8 bytes, the cursor stands between characters, and
// each character (not: byte) takes one column.

#include <lineedit.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { LINE_MAX = 1024 };

// Keys that are no single byte, numbered above all bytes.
enum { KEY_UP = 256, KEY_DOWN, KEY_RIGHT, KEY_LEFT, KEY_HOME, KEY_END, KEY_DELETE, KEY_OTHER, KEY_GONE };

#define CTRL(letter) ((letter) & 0x1f)

struct edit {
    struct line_editor *editor;
    const char *prompt;
    size_t length, cursor;              // bytes
    size_t shown;                       // first byte on the screen, when the line is wider than it
    size_t recalled;                    // history index; editor->count = the line being typed
    char typed[LINE_MAX];               // what was typed before history was looked at
    char text[LINE_MAX];
};

static bool continues(char byte)
{
    return (byte & 0xc0) == 0x80;
}

static size_t columns(const char *from, const char *to)
{
    size_t n = 0;

    for (; from < to; from++)
        n += !continues(*from);
    return n;
}

static size_t screen_width(int fd)
{
    struct winsize size;

    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 16 ? size.ws_col : 80;
}

// ---- keys ----

static int read_byte(const struct edit *edit)
{
    unsigned char byte;

    return read(edit->editor->in, &byte, 1) == 1 ? byte : KEY_GONE;
}

// ESC [ letter, ESC [ number ~, ESC O letter: ECMA-48 control sequences as xterm and the Linux console send them.
static int read_escape(const struct edit *edit)
{
    int kind = read_byte(edit), number = 0;

    if (kind != '[' && kind != 'O')
        return KEY_OTHER;
    for (;;) {
        int byte = read_byte(edit);
        if (byte >= '0' && byte <= '9') {
            number = (number * 10 + (byte - '0')) % 1000;
            continue;
        }
        switch (byte) {
        case ';': number = 0; continue;
        case 'A': return KEY_UP;
        case 'B': return KEY_DOWN;
        case 'C': return KEY_RIGHT;
        case 'D': return KEY_LEFT;
        case 'H': return KEY_HOME;
        case 'F': return KEY_END;
        case '~':
            return number == 1 || number == 7 ? KEY_HOME : number == 4 || number == 8 ? KEY_END :
                   number == 3 ? KEY_DELETE : KEY_OTHER;
        case KEY_GONE: return KEY_GONE;
        default: return KEY_OTHER;
        }
    }
}

static int read_key(const struct edit *edit)
{
    int byte = read_byte(edit);

    return byte == '\x1b' ? read_escape(edit) : byte;
}

// ---- screen ----

static void put(const struct edit *edit, const char *text, size_t length)
{
    while (length) {
        ssize_t n = write(edit->editor->out, text, length);
        if (n <= 0)
            return;
        text += n;
        length -= (size_t)n;
    }
}

// Draws the row anew: prompt, the part of the line that fits and holds the cursor, the cursor in place.
static void redraw(struct edit *edit)
{
    char row[2 * LINE_MAX];
    size_t room = screen_width(edit->editor->out) - 1, used = strlen(edit->prompt);

    room = room > used + 8 ? room - used : 8;
    if (edit->cursor < edit->shown)
        edit->shown = edit->cursor;
    while (columns(edit->text + edit->shown, edit->text + edit->cursor) > room)
        edit->shown++;
    while (edit->shown < edit->length && continues(edit->text[edit->shown]))
        edit->shown++;
    const char *start = edit->text + edit->shown, *stop = start, *end = edit->text + edit->length;
    while (stop < end && (columns(start, stop) < room || continues(*stop)))
        stop++;

    int n = snprintf(row, sizeof(row), "\r%s%.*s\x1b[K", edit->prompt, (int)(stop - start), start);
    size_t back = columns(edit->text + edit->cursor, stop);
    if (back)
        n += snprintf(row + n, sizeof(row) - (size_t)n, "\x1b[%zuD", back);
    put(edit, row, (size_t)n);
}

// ---- editing ----

static size_t left_of(const struct edit *edit, size_t at)
{
    if (at)
        do
            at--;
        while (at && continues(edit->text[at]));
    return at;
}

static size_t right_of(const struct edit *edit, size_t at)
{
    if (at < edit->length)
        do
            at++;
        while (at < edit->length && continues(edit->text[at]));
    return at;
}

static void cut(struct edit *edit, size_t from, size_t to)
{
    memmove(edit->text + from, edit->text + to, edit->length - to);
    edit->length -= to - from;
    edit->cursor = from;
    redraw(edit);
}

static void insert(struct edit *edit, char byte)
{
    if (edit->length + 1 >= LINE_MAX)
        return;
    memmove(edit->text + edit->cursor + 1, edit->text + edit->cursor, edit->length - edit->cursor);
    edit->text[edit->cursor++] = byte;
    edit->length++;
    // Typing at the end of a short line sends just the character: a transcript then reads as it was typed.
    if (edit->cursor == edit->length && !edit->shown &&
        strlen(edit->prompt) + columns(edit->text, edit->text + edit->length) + 1 < screen_width(edit->editor->out))
        put(edit, &byte, 1);
    else
        redraw(edit);
}

static size_t word_start(const struct edit *edit)
{
    size_t at = edit->cursor;

    while (at && edit->text[at - 1] == ' ')
        at--;
    while (at && edit->text[at - 1] != ' ')
        at--;
    return at;
}

static void recall(struct edit *edit, bool older)
{
    struct line_editor *editor = edit->editor;

    if (older ? edit->recalled == 0 : edit->recalled == editor->count)
        return;
    if (edit->recalled == editor->count) {
        memcpy(edit->typed, edit->text, edit->length);
        edit->typed[edit->length] = '\0';
    }
    edit->recalled += older ? (size_t)-1 : 1;
    const char *text = edit->recalled == editor->count ? edit->typed : editor->history[edit->recalled];
    edit->length = edit->cursor = strlcpy(edit->text, text, LINE_MAX);
    edit->shown = 0;
    redraw(edit);
}

static void move_to(struct edit *edit, size_t at)
{
    if (at != edit->cursor) {
        edit->cursor = at;
        redraw(edit);
    }
}

static enum line_result edit_line(struct edit *edit)
{
    put(edit, edit->prompt, strlen(edit->prompt));
    for (;;) {
        int key = read_key(edit);
        switch (key) {
        case KEY_GONE:
            return LINE_END;
        case '\r':
        case '\n':
            put(edit, "\n", 1);
            return LINE_READ;
        case CTRL('C'):
            put(edit, "^C\n", 3);
            return LINE_INTERRUPTED;
        case CTRL('D'):
            if (!edit->length) {
                put(edit, "\n", 1);
                return LINE_END;
            }
            // with text before it, Ctrl-D deletes as the delete key does
            __attribute__((fallthrough));
        case KEY_DELETE:
            if (edit->cursor < edit->length)
                cut(edit, edit->cursor, right_of(edit, edit->cursor));
            break;
        case CTRL('H'):
        case 0x7f:
            if (edit->cursor)
                cut(edit, left_of(edit, edit->cursor), edit->cursor);
            break;
        case CTRL('U'): cut(edit, 0, edit->cursor); break;
        case CTRL('K'): edit->length = edit->cursor; redraw(edit); break;
        case CTRL('W'): cut(edit, word_start(edit), edit->cursor); break;
        case CTRL('B'):
        case KEY_LEFT: move_to(edit, left_of(edit, edit->cursor)); break;
        case CTRL('F'):
        case KEY_RIGHT: move_to(edit, right_of(edit, edit->cursor)); break;
        case CTRL('A'):
        case KEY_HOME: move_to(edit, 0); break;
        case CTRL('E'):
        case KEY_END: move_to(edit, edit->length); break;
        case CTRL('P'):
        case KEY_UP: recall(edit, true); break;
        case CTRL('N'):
        case KEY_DOWN: recall(edit, false); break;
        case CTRL('L'):
            put(edit, "\x1b[H\x1b[2J", 7);
            redraw(edit);
            break;
        default:
            if (key >= ' ' && key < 256)
                insert(edit, (char)key);
        }
    }
}

enum line_result line_read(struct line_editor *editor, const char *prompt, char **line)
{
    static struct edit edit;            // one terminal, one line at a time; too large for a small stack
    struct termios before, raw;

    edit.editor = editor;
    edit.prompt = prompt;
    edit.length = edit.cursor = edit.shown = 0;
    edit.recalled = editor->count;
    if (tcgetattr(editor->in, &before) < 0)
        return LINE_END;
    raw = before;
    raw.c_lflag &= ~(unsigned)(ICANON | ECHO | ISIG | IEXTEN);
    raw.c_iflag &= ~(unsigned)(IXON | INLCR | IGNCR);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(editor->in, TCSADRAIN, &raw);
    enum line_result result = edit_line(&edit);
    tcsetattr(editor->in, TCSADRAIN, &before);

    edit.text[edit.length] = '\0';
    if (result == LINE_READ && !(*line = strdup(edit.text)))
        result = LINE_INTERRUPTED;
    return result;
}

void line_remember(struct line_editor *editor, const char *line)
{
    if (!*line || (editor->count && !strcmp(editor->history[editor->count - 1], line)))
        return;
    char *copy = strdup(line);
    if (!copy)
        return;
    if (editor->count == LINE_HISTORY) {
        free(editor->history[0]);
        memmove(editor->history, editor->history + 1, sizeof(*editor->history) * --editor->count);
    }
    editor->history[editor->count++] = copy;
}
