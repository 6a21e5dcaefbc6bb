#include "core/heraldd/restore.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/base/json_text.h"
#include "core/journal/journal.h"
#include "core/journal/reader.h"
#include "core/journal/restore.h"

#define DOUBT                                                          \
	"restored from a backup: it may have been carried out since, " \
	"look at the other system"
#define PRINT_MAX (1 << 20)

struct mark {
	uv_loop_t loop;
	struct hd_journal *journal;
	struct hd_txn *txn;
	char alert[HD_ID_TEXT]; /* of the last entry */
	int64_t in_doubt;	/* open actions now in doubt */
	struct hd_journal_stats stats;
	struct hd_err err;
	bool stored;
};

/* Rows come by their due time, so an alert may get more than one entry. */
static bool doubt(void *ud, const struct hd_action_row *row)
{
	const int64_t never = 0;
	const struct hd_action_change change = {
		.state = HD_ACTION_IN_DOUBT,
		.message = DOUBT,
		.due_ms = &never,
	};
	struct mark *m = ud;
	json_t *what;
	struct hd_buf text;

	if (row->state == HD_ACTION_IN_DOUBT)
		return true;
	hd_txn_action_update(m->txn, row->id, &change);
	what = json_pack("{s:s, s:s, s:s}", "name", row->name, "was",
			 hd_action_state_name(row->state), "state", "in doubt");
	hd_buf_init(&text, 65536);
	hd_json_write(&text, what, 0);
	hd_txn_entry(m->txn, row->alert, "restored", hd_buf_text(&text));
	hd_buf_fini(&text);
	json_decref(what);
	m->in_doubt++;
	return true;
}

static void on_stored(void *ud, enum hd_txn_status status, struct hd_txn *txn)
{
	struct mark *m = ud;

	m->stored = status == HD_TXN_OK;
	if (status == HD_TXN_FULL)
		hd_err_set(&m->err, ENOSPC, "the disk is full");
	else if (status == HD_TXN_FAILED)
		m->err = *hd_txn_error(txn);
	uv_stop(&m->loop);
}

static void halt(struct mark *m)
{
	char when[HD_UTC_TEXT];
	char *why;

	hd_utc_text(hd_utc_ms(), when);
	why = hd_strf("restored from a backup at %s: settle what is in doubt "
		      "first",
		      when);
	hd_txn_meta_put(m->txn, "halt", why);
	free(why);
}

/* All in one commit. */
static int change(struct mark *m)
{
	struct hd_reader *reader = hd_reader_open(m->journal, &m->err);
	int rc;

	if (!reader)
		return -1;
	m->txn = hd_txn_new();
	rc = hd_reader_actions_open(reader, doubt, m, &m->err);
	if (rc == 0) {
		halt(m);
		hd_journal_commit(m->journal, m->txn, on_stored, m);
		uv_run(&m->loop, UV_RUN_DEFAULT);
		hd_journal_stats(m->journal, &m->stats);
		rc = m->stored ? 0 : -1;
	} else {
		hd_txn_free(m->txn);
	}
	hd_reader_close(reader);
	return rc;
}

/* Opens the copy, says what is in doubt, and closes it. */
static int mark(struct mark *m, const char *dir)
{
	struct hd_journal_options options = { .dir = dir, .loop = &m->loop };
	int rc;

	rc = uv_loop_init(&m->loop);
	if (rc < 0)
		return hd_err_set(&m->err, -rc, "the loop: %s",
				  uv_strerror(rc));
	rc = -1;
	m->journal = hd_journal_open(&options, &m->err);
	if (m->journal)
		rc = change(m);
	hd_journal_close(m->journal);
	uv_run(&m->loop, UV_RUN_DEFAULT);
	uv_loop_close(&m->loop);
	return rc;
}

static const char *help_of(const struct hd_err *err)
{
	switch (err->code) {
	case EBUSY:
		return "systemctl stop heraldd";
	case EPERM:
	case EACCES:
		return "sudo -u herald heraldctl restore DIR";
	case ENOENT:
		return "heraldctl backup DIR makes one";
	default:
		return "heraldctl restore DIR, of another backup";
	}
}

static int tell(const struct mark *m, const char *state_dir, const char *kept,
		bool json)
{
	int64_t alerts = 0;
	struct hd_buf text;
	json_t *o;

	for (int s = HD_ALERT_RECEIVED; s < HD_ALERT_STATES; s++)
		alerts += m->stats.alerts[s];
	if (!json) {
		printf("%s: restored, %lld alerts; %lld actions that were open "
		       "are in doubt; herald is halted\n",
		       state_dir, (long long)alerts, (long long)m->in_doubt);
		if (kept[0])
			printf("the former store is kept: %s\n", kept);
		puts("-> systemctl start heraldd, heraldctl actions "
		     "--in-doubt, heraldctl unhalt");
		return 0;
	}
	o = json_pack("{s:b, s:s, s:s, s:I, s:I, s:I}", "ok", true, "state_dir",
		      state_dir, "kept", kept, "alerts", (json_int_t)alerts,
		      "undecided",
		      (json_int_t)m->stats.alerts[HD_ALERT_RECEIVED],
		      "in_doubt",
		      (json_int_t)m->stats.actions[HD_ACTION_IN_DOUBT]);
	hd_buf_init(&text, PRINT_MAX);
	hd_json_write(&text, o, HD_JSON_INDENT);
	puts(hd_buf_text(&text));
	hd_buf_fini(&text);
	json_decref(o);
	return 0;
}

int hd_restore_run(const char *from, const char *state_dir, bool json)
{
	char kept[HD_FOLDER_FILE] = "";
	struct hd_restore *restore;
	struct mark m = { 0 };

	restore = hd_restore_new(from, state_dir, &m.err);
	if (restore && mark(&m, hd_restore_dir(restore)) == 0 &&
	    hd_restore_end(restore, kept, &m.err) == 0) {
		hd_restore_free(restore);
		return tell(&m, state_dir, kept, json);
	}
	fprintf(stderr, "heraldd: restore: %s\n  -> %s\n", m.err.text,
		help_of(&m.err));
	hd_restore_free(restore);
	return 1;
}
