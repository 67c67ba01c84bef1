// SPDX-License-Identifier: GPL-2.0-or-later
//
// sh: runs commands from a terminal (with line editing), a string (-c), a file or standard input. The language is that
// of <shell.h>: simple commands, quotes, variables, redirections, lists; no if, loops or functions.

#include "program.h"

#include <ctype.h>
#include <fcntl.h>
#include <lineedit.h>
#include <shell.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

static bool interactive;                // on a terminal: editing, job control, signals ignored
static int last_status;                 // $?
static pid_t shell_pid, last_background; // $$ $!
static int argument_count;              // $#
static char **arguments;                // $0 $1 ...

static void complain_to(int status, const char *subject, const char *reason)
{
    fflush(stdout);
    fprintf(stderr, "sh: %s: %s\n", subject, reason);
    last_status = status;
}

// What $name stands for: the shell's own parameters, then variables.
static const char *parameter(const char *name)
{
    static char number[16];
    long value;

    switch (*name) {
    case '?': value = last_status; break;
    case '$': value = shell_pid; break;
    case '#': value = argument_count; break;
    case '!':
        if (!last_background)
            return NULL;
        value = last_background;
        break;
    case '@':
    case '*': {
        static char all[4096];
        all[0] = '\0';
        for (int i = 1; i <= argument_count; i++) {
            strlcat(all, i > 1 ? " " : "", sizeof(all));
            strlcat(all, arguments[i], sizeof(all));
        }
        return all;
    }
    default:
        if (isdigit(*name))
            return *name - '0' <= argument_count ? arguments[*name - '0'] : NULL;
        return variable_get(name);
    }
    snprintf(number, sizeof(number), "%ld", value);
    return number;
}

// ---- builtins: what has to happen in the shell itself ----

static int do_cd(char **argv)
{
    char from[4096], to[4096];
    const char *path = argv[1] ? argv[1] : variable_get("HOME");
    bool back = path && !strcmp(path, "-");

    if (back)
        path = variable_get("OLDPWD");
    if (!path) {
        complain_to(2, "cd", back ? "OLDPWD not set" : "HOME not set");
        return 2;
    }
    if (!getcwd(from, sizeof(from)))
        from[0] = '\0';
    if (chdir(path) < 0) {
        fprintf(stderr, "sh: cd: can't cd to %s: %s\n", path, strerror(errno));
        return 2;
    }
    setenv("OLDPWD", from, 1);
    if (getcwd(to, sizeof(to)))
        setenv("PWD", to, 1);
    if (back)
        puts(to);
    return 0;
}

static int do_pwd(char **argv)
{
    char path[4096];

    (void)argv;
    if (!getcwd(path, sizeof(path))) {
        complain_to(1, "pwd", strerror(errno));
        return 1;
    }
    puts(path);
    return 0;
}

static int do_export(char **argv)
{
    int status = 0;

    if (!argv[1])
        for (char **entry = environ; *entry; entry++)
            printf("export %s\n", *entry);
    while (*++argv) {
        if (!variable_export(*argv)) {
            fprintf(stderr, "sh: export: %s: bad variable name\n", *argv);
            status = 2;
        }
    }
    return status;
}

static int do_unset(char **argv)
{
    while (*++argv)
        variable_unset(*argv);
    return 0;
}

static int do_exit(char **argv)
{
    int status = last_status;

    if (argv[1]) {
        char *end;
        status = (int)strtol(argv[1], &end, 10);
        if (end == argv[1] || *end) {
            fprintf(stderr, "sh: exit: Illegal number: %s\n", argv[1]);
            status = 2;
        }
    }
    exit(status & 0xff);
}

static int do_wait(char **argv)
{
    pid_t wanted = argv[1] ? (pid_t)atol(argv[1]) : -1, pid;
    int status, result = argv[1] ? 127 : 0;

    while ((pid = waitpid(wanted, &status, 0)) > 0 || (pid < 0 && errno == EINTR))
        if (pid == wanted)
            result = shell_status(status);
    return result;
}

