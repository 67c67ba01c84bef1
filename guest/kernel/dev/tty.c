/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal as programs see it: read, write, ioctl; who may use it. Input comes edited from dev/ldisc.c.

   There is one terminal. It may be the controlling terminal of one session; its foreground group gets the signals of
   Ctrl-C and may read, others are stopped when they try (job control: POSIX.1-2017, chapter 11). */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/signal.h>
#include <abi/termios.h>
#include <fs.h>
#include <mm.h>
#include <string.h>
#include <syscall.h>
#include <task.h>
#include <time.h>
#include <tty.h>

#include "ldisc.h"

#define CHUNK 256
#define DECISECOND (NSEC_PER_SEC / 10)

static struct winsize window = { .ws_row = 24, .ws_col = 80 };
static DEFINE_SPINLOCK(window_lock, LOCK_TTY);

/* ---- Job control ---- */

static bool signal_ignored_or_blocked(int sig)
{
    const struct signals *signals = &current->signals;

    return (signals->blocked & SIG_BIT(sig)) || signals->actions[sig - 1].handler == (u64)SIG_IGN;
}

/* A process in the background of the terminal's session asks for something that is the foreground's: stop its group. */
static int check_foreground(int sig)
{
    if (!ldisc.session || current->sid != ldisc.session || current->pgid == ldisc.foreground || !ldisc.foreground)
        return 0;
    if (signal_ignored_or_blocked(sig))
        return sig == SIGTTIN ? -EIO : 0;
    signal_group(current->pgid, sig);
    return -ERESTARTSYS;
}

/* Is the session that has the terminal still led? Its leader may have ended without a word. */
static bool session_led(void)
{
    pid_t session = READ_ONCE(ldisc.session);
    struct task *leader = session ? task_find(session) : NULL;
    bool led = leader && leader->sid == session && task_state_letter(leader) != 'Z';

    if (leader)
        task_put(leader);
    return led;
}

/* A session leader without a terminal takes this one, if it is free. */
static int take_terminal(bool steal)
{
    u64 flags;
    int error = 0;

    if (current->sid != current->pid)
        return -EPERM;
    if (!session_led())
        steal = true;
    flags = spin_lock_irqsave(&ldisc.lock);
    if (ldisc.session == current->sid)
        error = 0;
    else if (ldisc.session && !steal)
        error = -EPERM;
    else {
        ldisc.session = current->sid;
        ldisc.foreground = current->pgid;
    }
    spin_unlock_irqrestore(&ldisc.lock, flags);
    return error;
}

/* As on Linux, opening /dev/console never makes it the controlling terminal: TIOCSCTTY does. */
static int current_open(struct inode *inode, struct file *file)
{
    (void)inode, (void)file;
    return ldisc.session && current->sid == ldisc.session ? 0 : -ENXIO;
}

/* ---- Reading ---- */

static void time_is_up(struct timer *timer)
{
    wake_task(timer->arg);
}

/* Raw mode with VTIME: wait for `enough` bytes or until time is up. It counts from now when VMIN is 0, else from the
   last byte on. Called and left with ldisc.lock held. */
static int wait_with_time(size_t enough, bool from_now, u64 duration, u64 *flags)
{
    u64 deadline = from_now ? clock_ns() + duration : 0;
    struct timer timer;
    int error = 0;

    while (!error && ldisc_available() < enough) {
        size_t have = ldisc_available();

        if (!deadline && have)
            deadline = clock_ns() + duration;
        if (!deadline) {
            error = wait_event_interruptible_locked(&ldisc.readers, ldisc_available() > 0, &ldisc.lock, *flags);
            continue;
        }
        timer_add(&timer, deadline, time_is_up, current);
        error = wait_event_interruptible_locked(&ldisc.readers, ldisc_available() > have || clock_ns() >= deadline,
                                                &ldisc.lock, *flags);
        timer_cancel(&timer);
        if (ldisc_available() == have)
            break;
        if (!from_now)
            deadline = clock_ns() + duration;
    }
    return ldisc_available() ? 0 : error;
}

/* Wait until a read may return: a line, or what VMIN and VTIME ask for (termios(3), non-canonical mode). 0 or an
   errno. */
