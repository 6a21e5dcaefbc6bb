/* engine_impl.h - what the engine's own files share: intake.c, run.c,
 * decide.c, engine.c.  Nobody else includes it. */
#ifndef HD_PIPELINE_ENGINE_IMPL_H
#define HD_PIPELINE_ENGINE_IMPL_H

#include "core/action/action.h"
#include "core/base/dict.h"
#include "core/pipeline/alert.h"
#include "core/pipeline/engine.h"
#include "core/pipeline/windows.h"

struct hd_engine {
	struct hd_engine_env env;
	struct hd_program *program;
	struct hd_windows windows;
	struct hd_actions *actions;
	struct hd_dict running; /* id -> struct hd_alert */
	struct hd_dict broken;	/* ids of the backlog that cannot be read */
	struct hd_dict waiting; /* names of instances that saw BUSY */
	uint64_t commits;	/* under way */
	uint64_t received, redelivered, busy;
	size_t receiving, backlog;
	bool disk_full, stopping, failed;
	bool disk_low;		  /* only the last tenth of the disk is left */
	struct hd_batch *batches; /* emits that wait for their commit */
	uv_timer_t *disk_timer;
	struct hd_keeper *keeper;
	struct hd_poison *poison;
	/* the cursor in the backlog */
	int at_severity;
	int64_t at_num;
	bool more;  /* alerts may be in the journal that are not in memory */
	bool found; /* on this way through the backlog one was begun */
	void (*on_stopped)(void *ud);
	void *on_stopped_ud;
};

/* room.c */
void hd_intake_room(struct hd_engine *engine);
const char *hd_intake_closed(const struct hd_engine *engine);
bool hd_intake_has_room(const struct hd_engine *engine, int severity);

/* run.c */
struct hd_alert *hd_alert_new(struct hd_engine *engine, const char *id,
			      const char *connector, int64_t received_ms,
			      int severity, json_t *record_take,
			      char *text_take);
void hd_alert_free(struct hd_alert *alert);
void hd_run_start(struct hd_alert *alert);
/* Before the alert is stored: if its pipeline is alone, the whole run, with the
 * decision added to the transaction that stores the alert. */
void hd_run_at_once(struct hd_alert *alert, struct hd_txn *txn);
/* That is done: what follows. */
void hd_run_stored(struct hd_alert *alert);
bool hd_run_has_place(const struct hd_engine *engine);
void hd_run_refill(struct hd_engine *engine);
/* That one, read from the journal, whoever has the places. */
void hd_run_stored_one(struct hd_engine *engine, const char *id);

/* decide.c */
void hd_decide(struct hd_alert *alert);
void hd_decide_in(struct hd_alert *alert, struct hd_txn *txn);
/* The decision is stored: takes and frees the alert. */
void hd_decided(struct hd_alert *alert);
void hd_finishing(void *ud, struct hd_case *c, enum hd_alert_state state,
		  struct hd_txn *txn);
void hd_finished(void *ud, struct hd_case *c, enum hd_alert_state state);

/* The log's line and the count of one that is dead without a decision. */
void hd_told_dead(struct hd_engine *engine, const char *id, const char *reason);

/* engine.c */
void hd_engine_report_stopped(struct hd_engine *engine);

#endif
