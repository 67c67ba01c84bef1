// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <abi/termios.h>

enum { TCSANOW, TCSADRAIN, TCSAFLUSH };

int tcgetattr(int fd, struct termios *settings);
int tcsetattr(int fd, int when, const struct termios *settings);
