/* An open hash table of pointers; a sid's row is freed only by forgetting. */
#include "splunk_in/account.h"

#include <inttypes.h>
#include <stdlib.h>

#define SLOTS (4 * ACCOUNT_MAX)
#define DIGESTS_MAX 1000 /* of a sid; further rows count each time */
#define VALUE_MAX 65000	 /* of the state; a value may have 64 KiB */
#define VALUES 8
#define LINE_MAX 96

struct account {
	struct account_row *slots[SLOTS];
	size_t n;
	bool is_changed;
};

/* ---- the table ---- */

static size_t slot_of(const struct account *account, uint64_t sid)
{
	size_t at = (size_t)(sid * 0x9e3779b97f4a7c15u >> 32) % SLOTS;

	while (account->slots[at] && account->slots[at]->sid != sid)
		at = (at + 1) % SLOTS;
	return at;
}

static void free_row(struct account_row *row)
{
	free(row->digests);
	free(row);
}

/* Anew: a table without holes needs no marks for them. */
static void rebuild(struct account *account, int64_t before_s)
{
	struct account_row **old = malloc(sizeof(account->slots));

	if (!old)
		return; /* it is forgotten another time */
	memcpy(old, account->slots, sizeof(account->slots));
	memset(account->slots, 0, sizeof(account->slots));
	account->n = 0;
	for (size_t i = 0; i < SLOTS; i++) {
		if (!old[i])
			continue;
		if (old[i]->touched_s < before_s &&
		    old[i]->state != ACCOUNT_MISSING) {
			free_row(old[i]);
			account->is_changed = true;
		} else {
			account->slots[slot_of(account, old[i]->sid)] = old[i];
			account->n++;
		}
	}
	free(old);
}

void account_forget(struct account *account, int64_t before_s)
{
	rebuild(account, before_s);
}

