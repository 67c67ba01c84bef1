/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console device: the seam between the UART driver of the architecture and the terminal. */
#include <arch.h>
#include <console.h>
#include <tty.h>

#include "ldisc.h"

void console_init(void)
{
    ldisc_init();
    arch_uart_init(); /* last: the first byte may come at once */
}

/* In the UART's interrupt. */
void console_receive(u8 byte)
{
    tty_receive(byte);
}
