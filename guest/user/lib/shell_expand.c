// SPDX-License-Identifier: GPL-2.0-or-later
//
// Raw shell words to arguments: quotes off, variables in, unquoted values split at blanks.

#include <ctype.h>
#include <shell.h>
#include <stdlib.h>
#include <string.h>

struct field {
    char *text;
    size_t length, room;
    bool begun;                         // it exists even if empty: something was quoted
};

static void add_char(struct field *field, char c)
{
    if (field->length + 1 >= field->room) {
        field->room = field->room ? 2 * field->room : 32;
        field->text = shell_alloc(field->text, field->room);
    }
    field->text[field->length++] = c;
    field->begun = true;
}

static void end_field(struct field *field, struct words *words)
{
    if (!field->begun)
        return;
    if (words->count + 1 >= words->room) {
        words->room = words->room ? 2 * words->room : 8;
        words->list = shell_alloc(words->list, words->room * sizeof(*words->list));
    }
    field->text = shell_alloc(field->text, field->length + 1);
    field->text[field->length] = '\0';
    words->list[words->count++] = field->text;
    words->list[words->count] = NULL;
    *field = (struct field){0};
}

static bool name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

size_t shell_assignment(struct span word)
{
    const char *s = word.start;

    if (!isalpha((unsigned char)*s) && *s != '_')
        return 0;
    while (s < word.end && name_char(*s))
        s++;
    return s < word.end && *s == '=' ? (size_t)(s - word.start) : 0;
}

// The variable at the '$' of `s`: its name, and the text behind it. A '$' before anything else is just that.
static const char *variable_name(const char *s, const char *end, char *name, size_t size)
{
    const char *start = s + 1, *stop = start;
    bool braces = start < end && *start == '{';

    if (braces)
        stop = ++start;
    if (stop < end && (strchr("?$!#@*", *stop) || isdigit((unsigned char)*stop)))
        stop++;
    else
        while (stop < end && name_char(*stop))
            stop++;
    size_t length = (size_t)(stop - start);
    if (!length || length >= size || (braces && (stop == end || *stop != '}')))
        return NULL;
    memcpy(name, start, length);
    name[length] = '\0';
    return stop + braces;
}

static const char *put_variable(struct field *field, const char *s, const char *end, shell_value *value, bool split,
                                struct words *words)
{
    char name[128];
    const char *after = variable_name(s, end, name, sizeof(name));

    if (!after) {
        add_char(field, '$');
        return s + 1;
    }
    const char *text = value(name);
    for (; text && *text; text++) {
        if (split && isspace((unsigned char)*text))
            end_field(field, words);
        else
            add_char(field, *text);
    }
    return after;
}

void shell_expand(struct span word, shell_value *value, bool split, struct words *words)
{
    struct field field = {.begun = !split};
    const char *s = word.start, *end = word.end;

    while (s < end) {
        if (*s == '\'') {
            field.begun = true;
            for (s++; *s != '\''; s++)
                add_char(&field, *s);
            s++;
        } else if (*s == '"') {
            field.begun = true;
            for (s++; *s != '"';) {
                if (*s == '\\' && strchr("$`\"\\\n", s[1])) {
                    if (s[1] != '\n')
                        add_char(&field, s[1]);
                    s += 2;
                } else if (*s == '$') {
                    s = put_variable(&field, s, end, value, false, words);
                } else {
                    add_char(&field, *s++);
                }
            }
            s++;
        } else if (*s == '\\') {
            if (s[1] != '\n')
                add_char(&field, s[1]);
            s += 2;
        } else if (*s == '$') {
            s = put_variable(&field, s, end, value, split, words);
        } else {
            add_char(&field, *s++);
        }
    }
    end_field(&field, words);
}

void words_free(struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->list[i]);
    free(words->list);
    *words = (struct words){0};
}
