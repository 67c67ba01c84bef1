/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console UART: PL011 (Arm DDI 0183G). */
#include <arch.h>
#include <arch/board.h>
#include <arch/local.h>
#include <console.h>
#include <irq.h>
#include <printk.h>

enum pl011 {
    UARTDR = 0x000,
    UARTFR = 0x018,
    UARTLCR_H = 0x02c,
    UARTCR = 0x030,
    UARTIMSC = 0x038,
    UARTMIS = 0x040,
    UARTICR = 0x044,
};

#define FR_RXFE (1U << 4) /* receive FIFO empty */
#define FR_TXFF (1U << 5) /* transmit FIFO full */
#define LCR_H_FEN (1U << 4)
#define LCR_H_8BITS (3U << 5)
#define CR_UARTEN (1U << 0)
#define CR_TXE (1U << 8)
#define CR_RXE (1U << 9)
#define INT_RX (1U << 4)
#define INT_RT (1U << 6) /* receive timeout: bytes below the FIFO's trigger level wait */

static void *uart;

void uart_early_init(void)
{
    if (!board.uart.present)
        return;
    uart = arch_ioremap(board.uart.base, 0x1000);
    mmio_write32(uart, UARTIMSC, 0);
    mmio_write32(uart, UARTLCR_H, LCR_H_8BITS | LCR_H_FEN); /* the loader's baud rate stays */
    mmio_write32(uart, UARTCR, CR_UARTEN | CR_TXE | CR_RXE);
}

static void put(char c)
{
    while (mmio_read32(uart, UARTFR) & FR_TXFF)
        arch_pause();
    mmio_write32(uart, UARTDR, (u8)c);
}

void arch_console_write(const char *text, size_t n)
{
    if (!uart)
        return;
    while (n--)
        put(*text++);
}

static void receive(u32 irq, void *arg)
{
    (void)irq;
    (void)arg;
    mmio_write32(uart, UARTICR, INT_RX | INT_RT);
    while (!(mmio_read32(uart, UARTFR) & FR_RXFE))
        console_receive((u8)mmio_read32(uart, UARTDR));
}

void arch_uart_init(void)
{
    if (!uart || !board.uart.irq || irq_register(board.uart.irq, receive, NULL, "uart"))
        return;
    mmio_write32(uart, UARTIMSC, INT_RX | INT_RT);
}
