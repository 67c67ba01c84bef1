// SPDX-License-Identifier: GPL-2.0-or-later
//
// The shell's surroundings: variables, and the programs that PATH leads to.

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <shell.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char **locals;                   // NAME=value of variables that are not exported
static size_t local_count;

static char **find_local(const char *name, size_t length)
{
    for (size_t i = 0; i < local_count; i++)
        if (!strncmp(locals[i], name, length) && locals[i][length] == '=')
            return &locals[i];
    return NULL;
}

static void forget_local(char **local)
{
    free(*local);
    *local = locals[--local_count];
}

const char *variable_get(const char *name)
{
    char **local = find_local(name, strlen(name));

    return local ? *local + strlen(name) + 1 : getenv(name);
}

void variable_assign(const char *text, bool export)
{
    size_t length = (size_t)(strchr(text, '=') - text);
    char *name = strndup(text, length);
    char **local = find_local(text, length);

    if (export || (!local && getenv(name))) {
        setenv(name, text + length + 1, 1);
        if (local)
            forget_local(local);
    } else if (local) {
        free(*local);
        *local = strdup(text);
    } else {
        locals = shell_alloc(locals, (local_count + 1) * sizeof(*locals));
        locals[local_count++] = strdup(text);
    }
    free(name);
}

bool variable_export(const char *text)
{
    size_t length = 0;

    while (isalnum((unsigned char)text[length]) || text[length] == '_')
        length++;
    if (!length || isdigit((unsigned char)*text) || (text[length] && text[length] != '='))
        return false;
    char **local = find_local(text, length);
    if (text[length]) {
        variable_assign(text, true);
    } else if (local) {
        char *copy = strdup(*local);
        variable_assign(copy, true);
        free(copy);
    }
    return true;
}

void variable_unset(const char *name)
{
    char **local = find_local(name, strlen(name));

    if (local)
        forget_local(local);
    unsetenv(name);
}

bool shell_find(const char *name, char *path, size_t size)
{
    const char *list = strchr(name, '/') ? "" : variable_get("PATH");
    struct stat status;

    for (const char *end; list; list = *end ? end + 1 : NULL) {
        end = strchrnul(list, ':');
        snprintf(path, size, "%.*s%s%s", (int)(end - list), list, end > list ? "/" : "", name);
        if (stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_mode & 0111)
            return true;
    }
    return false;
}

// A file that the kernel does not know may be a shell script, but only if it is text.
static void run_as_script(char **argv)
{
    char path[4096], head[128];
    ssize_t n = -1;

    int fd = shell_find(argv[0], path, sizeof(path)) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0)
        n = read(fd, head, sizeof(head));
    if (n < 0 || memchr(head, '\0', (size_t)n)) {
        errno = ENOEXEC;
        return;
    }
    size_t count = 0;
    while (argv[count])
        count++;
    char **with_shell = shell_alloc(NULL, (count + 2) * sizeof(*with_shell));
    with_shell[0] = "sh";
    with_shell[1] = path;
    memcpy(with_shell + 2, argv + 1, count * sizeof(*argv));
    execv("/bin/sh", with_shell);
    free(with_shell);
}

int shell_exec(char **argv)
{
    const char *path = variable_get("PATH");

    if (path && !getenv("PATH"))
        setenv("PATH", path, 1);
    execvp(argv[0], argv);
    if (errno == ENOEXEC)
        run_as_script(argv);
    int status = errno == ENOENT ? 127 : 126;
    fprintf(stderr, "sh: %s: %s\n", argv[0], status == 127 ? "not found" : strerror(errno));
    return status;
}