static int do_nothing(char **argv)
{
    (void)argv;
    return 0;
}

static int do_exec(char **argv)
{
    if (!argv[1])
        return 0;                       // only its redirections, which stay
    int status = shell_exec(argv + 1);
    if (!interactive)
        exit(status);
    return status;
}

static int do_type(char **argv);

static const struct builtin {
    const char *name;
    int (*run)(char **argv);
} builtins[] = {
    {":", do_nothing}, {"cd", do_cd}, {"exec", do_exec}, {"exit", do_exit}, {"export", do_export},
    {"pwd", do_pwd}, {"type", do_type}, {"unset", do_unset}, {"wait", do_wait},
};

static const struct builtin *find_builtin(const char *name)
{
    for (unsigned i = 0; i < sizeof(builtins) / sizeof(*builtins); i++)
        if (!strcmp(builtins[i].name, name))
            return &builtins[i];
    return NULL;
}

static int do_type(char **argv)
{
    char path[4096];
    int status = 0;

    while (*++argv) {
        if (find_builtin(*argv))
            printf("%s is a shell builtin\n", *argv);
        else if (shell_find(*argv, path, sizeof(path)))
            printf("%s is %s\n", *argv, path);
        else {
            printf("%s: not found\n", *argv);
            status = 127;
        }
    }
    return status;
}

// ---- running ----

// A builtin works in the shell, so its redirections are taken back, except those of exec.
static int run_builtin(const struct builtin *builtin, const struct command *command, char **argv)
{
    bool keep = builtin->run == do_exec;
    int saved[command->redirect_count + 1], status = 2;

    fflush(stdout);
    for (size_t i = 0; i < command->redirect_count; i++)
        saved[i] = keep ? -1 : dup(command->redirects[i].fd);
    if (shell_redirect(command, parameter))
        status = builtin->run(argv);
    fflush(stdout);
    for (size_t i = command->redirect_count; i--;) {
        if (saved[i] >= 0) {
            dup2(saved[i], command->redirects[i].fd);
            close(saved[i]);
        } else if (!keep) {
            close(command->redirects[i].fd);
        }
    }
    return status;
}

enum where { IN_SHELL, IN_CHILD };

// A child, which is no interactive shell whatever we are; -1 after a message.
static pid_t start_child(bool foreground)
{
    pid_t pid = shell_fork(foreground, interactive);

    if (!pid)
        interactive = false;
    return pid;
}

// One command. IN_CHILD: this process has nothing else to do, and need not return.
static int run_command(const struct command *command, enum where where)
{
    struct words words = {0}, assignments = {0};
    size_t first = 0;
    int status = 0;

    while (first < command->word_count && shell_assignment(command->words[first]))
        shell_expand(command->words[first++], parameter, false, &assignments);
    for (size_t i = first; i < command->word_count; i++)
        shell_expand(command->words[i], parameter, true, &words);

    const struct builtin *builtin = words.count ? find_builtin(words.list[0]) : NULL;
    pid_t pid;
    if (!words.count || builtin) {
        static const struct builtin none = {":", do_nothing};
        for (size_t i = 0; i < assignments.count; i++)
            variable_assign(assignments.list[i], false);
        status = run_builtin(builtin ? builtin : &none, command, words.list);
    } else if (where == IN_CHILD || !(pid = start_child(true))) {
        if (!shell_redirect(command, parameter))
            _exit(2);
        for (size_t i = 0; i < assignments.count; i++)
            variable_assign(assignments.list[i], true);
        _exit(shell_exec(words.list));
    } else {
        status = pid < 0 ? 2 : shell_wait(pid, interactive);
    }
    words_free(&words);
    words_free(&assignments);
    return status;
}

// The grammar has pipelines, the kernel no pipes yet.
static int refuse_pipeline(void)
{
    complain_to(2, "|", "this kernel has no pipes");
    return last_status;
}

