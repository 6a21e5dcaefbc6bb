/* journal_bench.c - what the journal costs: three commits an alert
 *
 *   journal_bench DIR [alerts]
 *
 * received, decided and outcome of a plain alert of 1.5 KB with one action,
 * with 1, 20 and 100 alerts under way.  Prints alerts/s, row writes/s and CPU
 * microseconds an alert, all threads.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <uv.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/err.h"
#include "core/journal/journal.h"

#define BODY_BYTES 1500
#define COMMITS 3

struct bench {
	uv_loop_t loop;
	struct hd_journal *journal;
	char body[BODY_BYTES];
	int target, started, ended;
};

struct alert {
	struct bench *bench;
	char id[HD_ID_TEXT], action[HD_ID_TEXT];
	int commits;
};

static void next_commit(struct alert *alert);

static void on_commit(void *ud, enum hd_txn_status status, struct hd_txn *txn)
{
	if (status != HD_TXN_OK) {
		fprintf(stderr, "%s\n", hd_txn_error(txn)->text);
		exit(1);
	}
	next_commit(ud);
}

static void received(struct hd_txn *txn, const struct alert *alert)
{
	const struct bench *bench = alert->bench;
	struct hd_alert_row row = { .id = alert->id,
				    .uid = alert->id,
				    .scope = "splunk_in",
				    .connector = "splunk",
				    .severity = 3,
				    .received_ms = hd_utc_ms(),
				    .state = HD_ALERT_RECEIVED,
				    .title = "Many failed logins",
				    .record = { bench->body, BODY_BYTES },
				    .raw = { bench->body, BODY_BYTES } };

	hd_txn_alert_new(txn, &row);
	hd_txn_entry(txn, alert->id, "received", "{\"connector\":\"splunk\"}");
}

static void decided(struct hd_txn *txn, struct alert *alert)
{
	const struct bench *bench = alert->bench;
	const struct hd_score score = { 65, 65 };
	struct hd_alert_change change = {
		.state = HD_ALERT_WAITING,
		.pipeline = "suspicious_login",
		.config = "5c1e",
		.level = "high",
		.score = &score,
		.record = { bench->body, BODY_BYTES },
		.answers = { bench->body, BODY_BYTES / 2 },
		.ledger = { bench->body, BODY_BYTES / 4 },
	};
	char idem[80];
	struct hd_action_row action = { .idem = idem,
					.alert = alert->id,
					.pipeline = "suspicious_login",
					.name = "case",
					.connector = "phantom",
					.action = "open_case",
					.mode = "live",
					.params = "{\"title\":\"x\"}",
					.state = HD_ACTION_STARTED };

	snprintf(idem, sizeof(idem), "%s/suspicious_login/case", alert->id);
	hd_journal_action_id(idem, alert->action);
	hd_txn_alert_update(txn, alert->id, &change);
	hd_txn_action_new(txn, &action);
	hd_txn_entry(txn, alert->id, "decided", "{\"score\":65}");
}

static void outcome(struct hd_txn *txn, const struct alert *alert)
{
	struct hd_alert_change change = { .state = HD_ALERT_DONE };
	struct hd_action_change action = {
		.state = HD_ACTION_DONE,
		.result = "{\"id\":4242,\"success\":true}",
		.ticket = "{\"uid\":\"4242\"}",
	};

	hd_txn_action_update(txn, alert->action, &action);
	hd_txn_alert_update(txn, alert->id, &change);
	hd_txn_entry(txn, alert->id, "done", "{\"case\":4242}");
}

static void next_commit(struct alert *alert)
{
	struct bench *bench = alert->bench;
	struct hd_txn *txn;

	if (alert->commits == COMMITS) {
		bench->ended++;
		if (bench->started == bench->target) {
			free(alert);
			return;
		}
		alert->commits = 0;
	}
	txn = hd_txn_new();
	if (alert->commits == 0) {
		bench->started++;
		hd_journal_new_id(alert->id);
		received(txn, alert);
	} else if (alert->commits == 1) {
		decided(txn, alert);
	} else {
		outcome(txn, alert);
	}
	alert->commits++;
	hd_journal_commit(bench->journal, txn, on_commit, alert);
}

static int64_t cpu_us(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return (int64_t)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000 +
	       use.ru_utime.tv_usec + use.ru_stime.tv_usec;
}

static void run(struct bench *bench, int under_way, int alerts)
{
	int64_t wall = hd_now_us(), cpu = cpu_us();
	struct hd_journal_stats before, after;
	double rate;
	int i;

	hd_journal_stats(bench->journal, &before);
	bench->target = alerts;
	bench->started = 0;
	bench->ended = 0;
	for (i = 0; i < under_way && bench->started < alerts; i++) {
		struct alert *alert = hd_alloc(sizeof(*alert));

		alert->bench = bench;
		next_commit(alert);
	}
	while (bench->ended < alerts)
		uv_run(&bench->loop, UV_RUN_ONCE);
	wall = hd_now_us() - wall;
	cpu = cpu_us() - cpu;
	hd_journal_stats(bench->journal, &after);
	rate = alerts * 1e6 / (double)wall;
	printf("%4d under way: %7.0f alerts/s, %7.0f commits of an alert/s, "
	       "%5.1f us CPU an alert, %5.1f a batch, WAL %3.0f MiB, "
	       "%lld checkpoints\n",
	       under_way, rate, rate * COMMITS, (double)cpu / alerts,
	       (double)(after.transactions - before.transactions) /
		       (double)(after.commits - before.commits),
	       (double)after.wal_bytes / 1048576,
	       (long long)(after.checkpoints - before.checkpoints));
}

int main(int argc, char **argv)
{
	static const int under_way[] = { 1, 20, 100, 500 };
	struct hd_journal_options options = { 0 };
	static struct bench bench;
	struct hd_err err;
	size_t i;
	int alerts;

	if (argc < 2) {
		fprintf(stderr, "usage: journal_bench DIR [alerts]\n");
		return 2;
	}
	alerts = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 20000;
	memset(bench.body, 'x', sizeof(bench.body));
	uv_loop_init(&bench.loop);
	options.dir = argv[1];
	options.loop = &bench.loop;
	bench.journal = hd_journal_open(&options, &err);
	if (!bench.journal) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	for (i = 0; i < sizeof(under_way) / sizeof(under_way[0]); i++)
		run(&bench, under_way[i],
		    under_way[i] == 1 ? alerts / 10 : alerts);
	hd_journal_close(bench.journal);
	uv_run(&bench.loop, UV_RUN_DEFAULT);
	uv_loop_close(&bench.loop);
	return 0;
}
