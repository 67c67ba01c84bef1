// SPDX-License-Identifier: GPL-2.0-or-later
//
// init: process 1. It opens the console, starts the shell, and takes in the orphans of everybody else.
//
// With `exec` in the environment (from the kernel's command line, %XX for special bytes) the shell runs that command,
// and the machine is switched off with the command's status; without it a shell runs on the console for ever.

#include "program.h"

#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Descriptors 0, 1 and 2, whether or not the kernel has opened them.
static void open_console(void)
{
    int fd = open("/dev/console", O_RDWR);

    if (fd < 0)
        return;
    for (int standard = 0; standard <= 2; standard++)
        if (fd != standard)
            dup2(fd, standard);
    if (fd > 2)
        close(fd);
}

static int hex_digit(char c)
{
    return isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
}

static void decode_percent(char *text)
{
    char *to = text;

    for (; *text; text++) {
        if (text[0] == '%' && isxdigit(text[1]) && isxdigit(text[2])) {
            *to++ = (char)(hex_digit(text[1]) << 4 | hex_digit(text[2]));
            text += 2;
        } else {
            *to++ = *text;
        }
    }
    *to = '\0';
}

// The shell gets a session of its own with the console as its terminal, so that Ctrl-C reaches it and not us.
static pid_t start_shell(char *command)
{
    char *interactive[] = {"sh", NULL}, *once[] = {"sh", "-c", command, NULL};
    pid_t pid = fork();

    if (pid)
        return pid;
    setsid();
    ioctl(STDIN_FILENO, TIOCSCTTY, NULL);
    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    execv("/bin/sh", command ? once : interactive);
    int status = errno == ENOENT ? 127 : 126;
    complain("init", "/bin/sh");
    _exit(status);
}

// Waits for the shell; whoever else ends in the meantime was an orphan.
static int reap_until(pid_t shell)
{
    for (;;) {
        int status;
        pid_t pid = wait(&status);
        if (pid == shell)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (pid < 0 && errno == ECHILD) // fork failed, or somebody else took our child: nothing to wait for
            return 126;
    }
}

static void tell_door(int status)
{
    int door = open("/dev/door", O_WRONLY);

    if (door >= 0)
        dprintf(door, "exit %d\n", status);
}

_Noreturn static void run_once(char *command)
{
    decode_percent(command);
    int status = reap_until(start_shell(command));

    // What the command left running must not print behind the last line.
    kill(-1, SIGKILL);
    while (wait(NULL) > 0 || errno == EINTR)
        ;
    printf("exit: %d\n", status);
    fflush(stdout);
    tell_door(status);
    reboot(LINUX_REBOOT_CMD_POWER_OFF);
    complain("init", "cannot power off");
    for (;;)
        sleep(1000);
}

int main(void)
{
    if (getpid() != 1) {
        fprintf(stderr, "init: must run as process 1\n");
        return 1;
    }
    open_console();
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    setenv("PATH", "/bin:/test", 0);
    setenv("HOME", "/", 0);

    char *command = getenv("exec");
    if (command) {
        command = strdup(command);
        unsetenv("exec");
        run_once(command);
    }
    for (;;) {
        pid_t shell = start_shell(NULL);
        if (shell < 0)
            complain("init", "cannot start /bin/sh");
        int status = reap_until(shell);
        if (status == 126 || status == 127)
            sleep(1);           // it could not be started: no reason to try at full speed
    }
}
