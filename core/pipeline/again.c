/* Dead alerts that a person wants to be tried again. */
#include "core/pipeline/engine_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/journal/journal.h"
#include "core/journal/reader.h"

struct again {
	struct hd_engine *engine;
	char id[HD_ID_TEXT];
	void (*fn)(void *ud, const struct hd_err *err);
	void *ud;
};

/* It is in the backlog, as if it had just been received. */
static void enter_backlog(struct hd_engine *engine, const char *id)
{
	hd_dict_del(&engine->broken, id);
	hd_engine_alarm(engine, "dead", id, NULL);
	engine->backlog++;
	engine->more = true;
	hd_run_refill(engine);
}

static void on_stored(void *ud, enum hd_txn_status status, struct hd_txn *txn)
{
	static const struct hd_err full = { .text = "the journal has no room" };
	struct again *again = ud;
	struct hd_engine *engine = again->engine;

	engine->commits--;
	if (status == HD_TXN_OK)
		enter_backlog(engine, again->id);
	again->fn(again->ud, status == HD_TXN_OK     ? NULL
			     : status == HD_TXN_FULL ? &full
						     : hd_txn_error(txn));
	free(again);
	hd_engine_report_stopped(engine);
}

/* Nothing of it was decided: it begins anew. */
static int run_anew(struct hd_engine *engine, const struct hd_amend *amend)
{
	const struct hd_alert_change change = { .if_state = HD_ALERT_DEAD,
						.state = HD_ALERT_RECEIVED,
						.reason = "" };
	struct again *again = hd_alloc(sizeof(*again));
	struct hd_txn *txn = hd_txn_new();

	again->engine = engine;
	snprintf(again->id, sizeof(again->id), "%s", amend->alert);
	again->fn = amend->fn;
	again->ud = amend->ud;
	hd_txn_alert_update(txn, amend->alert, &change);
	hd_txn_entry(txn, amend->alert, amend->kind, amend->json);
	engine->commits++;
	hd_journal_commit(engine->env.journal, txn, on_stored, again);
	return 0;
}

int hd_engine_retry(struct hd_engine *engine, const struct hd_amend *amend,
		    struct hd_err *err)
{
	struct hd_alert_row row;

	if (engine->stopping)
		return hd_err_set(err, ESHUTDOWN, "herald stops");
	if (hd_reader_alert(engine->env.reader, amend->alert, &row, err) ==
		    HD_FOUND &&
	    row.pipeline[0] == '\0')
		return run_anew(engine, amend);
	return hd_actions_amend(engine->actions, amend, err);
}
