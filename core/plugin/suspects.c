/* What a crash left: which alerts it may have been. */
#include "core/plugin/inflight_impl.h"

#include <string.h>

static bool is_id(const char text[HD_ID_TEXT])
{
	return strnlen(text, HD_ID_TEXT) == HD_ID_TEXT - 1 &&
	       strspn(text, "0123456789abcdef") == HD_ID_TEXT - 1;
}

static bool ends(const char *text, size_t size)
{
	return strnlen(text, size) < size;
}

/* The file is only ours to write, but was never synced. */
static bool is_sound(const struct hd_mark *mark)
{
	return is_id(mark->alert) && ends(mark->call, sizeof(mark->call)) &&
	       ends(mark->connector, sizeof(mark->connector));
}

static enum hd_mark_state state_of(const struct hd_mark *mark)
{
	return (enum hd_mark_state)atomic_load(&mark->state);
}

/* Which marks make a suspect. */
struct sieve {
	unsigned states;       /* bits */
	const char *connector; /* only of this one; NULL: of any */
};

static bool passes(const struct sieve *s, const struct hd_mark *mark)
{
	return s->states & 1u << state_of(mark) && is_sound(mark) &&
	       (!s->connector || strcmp(s->connector, mark->connector) == 0);
}

static bool any_passes(const struct hd_inflight_file *file,
		       const struct sieve *s)
{
	for (size_t i = 0; i < HD_MARKS; i++)
		if (passes(s, &file->marks[i]))
			return true;
	return false;
}

/* The narrowest sieve that lets one through. */
static struct sieve choose_sieve(const struct hd_inflight_file *file)
{
	const unsigned inside = 1u << HD_MARK_INSIDE;
	const unsigned working = 1u << HD_MARK_WORKING;
	const unsigned all = inside | working | 1u << HD_MARK_UNDER_WAY;
	const struct sieve known[] = {
		{ 1u << HD_MARK_BLAMED, NULL },
		{ inside, NULL },
		{ all, file->head.connector },
	};
	bool noted = file->head.death != HD_DEATH_UNKNOWN;
	size_t first = file->head.death == HD_DEATH_ELSEWHERE ? 2 : 1;

	if (any_passes(file, &known[0]))
		return known[0];
	if (!noted)
		return (struct sieve){ inside | working, NULL };
	for (size_t i = first; i < sizeof(known) / sizeof(known[0]); i++)
		if (any_passes(file, &known[i]))
			return known[i];
	return (struct sieve){ all, NULL };
}

static struct hd_mark *suspect_of(struct hd_inflight_file *file,
				  const char *alert)
{
	for (size_t i = 0; i < HD_MARKS; i++)
		if (state_of(&file->marks[i]) == HD_MARK_SUSPECT &&
		    memcmp(file->marks[i].alert, alert, HD_ID_TEXT) == 0)
			return &file->marks[i];
	return NULL;
}

/* One more crash of the mark's alert, counted once a crash. */
static void add_crash(struct hd_inflight_file *file, struct hd_mark *mark)
{
	struct hd_mark *suspect = suspect_of(file, mark->alert);

	if (!suspect) {
		suspect = mark;
		suspect->crashes = 0;
		suspect->fresh = false;
		atomic_store(&suspect->state, HD_MARK_SUSPECT);
	}
	if (!suspect->fresh) {
		suspect->fresh = true;
		suspect->crashes += suspect->crashes < UINT8_MAX;
	} else if (!mark->connector[0]) {
		return; /* the call of a connector says more */
	}
	memmove(suspect->connector, mark->connector, sizeof(mark->connector));
	memmove(suspect->call, mark->call, sizeof(mark->call));
}

static void make_suspects(struct hd_inflight_file *file)
{
	struct sieve sieve = choose_sieve(file);

	for (size_t i = 0; i < HD_MARKS; i++) {
		if (passes(&sieve, &file->marks[i]))
			add_crash(file, &file->marks[i]);
	}
}

static void free_others(struct hd_inflight_file *file)
{
	for (size_t i = 0; i < HD_MARKS; i++) {
		struct hd_mark *mark = &file->marks[i];

		if (state_of(mark) != HD_MARK_SUSPECT || !is_sound(mark))
			atomic_store(&mark->state, HD_MARK_FREE);
	}
}

void hd_suspects_judge(struct hd_inflight_file *file, const char *boot,
		       struct hd_last_end *out)
{
	struct hd_inflight_head *head = &file->head;

	if (strcmp(head->magic, HD_INFLIGHT_MAGIC) != 0 ||
	    !ends(head->call, sizeof(head->call)) ||
	    !ends(head->connector, sizeof(head->connector))) {
		memset(file, 0, sizeof(*file));
		return;
	}
	out->crashed = head->phase == HD_PHASE_RUNNING &&
		       strncmp(head->boot, boot, sizeof(head->boot)) == 0;
	for (size_t i = 0; i < HD_MARKS; i++)
		file->marks[i].fresh = false;
	if (out->crashed) {
		make_suspects(file);
		out->signal = head->death == HD_DEATH_UNKNOWN ? -1
							      : head->signal;
	}
	if (head->death == HD_DEATH_UNKNOWN)
		head->connector[0] = head->call[0] = '\0';
	out->connector = head->connector;
	out->call = head->call;
	free_others(file);
}

bool hd_inflight_suspect(size_t *at, struct hd_suspect *out)
{
	while (hd_inflight_file && *at < HD_MARKS) {
		const struct hd_mark *mark = &hd_inflight_file->marks[(*at)++];

		if (state_of(mark) != HD_MARK_SUSPECT)
			continue;
		out->alert = mark->alert;
		out->connector = mark->connector;
		out->call = mark->call;
		out->crashes = mark->crashes;
		out->fresh = mark->fresh;
		return true;
	}
	return false;
}

void hd_inflight_absolve(const char *alert)
{
	struct hd_mark *mark = hd_inflight_file
				       ? suspect_of(hd_inflight_file, alert)
				       : NULL;

	if (mark)
		hd_inflight_clear(mark);
}
