/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Doubly linked circular list. The head is a node without an element; an element may be on as many lists as it has
   nodes. */
#pragma once
#include <types.h>

struct list {
    struct list *next, *prev;
};

#define LIST_INIT(name) { &(name), &(name) }

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

/* Put `n` right after `at`: at the front of the list when `at` is the head. */
static inline void list_add(struct list *at, struct list *n)
{
    n->next = at->next;
    n->prev = at;
    at->next->prev = n;
    at->next = n;
}

/* Put `n` right before `at`: at the back of the list when `at` is the head. */
static inline void list_add_tail(struct list *at, struct list *n)
{
    list_add(at->prev, n);
}

/* Take `n` off its list and leave it pointing at itself, so a second removal is harmless. */
static inline void list_del(struct list *n)
{
    n->next->prev = n->prev;
    n->prev->next = n->next;
    list_init(n);
}

#define list_entry(node, type, member) container_of(node, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)

#define list_for_each(pos, head, member)                                                                               \
    for (pos = list_entry((head)->next, __typeof__(*pos), member); &pos->member != (head);                             \
         pos = list_entry(pos->member.next, __typeof__(*pos), member))

/* The same, for a body that may remove `pos`. */
#define list_for_each_safe(pos, tmp, head, member)                                                                     \
    for (pos = list_entry((head)->next, __typeof__(*pos), member),                                                     \
        tmp = list_entry(pos->member.next, __typeof__(*pos), member);                                                  \
         &pos->member != (head); pos = tmp, tmp = list_entry(tmp->member.next, __typeof__(*pos), member))
