/* The services state_get() and state_put(): what an instance wants to know
 * again after a restart.  All of it is held in memory; a put is a transaction
 * of the journal, which keeps the order, so it is stored before any record that
 * is emitted afterwards. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/journal/journal.h"
#include "core/journal/reader.h"
#include "core/plugin/instance_impl.h"
#include "core/plugin/visit.h"

#define VALUE_MAX (64u << 10)
#define ALL_MAX (1u << 20)
#define KEY_MAX 256

static struct hd_state_item *find(const struct hd_instance *i, const char *key)
{
	const struct hd_link *at = i->state.next;

	for (; at != &i->state; at = at->next) {
		struct hd_state_item *item =
			HD_LINK_OF(at, struct hd_state_item, link);

		if (strcmp(item->key, key) == 0)
			return item;
	}
	return NULL;
}

static void free_item(struct hd_instance *i, struct hd_state_item *item)
{
	i->state_bytes -= strlen(item->key) + item->n;
	hd_link_remove(&item->link);
	free(item->key);
	free(item->value);
	free(item);
}

static void keep(struct hd_instance *i, const char *key, const void *p,
		 size_t n)
{
	struct hd_state_item *item = find(i, key);

	if (item)
		free_item(i, item);
	if (!p)
		return;
	item = hd_alloc(sizeof(*item));
	item->key = hd_strdup(key);
	item->value = hd_memdup0(p, n);
	item->n = n;
	i->state_bytes += strlen(key) + n;
	hd_link_add(&i->state, &item->link);
}

static bool on_row(void *ud, const struct hd_state_row *row)
{
	struct hd_instance *i = ud;

	keep(i, row->key, row->value.p ? row->value.p : "", row->value.n);
	return true;
}

static void forget_all(struct hd_instance *i)
{
	while (!hd_link_is_empty(&i->state))
		free_item(i, HD_LINK_OF(i->state.next, struct hd_state_item,
					link));
}

int hd_host_state_load(struct hd_instance *i, struct hd_err *err)
{
	if (!i->env->reader)
		return 0;
	forget_all(i);
	return hd_reader_states(i->env->reader, i->name, on_row, i, err);
}

static herald_str state_get(const herald_host *h, const char *key)
{
	struct hd_cell *cell = hd_cell_of(h);
	const struct hd_state_item *item;

	HD_VISIT_CHECK_CREATE(cell);
	item = find(cell->instance, key);
	if (!item)
		return (herald_str){ NULL, 0 };
	return (herald_str){ item->value, item->n };
}

/* A put on its way to the disk.  A stop waits for it, so that the successor of
 * the instance finds it; one that was given up leaves its puts behind. */
struct put {
	struct hd_link link;
	struct hd_instance *instance; /* NULL: gone */
	char name[];
};

/* What was not stored is said and not tried again: the plugin's next put
 * replaces it, and after a restart it begins where it was stored last. */
static void on_stored(void *ud, enum hd_txn_status status, struct hd_txn *txn)
{
	struct put *put = ud;
	const struct hd_log_context ctx = { .connector = put->name };

	if (status == HD_TXN_FULL)
		hd_log(HD_LOG_WARNING, &ctx,
		       "its state was not stored: the store is full");
	else if (status == HD_TXN_FAILED)
		hd_log(HD_LOG_ERROR, &ctx, "its state was not stored: %s",
		       hd_txn_error(txn)->text);
	if (put->instance) {
		hd_link_remove(&put->link);
		if (put->instance->cancel_at_ms)
			hd_cell_poke(put->instance->cell);
	}
	free(put);
}

static void store(struct hd_instance *i, const char *key, herald_str value)
{
	const struct hd_state_row row = {
		.connector = i->name,
		.key = key,
		.value = { value.p, value.n },
	};
	size_t n = strlen(i->name) + 1;
	struct hd_txn *txn;
	struct put *put;

	if (!i->env->journal)
		return;
	put = hd_alloc(sizeof(*put) + n);
	put->instance = i;
	memcpy(put->name, i->name, n);
	hd_link_add(&i->puts, &put->link);
	txn = hd_txn_new();
	hd_txn_state_put(txn, &row);
	hd_journal_commit(i->env->journal, txn, on_stored, put);
}

void hd_host_state_fini(struct hd_instance *i)
{
	forget_all(i);
	while (!hd_link_is_empty(&i->puts)) {
		struct put *put = HD_LINK_OF(i->puts.next, struct put, link);

		hd_link_remove(&put->link);
		put->instance = NULL;
	}
}

static uint32_t state_put(const herald_host *h, const char *key,
			  herald_str value)
{
	struct hd_cell *cell = hd_cell_of(h);
	struct hd_instance *i = cell->instance;
	const struct hd_state_item *old;
	size_t n = strlen(key), bytes;

	HD_VISIT_CHECK_LOOP(cell);
	HD_VISIT_CHECK_NEED(cell, HERALD_NEED_STATE);
	if (n == 0 || n > KEY_MAX)
		return HERALD_BAD_INPUT;
	if (!value.p)
		value.n = 0;
	if (value.n > VALUE_MAX)
		return HERALD_TOO_BIG;
	old = find(i, key);
	bytes = i->state_bytes - (old ? n + old->n : 0) + n + value.n;
	if (value.p && bytes > ALL_MAX)
		return HERALD_TOO_BIG;
	/* Stored first: `value` may be what state_get() gave. */
	store(i, key, value);
	if (old && value.p == old->value)
		return HERALD_OK;
	keep(i, key, value.p, value.n);
	return HERALD_OK;
}

void hd_host_fill_state(herald_host *host)
{
	host->state_get = state_get;
	host->state_put = state_put;
}
