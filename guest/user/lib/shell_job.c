// SPDX-License-Identifier: GPL-2.0-or-later
//
// The shell's dealings with processes: redirections, children and their groups, who has the terminal, how they ended.

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <shell.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool redirect_to_file(const struct redirect *redirect, const char *path)
{
    static const int flags[] = {
        [REDIRECT_READ] = O_RDONLY,
        [REDIRECT_WRITE] = O_WRONLY | O_CREAT | O_TRUNC,
        [REDIRECT_APPEND] = O_WRONLY | O_CREAT | O_APPEND,
    };
    int fd = open(path, flags[redirect->kind], 0666);
    bool good = fd >= 0 && (fd == redirect->fd || dup2(fd, redirect->fd) >= 0);

    if (!good)
        fprintf(stderr, "sh: cannot %s %s: %s\n", redirect->kind == REDIRECT_READ ? "open" : "create", path,
                strerror(errno));
    if (fd >= 0 && fd != redirect->fd)
        close(fd);
    return good;
}

static bool redirect_to_descriptor(const struct redirect *redirect, const char *word)
{
    if (!strcmp(word, "-")) {
        close(redirect->fd);
        return true;
    }
    if (isdigit((unsigned char)*word) && dup2(atoi(word), redirect->fd) >= 0)
        return true;
    fprintf(stderr, "sh: %s: Bad file descriptor\n", word);
    return false;
}

bool shell_redirect(const struct command *command, shell_value *value)
{
    bool good = true;

    for (size_t i = 0; good && i < command->redirect_count; i++) {
        const struct redirect *redirect = &command->redirects[i];
        struct words target = {0};
        shell_expand(redirect->target, value, false, &target);
        good = redirect->kind == REDIRECT_DUP ? redirect_to_descriptor(redirect, target.list[0]) :
                                                redirect_to_file(redirect, target.list[0]);
        words_free(&target);
    }
    return good;
}

pid_t shell_fork(bool foreground, bool terminal)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0) {
        fprintf(stderr, "sh: cannot fork: %s\n", strerror(errno));
        return -1;
    }
    if (!terminal)
        return pid;
    // Both sides do this, so that neither runs ahead of it.
    pid_t child = pid ? pid : getpid();
    setpgid(child, child);
    if (foreground)
        tcsetpgrp(STDIN_FILENO, child);
    if (!pid) {
        signal(SIGINT, SIG_DFL);
        signal(SIGQUIT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
    }
    return pid;
}

int shell_status(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int shell_wait(pid_t pid, bool terminal)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return 127;
    if (terminal)
        tcsetpgrp(STDIN_FILENO, getpgrp());
    if (WIFSIGNALED(status)) {
        int sig = WTERMSIG(status);
        if (sig == SIGINT && terminal)
            fputs("\n", stderr);
        else if (sig != SIGINT && sig != SIGPIPE)
            fprintf(stderr, "%s%s\n", strsignal(sig), WCOREDUMP(status) ? " (core dumped)" : "");
    }
    return shell_status(status);
}
