/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices that are only behaviour: null(4), full(4), random(4). */
#include <abi/errno.h>
#include <fs.h>
#include <random.h>

static ssize_t read_nothing(struct file *file, struct io *io, u64 *position)
{
    (void)file, (void)io, (void)position;
    return 0;
}

static ssize_t write_all(struct file *file, struct io *io, u64 *position)
{
    ssize_t n = (ssize_t)io->left;

    (void)file, (void)position;
    io->left = 0;
    return n;
}

static ssize_t read_zeros(struct file *file, struct io *io, u64 *position)
{
    size_t n = io->left;
    int error = io_put_zeros(io, n);

    (void)file, (void)position;
    return error ? error : (ssize_t)n;
}

static ssize_t write_full(struct file *file, struct io *io, u64 *position)
{
    (void)file, (void)io, (void)position;
    return -ENOSPC;
}

static ssize_t read_random(struct file *file, struct io *io, u64 *position)
{
    ssize_t done = 0;

    (void)file, (void)position;
    while (io->left) {
        u8 bytes[64];
        size_t n = MIN(io->left, sizeof bytes);
        int error;

        random_bytes(bytes, n);
        error = io_put(io, bytes, n);
        if (error)
            return done ? done : error;
        done += (ssize_t)n;
    }
    return done;
}

const struct file_ops null_ops = { .read = read_nothing, .write = write_all, .seekable = true };
const struct file_ops zero_ops = { .read = read_zeros, .write = write_all, .seekable = true };
const struct file_ops full_ops = { .read = read_zeros, .write = write_full, .seekable = true };
const struct file_ops random_ops = { .read = read_random, .write = write_all };
