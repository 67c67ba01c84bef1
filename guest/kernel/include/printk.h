/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel log. Every line goes into a ring buffer with its level and its time since boot; lines below
   console_loglevel also go to the console as `[    s.uuuuuu] text`. A line at LOG_NOTICE or more urgent must read
   the same on every machine (no sizes, no addresses, no frequencies): what differs belongs to LOG_INFO and
   LOG_DEBUG. */
#pragma once
#include <stdarg.h>
#include <types.h>

enum log_level {
    LOG_EMERG = 0,
    LOG_ALERT = 1,
    LOG_CRIT = 2,
    LOG_ERR = 3,
    LOG_WARNING = 4,
    LOG_NOTICE = 5,
    LOG_INFO = 6,
    LOG_DEBUG = 7,
};

/* Lines with a level below this one reach the console: `loglevel=N` sets it, `quiet` means 4. */
#define CONSOLE_LOGLEVEL_DEFAULT LOG_INFO
#define CONSOLE_LOGLEVEL_QUIET LOG_WARNING
extern int console_loglevel;

/* One line; a '\n' at its end is optional. From any context, interrupts included. */
void printk(enum log_level level, const char *format, ...) __printf(2, 3);
void vprintk(enum log_level level, const char *format, va_list args) __printf(2, 0);

#define pr_emerg(...) printk(LOG_EMERG, __VA_ARGS__)
#define pr_alert(...) printk(LOG_ALERT, __VA_ARGS__)
#define pr_crit(...) printk(LOG_CRIT, __VA_ARGS__)
#define pr_err(...) printk(LOG_ERR, __VA_ARGS__)
#define pr_warn(...) printk(LOG_WARNING, __VA_ARGS__)
#define pr_notice(...) printk(LOG_NOTICE, __VA_ARGS__)
#define pr_info(...) printk(LOG_INFO, __VA_ARGS__)
#define pr_debug(...) printk(LOG_DEBUG, __VA_ARGS__)

/* A panic may strike while another context holds the log's lock for ever: from this call on every line is shown and
   no lock is waited for. There is no way back. */
void printk_bust(void);

#define PRINTK_RECORD_MAX 320

/* The record at `*position` as /dev/kmsg gives it, its newline included, and on to the next: its length, 0 at the
   end, -EPIPE when it is overwritten already and `*position` was moved to the oldest one there is. Position 0 is the
   first ever. */
ssize_t printk_record(u64 *position, char *out, size_t size);
