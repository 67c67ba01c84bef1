/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /dev/kmsg: the kernel log for programs, one record a read; a written line, `<level>text` or text, becomes a record
   (Linux, Documentation/ABI/testing/dev-kmsg). */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <fs.h>
#include <printk.h>
#include <sched.h>
#include <string.h>
#include <syscall.h>
#include <time.h>

#define LINE_MAX 200
/* printk may be called with any lock held and so cannot wake a reader: a reader looks again by itself. */
#define LOOK_AGAIN_NS (100 * NSEC_PER_MSEC)

static ssize_t kmsg_read(struct file *file, struct io *io, u64 *position)
{
    char record[PRINTK_RECORD_MAX];
    u64 next = *position;
    ssize_t n;
    int error;

    while ((n = printk_record(&next, record, sizeof record)) == 0) {
        if (file->flags & O_NONBLOCK)
            return -EAGAIN;
        if (sleep_until(clock_ns() + LOOK_AGAIN_NS))
            return -ERESTARTSYS;
    }
    if (n > 0 && (size_t)n > io->left)
        return -EINVAL; /* half a record is none */
    *position = next;
    if (n < 0)
        return n;
    error = io_put(io, record, (size_t)n);
    return error ? error : n;
}

static ssize_t kmsg_write(struct file *file, struct io *io, u64 *position)
{
    char line[LINE_MAX + 1], *text = line;
    size_t n = MIN(io->left, (size_t)LINE_MAX);
    enum log_level level = LOG_INFO;
    int error = io_get(io, line, n);

    (void)file, (void)position;
    if (error)
        return error;
    line[n] = '\0';
    if (line[0] == '<' && line[1] >= '0' && line[1] <= '7' && line[2] == '>') {
        level = (enum log_level)(line[1] - '0');
        text = line + 3;
    }
    printk(level, "%s", text);
    return (ssize_t)n;
}

const struct file_ops kmsg_ops = { .read = kmsg_read, .write = kmsg_write, .seekable = true };
