// SPDX-License-Identifier: GPL-2.0-or-later
//
// Shell text to commands: POSIX's token rules and lists, without compound commands.
//
//     list     = [ pipeline { ( "&&" | "||" | ";" | "&" | newline ) pipeline } ]
//     pipeline = command { "|" command }
//     command  = { word | [digits] ( "<" | ">" | ">>" | ">&" | "<&" ) word }

#include <ctype.h>
#include <shell.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum token { WORD, REDIRECT, SEMICOLON, NEWLINE, AND, OR, PIPE, AMPERSAND, END, OPEN_QUOTE, BAD };

struct lexer {
    const char *at;
    struct span text;                   // of the last token
    struct redirect redirect;           // of a REDIRECT, target not yet known
};

void *shell_alloc(void *block, size_t size)
{
    block = realloc(block, size);
    if (!block) {
        fprintf(stderr, "sh: out of memory\n");
        exit(2);
    }
    return block;
}

// The end of the word at `s`, or NULL where a quote is still open.
static const char *word_end(const char *s)
{
    while (*s && !strchr(" \t\n;&|<>()", *s)) {
        if (*s == '\\') {
            if (!s[1] || (s[1] == '\n' && !s[2]))
                return NULL;            // the line goes on in the next
            s += 2;
        } else if (*s == '\'') {
            s = strchr(s + 1, '\'');
            if (!s++)
                return NULL;
        } else if (*s == '"') {
            for (s++; *s != '"'; s++) {
                if (*s == '\\' && s[1])
                    s++;
                if (!*s)
                    return NULL;
            }
            s++;
        } else {
            s++;
        }
    }
    return s;
}

static const char *skip_blanks(const char *s)
{
    for (;;) {
        if (*s == ' ' || *s == '\t')
            s++;
        else if (s[0] == '\\' && s[1] == '\n' && s[2])
            s += 2;
        else if (*s == '#')
            s = strchrnul(s, '\n');
        else
            return s;
    }
}

// [digits] < > >> <& >&, or NULL when there is none at `s`.
static const char *redirect_operator(const char *s, struct redirect *redirect)
{
    int fd = -1;

    if (isdigit((unsigned char)*s)) {
        fd = 0;
        for (; isdigit((unsigned char)*s); s++)
            fd = fd < 1000 ? fd * 10 + (*s - '0') : fd;
    }
    if (*s != '<' && *s != '>')
        return NULL;
    redirect->fd = fd >= 0 ? fd : *s == '>';
    redirect->kind = *s == '<' ? REDIRECT_READ : REDIRECT_WRITE;
    if (s[1] == '&') {
        redirect->kind = REDIRECT_DUP;
        return s + 2;
    }
    if (s[0] == '>' && s[1] == '>') {
        redirect->kind = REDIRECT_APPEND;
        return s + 2;
    }
    return s + 1;
}

static enum token next(struct lexer *lexer)
{
    static const struct { char text[3]; enum token token; } operators[] = {
        {"&&", AND}, {"||", OR}, {"\n", NEWLINE}, {";", SEMICOLON}, {"&", AMPERSAND}, {"|", PIPE},
        {"(", BAD}, {")", BAD},
    };
    const char *s = lexer->text.start = skip_blanks(lexer->at);

    if (!*s) {
        lexer->at = lexer->text.end = s;
        return END;
    }
    const char *end = redirect_operator(s, &lexer->redirect);
    if (end) {
        lexer->at = lexer->text.end = end;
        return REDIRECT;
    }
    for (unsigned i = 0; i < sizeof(operators) / sizeof(*operators); i++) {
        size_t length = strlen(operators[i].text);
        if (!strncmp(s, operators[i].text, length)) {
            lexer->at = lexer->text.end = s + length;
            return operators[i].token;
        }
    }
    end = word_end(s);
    if (!end)
        return OPEN_QUOTE;
    lexer->at = lexer->text.end = end;
    return WORD;
}

static enum parse_result unexpected(const struct lexer *lexer, enum token token, char *message, size_t size)
{
    if (token == END)
        return PARSE_INCOMPLETE;
    if (token == OPEN_QUOTE)
        return PARSE_INCOMPLETE;
    if (token == NEWLINE)
        snprintf(message, size, "newline unexpected");
    else
        snprintf(message, size, "\"%.*s\" unexpected", (int)(lexer->text.end - lexer->text.start), lexer->text.start);
    return PARSE_ERROR;
}

static void add_word(struct command *command, struct span word)
{
    command->words = shell_alloc(command->words, (command->word_count + 1) * sizeof(word));
    command->words[command->word_count++] = word;
}

static void add_redirect(struct command *command, struct redirect redirect)
{
    command->redirects = shell_alloc(command->redirects, (command->redirect_count + 1) * sizeof(redirect));
    command->redirects[command->redirect_count++] = redirect;
}

enum parse_result shell_parse(const char *text, struct script *script, char *message, size_t size)
{
    struct lexer lexer = {.at = text};
    enum link link = LINK_NEXT;
    enum token token = next(&lexer);

    *script = (struct script){0};
    for (;;) {
        while (token == NEWLINE)
            token = next(&lexer);
        if (token == END)
            return link == LINK_NEXT ? PARSED : PARSE_INCOMPLETE;
        if (token != WORD && token != REDIRECT)
            return unexpected(&lexer, token, message, size);

        script->commands = shell_alloc(script->commands, (script->count + 1) * sizeof(*script->commands));
        struct command *command = &script->commands[script->count++];
        *command = (struct command){.link = link};
        for (; token == WORD || token == REDIRECT; token = next(&lexer)) {
            if (token == WORD) {
                add_word(command, lexer.text);
                continue;
            }
            struct redirect redirect = lexer.redirect;
            token = next(&lexer);
            if (token == END) {         // an operator cannot be split over lines
                snprintf(message, size, "newline unexpected");
                return PARSE_ERROR;
            }
            if (token != WORD)
                return unexpected(&lexer, token, message, size);
            redirect.target = lexer.text;
            add_redirect(command, redirect);
        }

        link = token == AND ? LINK_AND : token == OR ? LINK_OR : token == PIPE ? LINK_PIPE : LINK_NEXT;
        command->background = token == AMPERSAND;
        if (token == OPEN_QUOTE || token == BAD)
            return unexpected(&lexer, token, message, size);
        if (token != END)
            token = next(&lexer);
    }
}

void shell_free(struct script *script)
{
    for (size_t i = 0; i < script->count; i++) {
        free(script->commands[i].words);
        free(script->commands[i].redirects);
    }
    free(script->commands);
    *script = (struct script){0};
}
