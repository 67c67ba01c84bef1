/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console terminal: what lies between the UART and the programs.

     UART interrupt -> console_receive -> tty_receive: signals, echo, editing -> lines -> read(2)
     write(2) -> output processing -> console_write -> UART */
#pragma once
#include <types.h>

struct file_ops;

void tty_receive(u8 byte);   /* interrupt context */

/* By task_exit() of a session's leader: the terminal is free again, its foreground group gets SIGHUP. */
void tty_session_ended(pid_t session);

/* Bytes to the console as they are, one caller at a time, any context (printk.c). */
void console_write(const char *text, size_t n);

void console_init(void);     /* the terminal's first settings */

extern const struct file_ops tty_ops;         /* /dev/console */
extern const struct file_ops tty_current_ops; /* /dev/tty: the opener's controlling terminal */
