#include "splunk_in/feed.h"

#include <stdlib.h>

#define AGAIN_MS 5000
#define SPLUNKS_OWN                                                          \
	"_bkt", "_cd", "_indextime", "_serial", "_si", "_sourcetype", "_kv", \
		"_mkv_child", "_eventtype_color", "punct", "linecount",      \
		"timestartpos", "timeendpos", "splunk_server_group"

void feed_init(struct feed *feed, struct splunk *s, feed_done_fn done, void *ud)
{
	*feed = (struct feed){ .s = s, .done = done, .ud = ud };
}

static void drop_page(struct feed *feed)
{
	for (uint32_t i = 0; i < feed->n; i++)
		feed->s->h->json_free(feed->docs[i]);
	free(feed->docs);
	free(feed->records);
	free(feed->list);
	feed->docs = NULL;
	feed->records = NULL;
	feed->list = NULL;
	feed->n = 0;
}

static void leave_queue(struct feed *feed)
{
	struct feed **at = &feed->s->waiting;

	while (*at && *at != feed)
		at = &(*at)->next;
	if (*at)
		*at = feed->next;
	feed->next = NULL;
}

void feed_fini(struct feed *feed)
{
	if (!feed->s)
		return;
	leave_queue(feed);
	drop_page(feed);
}

static void end(struct feed *feed, uint32_t status, const char *why)
{
	drop_page(feed);
	feed->done(feed->ud, status, why);
}

/* ---- offering ---- */

static void offer(struct feed *feed);

static void on_timer(void *self, herald_id timer, void *ud)
{
	(void)self;
	(void)timer;
	offer(ud);
}

static void pay(struct splunk *s, const struct splunk_debt *debt,
		uint32_t status)
{
	struct feed *feed = debt->ud;

	if (status == HERALD_OK)
		end(feed, HERALD_OK, "");
	else if (s->halted)
		end(feed, HERALD_CANCELLED, "herald stops");
	else
		s->h->timer(s->h, AGAIN_MS, 0, on_timer, feed);
}

static void offer(struct feed *feed)
{
	struct splunk *s = feed->s;
	const struct splunk_debt debt = { .records = feed->n,
					  .pay = pay,
					  .ud = feed };
	uint32_t status;

	if (s->halted) {
		end(feed, HERALD_CANCELLED, "herald stops");
		return;
	}
	status = splunk_emit(s, feed->list, &debt);
	if (status == HERALD_OK)
		return; /* pay() comes */
	if (status == HERALD_BUSY) {
		feed->next = s->waiting;
		s->waiting = feed;
		return;
	}
	end(feed, status, "herald can never take this page");
}

void feed_resume(struct splunk *s)
{
	struct feed *feed = s->waiting, *next;

	s->waiting = NULL;
	for (; feed; feed = next) {
		next = feed->next;
		feed->next = NULL;
		offer(feed);
	}
}

/* ---- rows ---- */

static bool make_room(struct feed *feed, size_t rows)
{
	feed->docs = calloc(rows, sizeof(*feed->docs));
	feed->records = calloc(rows, sizeof(*feed->records));
	feed->list = calloc(rows, sizeof(*feed->list));
	feed->n = 0;
	return feed->docs && feed->records && feed->list;
}

static bool add_row(struct feed *feed, struct hp_json *page, size_t index)
{
	static const char *const own[] = { SPLUNKS_OWN };
	herald_record *record = &feed->records[feed->n];
	struct hp_json row;
	struct hp_path at;

	if (!hp_json_open(&row, feed->s->h, (herald_str){ NULL, 0 }))
		return false;
	hp_json_put(&row, "/sid", herald_cstr(feed->sid));
	hp_json_put(&row, "/search_name", herald_cstr(feed->search_name));
	hp_json_put_copy(&row, "/result", page,
			 hp_path(&at, "/results/%zu", index), "");
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		row.h->json_set(row.d, hp_path(&at, "/result/%s", own[i]),
				HERALD_JSON_NONE, (herald_str){ NULL, 0 });
	*record = (herald_record){ .struct_size = sizeof(*record),
				   .json = hp_json_all(&row),
				   .row = "/result" };
	feed->docs[feed->n] = row.d;
	feed->list[feed->n++] = record;
	return record->json.p;
}

void feed_page(struct feed *feed, struct hp_json *page, size_t rows)
{
	bool whole = make_room(feed, rows);

	for (size_t i = 0; whole && i < rows; i++)
		whole = add_row(feed, page, i);
	if (whole)
		offer(feed);
	else
		end(feed, HERALD_RETRY, "out of memory");
}

void feed_bad_row(struct feed *feed, herald_str text, herald_str why)
{
	herald_record *record;
	struct hp_json copy;

	if (!make_room(feed, 1) ||
	    !hp_json_open(&copy, feed->s->h, (herald_str){ NULL, 0 })) {
		end(feed, HERALD_RETRY, "out of memory");
		return;
	}
	/* Kept as a document, which may have to wait for room. */
	hp_json_put(&copy, "/sid", herald_cstr(feed->sid));
	hp_json_put(&copy, "/search_name", herald_cstr(feed->search_name));
	hp_json_put(&copy, "/why", why);
	hp_json_put(&copy, "/text", text);
	record = &feed->records[0];
	*record = (herald_record){ .struct_size = sizeof(*record),
				   .flags = HERALD_QUARANTINE,
				   .json = hp_json_all(&copy),
				   .why = hp_json_text(&copy, "/why", "") };
	record->raw = hp_json_text(&copy, "/text", "");
	feed->docs[0] = copy.d;
	feed->list[0] = record;
	feed->n = 1;
	offer(feed);
}
