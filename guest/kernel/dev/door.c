/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /dev/door: the paravirtual device by which a program talks to the emulator. Commands are decimal text, one a line:

     exit N   the machine's exit status is N; the machine stops
     test N   test N begins; 0: it has ended

   A read gives the device's version. */
#include <abi/errno.h>
#include <arch.h>
#include <fs.h>
#include <printk.h>
#include <string.h>

enum { DOOR_VERSION = 0x04, DOOR_EXIT = 0x08, DOOR_TEST = 0x0c };

#define DOOR_DEVICE (10UL << 8 | 240) /* misc, in the range for local use */
#define COMMAND_MAX 32

static int command(char *text)
{
    char *number = strchr(text, ' ');
    u64 value;

    if (!number)
        return -EINVAL;
    *number++ = '\0';
    if (parse_u64(number, &value) || value > ~0u)
        return -EINVAL;
    if (!strcmp(text, "exit"))
        arch_door_write(DOOR_EXIT, (u32)value);
    else if (!strcmp(text, "test"))
        arch_door_write(DOOR_TEST, (u32)value);
    else
        return -EINVAL;
    return 0;
}

static ssize_t door_write(struct file *file, struct io *io, u64 *position)
{
    char text[COMMAND_MAX + 1], *line = text;
    size_t n = io->left;
    int error;

    (void)file, (void)position;
    if (n == 0 || n > COMMAND_MAX)
        return -EINVAL;
    error = io_get(io, text, n);
    if (error)
        return error;
    text[n] = '\0';
    while (*line) {
        char *end = strchr(line, '\n');

        if (end)
            *end = '\0';
        error = *line ? command(line) : 0;
        if (error)
            return error;
        if (!end)
            break;
        line = end + 1;
    }
    return (ssize_t)n;
}

static ssize_t door_read(struct file *file, struct io *io, u64 *position)
{
    char text[16];
    size_t length = (size_t)snprintf(text, sizeof text, "%u\n", arch_door_read(DOOR_VERSION)), n;
    int error;

    (void)file;
    if (*position >= length)
        return 0;
    n = MIN(length - *position, io->left);
    error = io_put(io, text + *position, n);
    if (error)
        return error;
    *position += n;
    return (ssize_t)n;
}

static const struct file_ops door_ops = { .read = door_read, .write = door_write, .seekable = true };

void door_init(void)
{
    int error;

    if (!arch_door_present())
        return;
    error = device_register("door", DOOR_DEVICE, 0600, &door_ops);
    if (error)
        pr_err("door: error %d", error);
    else
        pr_info("door: present, version %u", arch_door_read(DOOR_VERSION));
}