static int wait_input(struct file *file, size_t wanted)
{
    u64 flags = spin_lock_irqsave(&ldisc.lock);
    u8 min = ldisc.termios.c_cc[VMIN], time = ldisc.termios.c_cc[VTIME];
    bool canonical = ldisc.termios.c_lflag & ICANON;
    size_t enough = canonical ? 1 : MIN(wanted, (size_t)MAX(min, 1));
    int error = 0;

    if (ldisc_available() >= enough || (!canonical && min == 0 && time == 0))
        ; /* nothing to wait for */
    else if (file->flags & O_NONBLOCK)
        error = ldisc_available() ? 0 : -EAGAIN;
    else if (canonical || time == 0)
        error = wait_event_interruptible_locked(&ldisc.readers, ldisc_available() >= enough, &ldisc.lock, flags);
    else
        error = wait_with_time(enough, min == 0, time * DECISECOND, &flags);
    spin_unlock_irqrestore(&ldisc.lock, flags);
    return error == -EINTR ? -ERESTARTSYS : error;
}

static ssize_t tty_read(struct file *file, struct io *io, u64 *position)
{
    ssize_t done = 0;
    int error;

    (void)position;
    if (!io->left)
        return 0;
    error = check_foreground(SIGTTIN);
    if (!error)
        error = wait_input(file, io->left);
    if (error)
        return error;
    while (io->left) {
        char chunk[CHUNK];
        bool end;
        u64 flags = spin_lock_irqsave(&ldisc.lock);
        size_t n = ldisc_take(chunk, MIN(io->left, sizeof chunk), &end);

        spin_unlock_irqrestore(&ldisc.lock, flags);
        error = n ? io_put(io, chunk, n) : 0;
        if (error)
            return done ? done : error;
        done += (ssize_t)n;
        if (end || !n)
            break;
    }
    return done;
}

/* ---- Writing ---- */

static ssize_t tty_write(struct file *file, struct io *io, u64 *position)
{
    ssize_t done = 0;

    (void)position;
    if (ldisc.termios.c_lflag & TOSTOP) {
        int error = check_foreground(SIGTTOU);

        if (error)
            return error;
    }
    while (io->left) {
        char chunk[CHUNK];
        size_t n = MIN(io->left, sizeof chunk);
        u64 flags;
        int error = io_get(io, chunk, n);

        if (error)
            return done ? done : error;
        flags = spin_lock_irqsave(&ldisc.lock);
        if (ldisc.stopped && (file->flags & O_NONBLOCK))
            error = -EAGAIN;
        else if (ldisc.stopped)
            error = wait_event_interruptible_locked(&ldisc.writers, !ldisc.stopped, &ldisc.lock, flags);
        if (!error)
            ldisc_output(chunk, n);
        spin_unlock_irqrestore(&ldisc.lock, flags);
        if (error)
            return done ? done : error == -EINTR ? -ERESTARTSYS : error;
        done += (ssize_t)n;
    }
    return done;
}

/* ---- Control ---- */

static bool group_in_session(pid_t pgid, pid_t sid)
{
    for (pid_t pid = task_next_pid(0); pid; pid = task_next_pid(pid)) {
        struct task *task = task_find(pid);
        bool found = task && task->pgid == pgid && task->sid == sid;

        if (task)
            task_put(task);
        if (found)
            return true;
    }
    return false;
}

static long set_foreground(u64 arg)
{
    s32 pgid;
    int error;

    if (copy_from_user(&pgid, arg, sizeof pgid))
        return -EFAULT;
    if (!ldisc.session || current->sid != ldisc.session)
        return -ENOTTY;
    if (pgid <= 0)
        return -EINVAL;
    if (!group_in_session(pgid, current->sid))
        return -EPERM;
    error = check_foreground(SIGTTOU);
    if (!error)
        WRITE_ONCE(ldisc.foreground, pgid);
    return error;
}

static long put_pid(u64 arg, s32 pid)
{
    return copy_to_user(arg, &pid, sizeof pid);
}

