/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The serial port COM1: a 16550A (National Semiconductor PC16550D, section 8). Output is polled, input interrupts. */
#include <arch.h>
#include <arch/board.h>
#include <arch/local.h>
#include <console.h>
#include <irq.h>
#include <printk.h>
#include <spinlock.h>

enum {
    UART_RBR = 0, /* receive buffer, read */
    UART_THR = 0, /* transmit holding, write */
    UART_DLL = 0, /* divisor latch, when LCR.DLAB */
    UART_IER = 1,
    UART_DLM = 1,
    UART_IIR = 2, /* read */
    UART_FCR = 2, /* write */
    UART_LCR = 3,
    UART_MCR = 4,
    UART_LSR = 5,
};

#define IER_RECEIVED_DATA 0x01
#define IIR_NONE 0x01
#define FCR_ENABLE_AND_CLEAR 0x07
#define LCR_8N1 0x03
#define LCR_DLAB 0x80
#define MCR_DTR_RTS_OUT2 0x0b /* OUT2 lets the interrupt out of the chip */
#define LSR_DATA_READY 0x01
#define LSR_THR_EMPTY 0x20
#define BAUD 115200UL

static u8 uart_read(u16 reg)
{
    return inb(BOARD_PORT_COM1 + reg);
}

static void uart_write(u16 reg, u8 value)
{
    outb(BOARD_PORT_COM1 + reg, value);
}

void uart_early_init(void)
{
    u16 divisor = BOARD_COM1_CLOCK_HZ / 16 / BAUD;

    uart_write(UART_IER, 0);
    uart_write(UART_LCR, LCR_8N1 | LCR_DLAB);
    uart_write(UART_DLL, (u8)divisor);
    uart_write(UART_DLM, (u8)(divisor >> 8));
    uart_write(UART_LCR, LCR_8N1);
    uart_write(UART_FCR, FCR_ENABLE_AND_CLEAR);
    uart_write(UART_MCR, MCR_DTR_RTS_OUT2);
}

static void uart_put(u8 byte)
{
    while (!(uart_read(UART_LSR) & LSR_THR_EMPTY)) /* all-ones without a chip: never waits */
        arch_pause();
    uart_write(UART_THR, byte);
}

void arch_console_write(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        uart_put((u8)text[i]);
}

static void uart_interrupt(u32 irq, void *arg)
{
    (void)irq;
    (void)arg;
    do {
        while (uart_read(UART_LSR) & LSR_DATA_READY)
            console_receive(uart_read(UART_RBR));
    } while (!(uart_read(UART_IIR) & IIR_NONE)); /* the line is edge-triggered: leave it low */
}

void arch_uart_init(void)
{
    int error = irq_register(platform.isa[BOARD_IRQ_COM1].gsi, uart_interrupt, NULL, "16550");

    if (error) {
        pr_err("16550: no interrupt, error %d", error);
        return;
    }
    uart_write(UART_IER, IER_RECEIVED_DATA);
}
