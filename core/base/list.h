/* list.h - doubly linked lists through a member of what they hold
 *
 * The list and its items are links in a ring; the list's own link is no item.
 * A link that is in no list is linked to itself (hd_list_init) and may be
 * removed all the same.  Nothing is allocated, nothing is locked; all of it is
 * [any], one thread at a time.
 *
 *	struct job { struct hd_list link; ... };
 *	struct hd_list *at, *next;
 *
 *	hd_list_each(at, next, &jobs)
 *		run(hd_list_item(at, struct job, link));
 */
#ifndef HD_BASE_LIST_H
#define HD_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct hd_list {
	struct hd_list *next, *prev;
};

/* The struct whose `member` the link is. */
#define hd_list_item(link, type, member) \
	((type *)(void *)((char *)(link)-offsetof(type, member)))

/* Walks from first to last; `at`, and nothing else, may be removed. */
#define hd_list_each(at, after, list)                                   \
	for ((at) = (list)->next, (after) = (at)->next; (at) != (list); \
	     (at) = (after), (after) = (at)->next)

/* An empty list, or a link that is in none. */
static inline void hd_list_init(struct hd_list *list)
{
	list->next = list->prev = list;
}

static inline bool hd_list_empty(const struct hd_list *list)
{
	return list->next == list;
}

/* Before `at`, which may be the list itself: then at its end. */
static inline void hd_list_insert(struct hd_list *at, struct hd_list *link)
{
	link->next = at;
	link->prev = at->prev;
	at->prev->next = link;
	at->prev = link;
}

static inline void hd_list_push_last(struct hd_list *list, struct hd_list *link)
{
	hd_list_insert(list, link);
}

static inline void hd_list_push_first(struct hd_list *list,
				      struct hd_list *link)
{
	hd_list_insert(list->next, link);
}

/* Out of the list it is in, if any. */
static inline void hd_list_remove(struct hd_list *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	hd_list_init(link);
}

/* NULL when empty. */
static inline struct hd_list *hd_list_first(const struct hd_list *list)
{
	return hd_list_empty(list) ? NULL : list->next;
}

/* Removes and returns the first; NULL when empty. */
static inline struct hd_list *hd_list_pop_first(struct hd_list *list)
{
	struct hd_list *first = hd_list_first(list);

	if (first)
		hd_list_remove(first);
	return first;
}

/* Moves all of `from` to the end of `list`; `from` is empty afterwards. */
static inline void hd_list_move_all(struct hd_list *list, struct hd_list *from)
{
	if (hd_list_empty(from))
		return;
	from->next->prev = list->prev;
	list->prev->next = from->next;
	from->prev->next = list;
	list->prev = from->prev;
	hd_list_init(from);
}

#endif
