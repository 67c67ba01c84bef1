/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device nodes: /dev is a ramfs whose nodes carry numbers, and this table says which driver a number means. */
#include <abi/errno.h>
#include <fs.h>
#include <panic.h>
#include <string.h>
#include <tty.h>

/* makedev() as a constant, for minors below 256. */
#define DEVICE(major, minor) ((u64)(major) << 8 | (minor))
#define DEVICES_MAX 32

static struct {
    u64 rdev;
    const struct file_ops *ops;
} devices[DEVICES_MAX];
static u32 device_count;
static DEFINE_SPINLOCK(devices_lock, LOCK_FS);

const struct file_ops *device_ops(u64 rdev)
{
    const struct file_ops *ops = NULL;

    spin_lock(&devices_lock);
    for (u32 i = 0; i < device_count; i++)
        if (devices[i].rdev == rdev)
            ops = devices[i].ops;
    spin_unlock(&devices_lock);
    return ops;
}

int device_register(const char *name, u64 rdev, u32 permissions, const struct file_ops *ops)
{
    char path[NAME_MAX + 1];
    int error = 0;

    spin_lock(&devices_lock);
    if (device_count == DEVICES_MAX)
        error = -ENOMEM;
    else {
        devices[device_count].rdev = rdev;
        devices[device_count++].ops = ops;
    }
    spin_unlock(&devices_lock);
    if (error)
        return error;
    strlcpy(path, "/dev/", sizeof path);
    strlcpy(path + 5, name, sizeof path - 5);
    error = path_mknod(path, S_IFCHR | permissions, rdev, NULL);
    return error == -EEXIST ? 0 : error;
}

void devfs_init(void)
{
    static const struct {
        const char *name;
        u64 rdev;
        u32 permissions;
        const struct file_ops *ops;
    } nodes[] = {
        /* numbers: Linux, Documentation/admin-guide/devices.txt */
        { "null", DEVICE(1, 3), 0666, &null_ops },       { "zero", DEVICE(1, 5), 0666, &zero_ops },
        { "full", DEVICE(1, 7), 0666, &full_ops },       { "random", DEVICE(1, 8), 0666, &random_ops },
        { "urandom", DEVICE(1, 9), 0666, &random_ops },  { "tty", DEVICE(5, 0), 0666, &tty_current_ops },
        { "console", DEVICE(5, 1), 0600, &tty_ops },     { "kmsg", DEVICE(1, 11), 0600, &kmsg_ops },
    };

    for (u32 i = 0; i < ARRAY_SIZE(nodes); i++)
        if (device_register(nodes[i].name, nodes[i].rdev, nodes[i].permissions, nodes[i].ops))
            panic("cannot make /dev/%s", nodes[i].name);
}
