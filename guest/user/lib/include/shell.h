// SPDX-License-Identifier: GPL-2.0-or-later
//
// The shell's parts, for /bin/sh to put together: lines of text (shell_source.c), text to commands (shell_parse.c), raw
// words to arguments (shell_expand.c), variables and programs (shell_vars.c),
// redirections and processes (shell_job.c).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

// ---- where commands come from ----

struct line_editor;

struct shell_source {
    const char *string;                 // -c
    FILE *file;                         // a script
    struct line_editor *editor;         // a terminal
};                                      // none of them: standard input

// Appends a line, with its newline, to *text (allocated); false at the end. *dropped: the user has given up on what he
// had typed, and *text is to be forgotten.
bool shell_more_text(struct shell_source *source, char **text, bool *dropped);

// ---- text to commands ----

struct span {
    const char *start, *end;            // raw text, quotes and all
};

enum redirect_kind {
    REDIRECT_READ,                      // n<word
    REDIRECT_WRITE,                     // n>word
    REDIRECT_APPEND,                    // n>>word
    REDIRECT_DUP,                       // n>&word, n<&word: the word is a descriptor, or - to close
};

struct redirect {
    enum redirect_kind kind;
    int fd;
    struct span target;
};

// What ties a command to the one before it.
enum link { LINK_NEXT, LINK_AND, LINK_OR, LINK_PIPE };

struct command {
    enum link link;
    bool background;                    // & ends the list whose last command this is
    struct span *words;
    size_t word_count;
    struct redirect *redirects;
    size_t redirect_count;
};

struct script {
    struct command *commands;
    size_t count;
};

enum parse_result { PARSED, PARSE_INCOMPLETE, PARSE_ERROR };

// Splits text into commands, which point into it. PARSE_INCOMPLETE: more lines are needed; PARSE_ERROR: `message` says
// why. In every case shell_free is due.
enum parse_result shell_parse(const char *text, struct script *script, char *message, size_t size);
void shell_free(struct script *script);

// ---- words ----

// The length of NAME in front of the '=' of a word that is an assignment, 0 if it is none.
size_t shell_assignment(struct span word);

// What $name stands for; NULL: unset.
typedef const char *shell_value(const char *name);

// A growing, NULL-terminated list of strings.
struct words {
    char **list;
    size_t count, room;
};

// Takes quotes off and puts variables in. Appends what comes out: one word with `split` false; as many as unquoted
// variables hold, none too, with `split` true.
void shell_expand(struct span word, shell_value *value, bool split, struct words *words);
void words_free(struct words *words);

// ---- variables: exported ones live in environ, the others here ----

const char *variable_get(const char *name);
void variable_assign(const char *text, bool export);    // text: NAME=value
bool variable_export(const char *text);                 // NAME or NAME=value; false: no such name can be
void variable_unset(const char *name);

// ---- programs ----

// The file that `name` runs, by PATH unless it has a slash; false when there is none.
bool shell_find(const char *name, char *path, size_t size);

// Becomes the program argv[0]. Returns only if that fails: a message is out, and its status comes back (126, 127).
int shell_exec(char **argv);

// ---- processes (shell_job.c); `terminal`: standard input is one, and the shell runs jobs on it ----

// Carries out a command's redirections, in their order; false after a message.
bool shell_redirect(const struct command *command, shell_value *value);

// fork. On a terminal the child gets a process group of its own, and with `foreground` the terminal too. -1 after a
// message.
pid_t shell_fork(bool foreground, bool terminal);

// Waits, takes the terminal back, says which signal ended the child, and gives its status as $?.
int shell_wait(pid_t pid, bool terminal);

// wait4's status as $?: the exit status, or 128 and the signal.
int shell_status(int status);

// malloc and realloc that end the shell with a message when there is no memory.
void *shell_alloc(void *block, size_t size);
