/* link.h - a ring of things that lie in other structs
 *
 * A head is a link that points to itself when the ring is empty.  Adding and
 * removing is constant work and allocates nothing. [any]
 */
#ifndef HD_PLUGIN_LINK_H
#define HD_PLUGIN_LINK_H

#include <stdbool.h>
#include <stddef.h>

struct hd_link {
	struct hd_link *prev, *next;
};

/* The struct of `type` whose `member` is `link`. */
#define HD_LINK_OF(link, type, member) \
	((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void hd_link_init(struct hd_link *head)
{
	head->prev = head;
	head->next = head;
}

static inline bool hd_link_is_empty(const struct hd_link *head)
{
	return head->next == head;
}

/* Puts `link` before `at`: at the end of the ring, where `at` is its head. */
static inline void hd_link_add(struct hd_link *at, struct hd_link *link)
{
	link->prev = at->prev;
	link->next = at;
	at->prev->next = link;
	at->prev = link;
}

static inline void hd_link_remove(struct hd_link *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	hd_link_init(link);
}

#endif
