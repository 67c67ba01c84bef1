// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <abi/termios.h>  // requests, struct winsize

int ioctl(int fd, unsigned long request, ...);