static long set_termios(u64 arg, bool flush)
{
    struct termios termios;
    u64 flags;
    int error;

    if (copy_from_user(&termios, arg, sizeof termios))
        return -EFAULT;
    error = check_foreground(SIGTTOU);
    if (error)
        return error;
    flags = spin_lock_irqsave(&ldisc.lock);
    if (flush)
        ldisc_flush();
    ldisc_set_termios(&termios);
    spin_unlock_irqrestore(&ldisc.lock, flags);
    return 0;
}

static long get_termios(u64 arg)
{
    u64 flags = spin_lock_irqsave(&ldisc.lock);
    struct termios termios = ldisc.termios;

    spin_unlock_irqrestore(&ldisc.lock, flags);
    return copy_to_user(arg, &termios, sizeof termios);
}

static long set_window(u64 arg)
{
    struct winsize size;
    u64 flags;
    bool changed;

    if (copy_from_user(&size, arg, sizeof size))
        return -EFAULT;
    flags = spin_lock_irqsave(&window_lock);
    changed = memcmp(&size, &window, sizeof size) != 0;
    window = size;
    spin_unlock_irqrestore(&window_lock, flags);
    if (changed && ldisc.foreground)
        signal_group(ldisc.foreground, SIGWINCH);
    return 0;
}

static long get_window(u64 arg)
{
    u64 flags = spin_lock_irqsave(&window_lock);
    struct winsize size = window;

    spin_unlock_irqrestore(&window_lock, flags);
    return copy_to_user(arg, &size, sizeof size);
}

static long input_count(u64 arg)
{
    u64 flags = spin_lock_irqsave(&ldisc.lock);
    s32 n = (s32)ldisc_available();

    spin_unlock_irqrestore(&ldisc.lock, flags);
    return copy_to_user(arg, &n, sizeof n);
}

static long flush(u64 arg)
{
    u64 flags;

    if (arg != TCIFLUSH && arg != TCOFLUSH && arg != TCIOFLUSH)
        return -EINVAL;
    flags = spin_lock_irqsave(&ldisc.lock);
    if (arg != TCOFLUSH) /* output is never held back */
        ldisc_flush();
    spin_unlock_irqrestore(&ldisc.lock, flags);
    return 0;
}

/* POSIX: when the controlling process ends, or gives its terminal up, the foreground group hears SIGHUP and the
   terminal is free for another session. */
void tty_session_ended(pid_t session)
{
    u64 flags = spin_lock_irqsave(&ldisc.lock);
    pid_t group = ldisc.session == session ? ldisc.foreground : 0;

    if (ldisc.session == session)
        ldisc.session = ldisc.foreground = 0;
    spin_unlock_irqrestore(&ldisc.lock, flags);
    if (group) {
        signal_group(group, SIGHUP);
        signal_group(group, SIGCONT);
    }
}

static long give_up_terminal(void)
{
    if (current->sid != ldisc.session)
        return -ENOTTY;
    if (current->pid == current->sid)
        tty_session_ended(current->sid);
    return 0;
}

static long tty_ioctl(struct file *file, u32 request, u64 arg)
{
    (void)file;
    switch (request) {
    case TCGETS:
        return get_termios(arg);
    case TCSETS:
    case TCSETSW:
        return set_termios(arg, false);
    case TCSETSF:
        return set_termios(arg, true);
    case TCSBRK:
        return 0; /* output is polled: all of it has left */
    case TCFLSH:
        return flush(arg);
    case TIOCSCTTY:
        return take_terminal(arg == 1);
    case TIOCNOTTY:
        return give_up_terminal();
    case TIOCGPGRP:
        return ldisc.session == current->sid && ldisc.session ? put_pid(arg, ldisc.foreground) : -ENOTTY;
    case TIOCSPGRP:
        return set_foreground(arg);
    case TIOCGSID:
        return ldisc.session == current->sid && ldisc.session ? put_pid(arg, ldisc.session) : -ENOTTY;
    case TIOCGWINSZ:
        return get_window(arg);
    case TIOCSWINSZ:
        return set_window(arg);
    case FIONREAD:
        return input_count(arg);
    default:
        return -ENOTTY;
    }
}

const struct file_ops tty_ops = { .read = tty_read, .write = tty_write, .ioctl = tty_ioctl };
const struct file_ops tty_current_ops = {
    .open = current_open,
    .read = tty_read,
    .write = tty_write,
    .ioctl = tty_ioctl,
};