// Pipelines tied by && and ||.
static void run_list(const struct command *commands, size_t count, enum where where)
{
    for (size_t i = 0, length; i < count; i += length) {
        enum link link = commands[i].link;
        for (length = 1; i + length < count && commands[i + length].link == LINK_PIPE; length++)
            ;
        if ((link == LINK_AND && last_status) || (link == LINK_OR && !last_status))
            continue;
        last_status = length > 1 ? refuse_pipeline() : run_command(&commands[i], count == 1 ? where : IN_SHELL);
    }
}

static void run_background(const struct command *commands, size_t count)
{
    pid_t pid = start_child(false);

    if (pid < 0)
        return;
    if (!pid) {
        signal(SIGINT, SIG_IGN);
        signal(SIGQUIT, SIG_IGN);
        int null = open("/dev/null", O_RDONLY);
        if (null > 0) {
            dup2(null, STDIN_FILENO);
            close(null);
        }
        run_list(commands, count, IN_CHILD);
        exit(last_status);
    }
    last_background = pid;
    last_status = 0;
}

static void run_script(const struct script *script)
{
    for (size_t i = 0, length; i < script->count; i += length) {
        for (length = 1; i + length < script->count && script->commands[i + length].link != LINK_NEXT; length++)
            ;
        if (script->commands[i + length - 1].background)
            run_background(&script->commands[i], length);
        else
            run_list(&script->commands[i], length, IN_SHELL);
    }
}

// ---- reading ----

static void run_source(struct shell_source *source)
{
    char *text = NULL, message[128];
    struct script script;
    bool dropped;

    while (shell_more_text(source, &text, &dropped)) {
        enum parse_result result = PARSED;
        if (dropped) {
            last_status = 128 + SIGINT;
        } else {
            result = shell_parse(text, &script, message, sizeof(message));
            if (result == PARSED)
                run_script(&script);
            else if (result == PARSE_ERROR)
                complain_to(2, "Syntax error", message);
            shell_free(&script);
        }
        if (result == PARSE_ERROR && !source->editor)
            break;
        if (result != PARSE_INCOMPLETE) {
            free(text);
            text = NULL;
        }
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;                           // background commands that have ended
    }
    if (text && last_status != 2)
        complain_to(2, "Syntax error", "end of file unexpected");
    free(text);
}

static void take_terminal(void)
{
    static const int ignored[] = {SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU};

    for (unsigned i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
        signal(ignored[i], SIG_IGN);
    setpgid(0, 0);                      // fails for a session leader, which has its group already
    tcsetpgrp(STDIN_FILENO, getpgrp());
}

int main(int argc, char **argv)
{
    static struct line_editor editor = {.in = STDIN_FILENO, .out = STDOUT_FILENO};
    struct shell_source source = {0};
    int first = 1;

    answer_help(argc, argv, "sh [-c COMMAND | FILE] [ARGUMENT]...");
    shell_pid = getpid();
    if (argc > 1 && !strcmp(argv[1], "-c")) {
        if (argc < 3) {
            complain_to(2, "-c", "requires an argument");
            return 2;
        }
        source.string = argv[2];
        first = 3;
    } else if (argc > 1 && argv[1][0] == '-' && strcmp(argv[1], "-i") && strcmp(argv[1], "-s")) {
        usage_error(2, "sh", "invalid option", argv[1]);
    } else if (argc > 1 && argv[1][0] != '-') {
        source.file = fopen(argv[1], "re");
        if (!source.file) {
            fprintf(stderr, "sh: cannot open %s: %s\n", argv[1], strerror(errno));
            return errno == ENOENT ? 127 : 126;
        }
    } else if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
        interactive = true;
        source.editor = &editor;
        take_terminal();
    }
    // $0 is the script, or the word behind -c STRING, or our own name.
    static char *self[] = {"sh", NULL};
    arguments = first < argc ? argv + first : self;
    argument_count = first < argc ? argc - first - 1 : 0;
    run_source(&source);
    return last_status;
}