static int by_age(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* A tenth at once, so that it is rare.  What is to be fetched counts, too: it
 * is the list of fired alerts that knows it. */
static void make_room(struct account *account)
{
	int64_t *times = malloc(account->n * sizeof(*times));
	size_t n = 0;

	if (!times)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		if (account->slots[i])
			times[n++] = account->slots[i]->touched_s;
	qsort(times, n, sizeof(*times), by_age);
	rebuild(account, times[n / 10] + 1);
	free(times);
}

struct account_row *account_row(struct account *account, uint64_t sid,
				int64_t now_s)
{
	size_t at = slot_of(account, sid);
	struct account_row *row = account->slots[at];

	if (row)
		return row;
	if (account->n >= ACCOUNT_MAX)
		make_room(account);
	if (account->n >= 2 * ACCOUNT_MAX) /* all of them to be fetched */
		return NULL;
	row = calloc(1, sizeof(*row));
	if (!row)
		return NULL;
	row->sid = sid;
	row->touched_s = now_s;
	account->slots[slot_of(account, sid)] = row;
	account->n++;
	account->is_changed = true;
	return row;
}

struct account_row *account_find(const struct account *account, uint64_t sid)
{
	return account->slots[slot_of(account, sid)];
}

void account_set(struct account *account, struct account_row *row,
		 enum account_state state, uint32_t missing)
{
	row->state = state;
	row->missing = missing;
	account->is_changed = true;
}

size_t account_lose(struct account *account, int64_t before_s)
{
	size_t n = 0;

	for (size_t i = 0; i < SLOTS; i++) {
		struct account_row *row = account->slots[i];

		if (!row || row->state != ACCOUNT_MISSING ||
		    row->touched_s >= before_s)
			continue;
		n += row->missing;
		account_set(account, row, ACCOUNT_LOST, row->missing);
	}
	return n;
}

size_t account_outstanding(const struct account *account)
{
	size_t n = 0;

	for (size_t i = 0; i < SLOTS; i++)
		if (account->slots[i] &&
		    account->slots[i]->state == ACCOUNT_MISSING)
			n += account->slots[i]->missing;
	return n;
}

/* ---- rows ---- */

/* Where the digest stands or belongs. */
static uint32_t place_of(const struct account_row *row, uint64_t digest)
{
	uint32_t from = 0, to = row->digest_count;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (row->digests[middle] < digest)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static bool has_space(struct account_row *row)
{
	uint32_t size = row->digest_size ? 4 * row->digest_size : 1;
	uint64_t *more;

	if (row->digest_count < row->digest_size)
		return true;
	if (row->digest_count >= DIGESTS_MAX)
		return false;
	more = realloc(row->digests, size * sizeof(*more));
	if (!more)
		return false;
	row->digests = more;
	row->digest_size = size;
	return true;
}

/* False if it was there. */
static bool add_digest(struct account_row *row, uint64_t digest)
{
	uint32_t at = place_of(row, digest);

	if (at < row->digest_count && row->digests[at] == digest)
		return false;
	if (!has_space(row))
		return true;
	memmove(&row->digests[at + 1], &row->digests[at],
		(row->digest_count - at) * sizeof(*row->digests));
	row->digests[at] = digest;
	row->digest_count++;
	return true;
}

bool account_arrived(struct account *account, const struct splunk_arrival *one,
		     int64_t now_s)
{
	struct account_row *row = account_row(account, one->sid, now_s);

	if (!row || !add_digest(row, one->row))
		return false;
	row->rows++;
	row->touched_s = now_s;
	account->is_changed = true;
	return row->state > ACCOUNT_RECEIVED;
}

/* ---- keeping it: a line a sid, "SID STATE ROWS MISSING TIME" ---- */

static const char *key_of(char *key, size_t size, unsigned i)
{
	snprintf(key, size, "arrived.%u", i);
	return key;
}

static size_t write_row(char *out, const struct account_row *row)
{
	return (size_t)snprintf(out, LINE_MAX,
				"%016" PRIx64 " %d %" PRIu32 " %" PRIu32
				" %" PRId64 "\n",
				row->sid, (int)row->state, row->rows,
				row->missing, row->touched_s);
}

/* Fills a value with lines; returns where it stopped. */
static size_t write_value(const struct account *account, size_t at, char *out,
			  size_t *n)
{
	*n = 0;
	for (; at < SLOTS && *n + LINE_MAX < VALUE_MAX; at++)
		if (account->slots[at])
			*n += write_row(out + *n, account->slots[at]);
	return at;
}

void account_save(struct account *account, const herald_host *h)
{
	char *out = account->is_changed ? malloc(VALUE_MAX) : NULL;
	size_t at = 0, n;
	char key[16];

	if (!out)
		return;
	for (unsigned i = 0; i < VALUES; i++) {
		herald_str value = { NULL, 0 };

		at = write_value(account, at, out, &n);
		key_of(key, sizeof(key), i);
		if (n > 0)
			value = (herald_str){ out, n };
		if (value.p || h->state_get(h, key).p)
			h->state_put(h, key, value);
	}
	free(out);
	account->is_changed = false;
}

static void read_line(struct account *account, const char *line)
{
	uint32_t rows, missing;
	struct account_row *row;
	int64_t touched_s;
	uint64_t sid;
	int state;

	if (sscanf(line, "%" SCNx64 " %d %" SCNu32 " %" SCNu32 " %" SCNd64,
		   &sid, &state, &rows, &missing, &touched_s) != 5 ||
	    state < 0 || state >= ACCOUNT_STATES)
		return;
	row = account_row(account, sid, touched_s);
	if (!row)
		return;
	row->state = (enum account_state)state;
	row->rows = rows;
	row->missing = missing;
}

void account_load(struct account *account, const herald_host *h)
{
	char key[16], line[LINE_MAX];

	for (unsigned i = 0; i < VALUES; i++) {
		herald_str value = h->state_get(h, key_of(key, sizeof(key), i));
		const char *at = value.p, *end;

		while (at && *at) {
			end = strchrnul(at, '\n');
			snprintf(line, sizeof(line), "%.*s", (int)(end - at),
				 at);
			read_line(account, line);
			at = *end ? end + 1 : end;
		}
	}
	account->is_changed = false;
}

/* ---- life ---- */

struct account *account_new(void)
{
	return calloc(1, sizeof(struct account));
}

void account_free(struct account *account)
{
	if (!account)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		if (account->slots[i])
			free_row(account->slots[i]);
	free(account);
}
