// SPDX-License-Identifier: GPL-2.0-or-later
//
// Where the shell's lines come from: a string, a file, a terminal, or standard input.

#include <lineedit.h>
#include <shell.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Standard input may be shared with the commands that run: it is never read beyond the line.
static char *read_shared_line(void)
{
    char *line = NULL, c = '\0';
    size_t length = 0, room = 0;

    while (c != '\n' && read(STDIN_FILENO, &c, 1) == 1) {
        if (length + 2 > room)
            line = shell_alloc(line, room = room ? 2 * room : 128);
        line[length++] = c;
        line[length] = '\0';
    }
    return line;
}

static char *read_string_line(struct shell_source *source)
{
    if (!*source->string)
        return NULL;
    const char *end = strchrnul(source->string, '\n');
    char *line = strndup(source->string, (size_t)(end - source->string));
    source->string = *end ? end + 1 : end;
    return line;
}

static char *read_file_line(FILE *file)
{
    char *line = NULL;
    size_t room = 0;

    if (getline(&line, &room, file) >= 0)
        return line;
    free(line);
    return NULL;
}

bool shell_more_text(struct shell_source *source, char **text, bool *dropped)
{
    size_t length = *text ? strlen(*text) : 0;
    char *line = NULL;

    *dropped = false;
    if (source->editor) {
        enum line_result result = line_read(source->editor, *text ? "> " : geteuid() ? "$ " : "# ", &line);
        *dropped = result == LINE_INTERRUPTED;
        if (result != LINE_READ)
            return *dropped;
        line_remember(source->editor, line);
    } else {
        line = source->string ? read_string_line(source) :
               source->file ? read_file_line(source->file) : read_shared_line();
        if (!line)
            return false;
    }
    *text = shell_alloc(*text, length + strlen(line) + 2);
    stpcpy(stpcpy(*text + length, line), strchr(line, '\n') ? "" : "\n");
    free(line);
    return true;
}
