// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stddef.h>

enum { LINE_HISTORY = 64 };

struct line_editor {
    int in, out;                    // a terminal
    size_t count;                   // lines in history, oldest first
    char *history[LINE_HISTORY];
};

enum line_result { LINE_READ, LINE_END, LINE_INTERRUPTED };

// Reads one line with editing and history. LINE_READ: *line is the text without newline, to be freed by the caller.
// LINE_END: Ctrl-D on an empty line, or nothing to read from. LINE_INTERRUPTED: Ctrl-C dropped the line.
// The terminal's settings are as before on return.
enum line_result line_read(struct line_editor *editor, const char *prompt, char **line);

// Remembers a line, unless it is empty or the same as the last.
void line_remember(struct line_editor *editor, const char *line);
