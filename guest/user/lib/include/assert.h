// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

_Noreturn void __assert_failed(const char *expression, const char *file, int line);

#define assert(expression) ((expression) ? (void)0 : __assert_failed(#expression, __FILE__, __LINE__))
#define static_assert _Static_assert
