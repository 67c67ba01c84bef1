/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The seam between the UART driver in arch/ and the console device in dev/. */
#pragma once
#include <types.h>

/* By the UART's interrupt handler: one received byte (dev/console.c feeds the tty). */
void console_receive(u8 byte);
