/* A row a channel, found by a walk: there are a thousand at most, and a request
 * costs a commit.  The numbers of a channel stand in their order. */
#include "splunk_in/hec_ack.h"

#include <stdlib.h>
#include <string.h>

struct number {
	uint64_t number;
	bool safe;
};

struct row {
	struct hec_channel channel;
	int64_t used_ms;
	uint64_t next;
	struct number *numbers;
	size_t n, size;
};

struct hec_acks {
	struct row *rows[HEC_CHANNELS_MAX];
	size_t n;
};

/* ---- channels ---- */

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool hec_channel_read(struct hec_channel *channel, const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t n = 0;

	if (strlen(text) != sizeof(form) - 1)
		return false;
	memset(channel, 0, sizeof(*channel));
	for (size_t i = 0; form[i]; i++) {
		int value = digit(text[i]);

		if (form[i] == '-' ? text[i] != '-' : value < 0)
			return false;
		if (form[i] == '-')
			continue;
		channel->id[n / 2] |= (unsigned char)(n % 2 ? value
							    : value << 4);
		n++;
	}
	return true;
}

static struct row *find(const struct hec_acks *acks,
			const struct hec_channel *channel)
{
	for (size_t i = 0; i < acks->n; i++) {
		if (memcmp(&acks->rows[i]->channel, channel,
			   sizeof(*channel)) == 0)
			return acks->rows[i];
	}
	return NULL;
}

static void free_row(struct row *row)
{
	free(row->numbers);
	free(row);
}

static bool is_idle(const struct row *row, int64_t now_ms)
{
	return now_ms - row->used_ms > HEC_IDLE_MS;
}

static void forget_idle(struct hec_acks *acks, int64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < acks->n; i++) {
		if (is_idle(acks->rows[i], now_ms))
			free_row(acks->rows[i]);
		else
			acks->rows[kept++] = acks->rows[i];
	}
	acks->n = kept;
}

static struct row *add(struct hec_acks *acks, const struct hec_channel *channel,
		       int64_t now_ms)
{
	struct row *row;

	if (acks->n == HEC_CHANNELS_MAX)
		forget_idle(acks, now_ms);
	if (acks->n == HEC_CHANNELS_MAX)
		return NULL;
	row = calloc(1, sizeof(*row));
	if (!row)
		return NULL;
	row->channel = *channel;
	acks->rows[acks->n++] = row;
	return row;
}

/* ---- numbers ---- */

/* Where it stands, or row->n. */
static size_t place_of(const struct row *row, uint64_t number)
{
	size_t from = 0, to = row->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (row->numbers[middle].number < number)
			from = middle + 1;
		else
			to = middle;
	}
	return from < row->n && row->numbers[from].number == number ? from
								    : row->n;
}

static void remove_at(struct row *row, size_t place)
{
	row->n--;
	memmove(&row->numbers[place], &row->numbers[place + 1],
		(row->n - place) * sizeof(*row->numbers));
}

static bool has_space(struct row *row)
{
	size_t size = row->size ? 2 * row->size : 16;
	struct number *more;

	if (row->n == HEC_NUMBERS_MAX)
		return false;
	if (row->n < row->size)
		return true;
	more = realloc(row->numbers, size * sizeof(*more));
	if (!more)
		return false;
	row->numbers = more;
	row->size = size;
	return true;
}

bool hec_acks_take(struct hec_acks *acks, const struct hec_channel *channel,
		   int64_t now_ms, uint64_t *number)
{
	struct row *row = find(acks, channel);

	if (!row)
		row = add(acks, channel, now_ms);
	if (!row || !has_space(row))
		return false;
	row->used_ms = now_ms;
	*number = row->next++;
	row->numbers[row->n++] = (struct number){ *number, false };
	return true;
}

void hec_acks_drop(struct hec_acks *acks, const struct hec_channel *channel,
		   uint64_t number)
{
	struct row *row = find(acks, channel);
	size_t place = row ? place_of(row, number) : 0;

	if (row && place < row->n)
		remove_at(row, place);
}

void hec_acks_keep(struct hec_acks *acks, const struct hec_channel *channel,
		   uint64_t number)
{
	struct row *row = find(acks, channel);
	size_t place = row ? place_of(row, number) : 0;

	if (row && place < row->n)
		row->numbers[place].safe = true;
}

bool hec_acks_ask(struct hec_acks *acks, const struct hec_channel *channel,
		  int64_t now_ms, uint64_t number)
{
	struct row *row = find(acks, channel);
	size_t place;

	if (!row)
		return false;
	row->used_ms = now_ms;
	place = place_of(row, number);
	if (place == row->n || !row->numbers[place].safe)
		return false;
	remove_at(row, place);
	return true;
}

bool hec_acks_has_room(const struct hec_acks *acks, int64_t now_ms)
{
	for (size_t i = 0; i < acks->n; i++)
		if (is_idle(acks->rows[i], now_ms))
			return true;
	return acks->n < HEC_CHANNELS_MAX;
}

struct hec_acks *hec_acks_new(void)
{
	return calloc(1, sizeof(struct hec_acks));
}

void hec_acks_free(struct hec_acks *acks)
{
	if (!acks)
		return;
	for (size_t i = 0; i < acks->n; i++)
		free_row(acks->rows[i]);
	free(acks);
}
