/* P1 and P14 in small: kill -9 at random moments, and flipped bits.
 *
 * HERALD_KILLS and HERALD_FLIPS make more of them; HERALD_SEED repeats a run.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/alloc.h"
#include "core/base/digest.h"
#include "core/base/log.h"
#include "tests/unit/journal_store.h"

#define ALERTS 64

static uint64_t seed;

static uint32_t next_random(void)
{
	seed = seed * UINT64_C(6364136223846793005) +
	       UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33);
}

static int number_of(const char *name, int otherwise)
{
	const char *text = getenv(name);

	return text ? (int)strtol(text, NULL, 10) : otherwise;
}

static int setup(void **state)
{
	struct store *store = calloc(1, sizeof(*store));

	store_new(store);
	*state = store;
	return 0;
}

static int teardown(void **state)
{
	store_free(*state);
	free(*state);
	return 0;
}

/* --- kill -9 --- */

#define FLIGHT 30 /* transactions on their way at a time */

/* The child tells each acknowledged alert to the parent. */
struct child {
	struct store *store;
	int fd, flying, next;
	char ids[FLIGHT][HD_ID_TEXT];
};

struct flight {
	struct child *child;
	char id[HD_ID_TEXT];
	bool decided;
};

static void on_acknowledged(void *ud, enum hd_txn_status status,
			    struct hd_txn *txn)
{
	static const struct hd_alert_change done = { .state = HD_ALERT_DONE,
						     .ledger = { "[]", 2 } };
	struct flight *flight = ud;
	char line[HD_ID_TEXT + 2];

	(void)txn;
	if (status != HD_TXN_OK)
		_exit(2);
	snprintf(line, sizeof(line), "%c%s", flight->decided ? 'd' : 'r',
		 flight->id);
	if (write(flight->child->fd, line, HD_ID_TEXT) != HD_ID_TEXT)
		_exit(3);
	if (flight->decided) {
		flight->child->flying--;
		free(flight);
		return;
	}
	flight->decided = true;
	txn = hd_txn_new();
	hd_txn_alert_update(txn, flight->id, &done);
	hd_txn_entry(txn, flight->id, "done", "{}");
	hd_journal_commit(flight->child->store->journal, txn, on_acknowledged,
			  flight);
}

static void send_one(struct child *child)
{
	struct flight *flight = hd_alloc(sizeof(*flight));
	struct hd_txn *txn = hd_txn_new();
	struct hd_alert_row row;

	flight->child = child;
	hd_journal_new_id(flight->id);
	row = alert_row(flight->id, ++child->next);
	row.uid = flight->id;
	hd_txn_alert_new(txn, &row);
	hd_txn_entry(txn, flight->id, "received", "{}");
	child->flying++;
	hd_journal_commit(child->store->journal, txn, on_acknowledged, flight);
}

static void run_child(struct store *store, int fd)
{
	struct child child = { .store = store, .fd = fd };

	if (store_open(store) < 0)
		_exit(1);
	for (;;) {
		while (child.flying < FLIGHT)
			send_one(&child);
		uv_run(&store->loop, UV_RUN_ONCE);
	}
}

/* Kills the child after it has acknowledged `least` and some time more;
 * returns what it acknowledged, one of HD_ID_TEXT bytes after the other. */
static char *run_and_kill(struct store *store, int least, size_t *n)
{
	struct timespec pause = { .tv_nsec = next_random() % 40000000 };
	char *lines = NULL;
	size_t size = 0;
	ssize_t got = 1;
	pid_t child;
	int fds[2];
	bool killed = false;

	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(fds[0]);
		run_child(store, fds[1]);
	}
	close(fds[1]);
	*n = 0;
	while (got > 0) {
		lines = hd_realloc_array(lines, size += 65536, 1);
		got = read(fds[0], lines + *n, 65536);
		*n += got > 0 ? (size_t)got : 0;
		if (!killed && *n >= (size_t)least * HD_ID_TEXT) {
			nanosleep(&pause, NULL); /* the moment, not a wait */
			kill(child, SIGKILL);
			killed = true;
		}
	}
	close(fds[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_true(killed);
	return lines;
}

static void check_acknowledged(struct store *store, const char *line)
{
	char id[HD_ID_TEXT];
	struct hd_alert_row row;
	struct hd_body body;

	memcpy(id, line + 1, HD_ID_TEXT - 1);
	id[HD_ID_TEXT - 1] = '\0';
	if (hd_reader_alert(store->reader, id, &row, &store->err) != HD_FOUND)
		fail_msg("alert %s was acknowledged and is lost", id);
	if (line[0] == 'd')
		assert_int_equal(row.state, HD_ALERT_DONE);
	assert_int_equal(hd_reader_body(store->reader, id, &body, &store->err),
			 HD_FOUND);
}

static void acknowledged_survives_kill_9(void **state)
{
	struct store *store = *state;
	int rounds = number_of("HERALD_KILLS", 20);
	struct hd_journal_report report;
	size_t n, i, total = 0;
	char *lines;
	int round;

	for (round = 0; round < rounds; round++) {
		lines = run_and_kill(store, 1 + (int)(next_random() % 200), &n);
		if (store_open(store) < 0)
			fail_msg("round %d: %s", round, store->err.text);
		for (i = 0; i + HD_ID_TEXT <= n; i += HD_ID_TEXT)
			check_acknowledged(store, lines + i);
		total += n / HD_ID_TEXT;
		free(lines);
		store_close(store);
	}
	assert_int_equal(hd_journal_check(store->dir, &report, &store->err), 0);
	assert_string_equal(report.first, "");
	print_message("%d kills, %zu acknowledgements\n", rounds, total);
}

/* --- flipped bits --- */

/* What was stored, to compare. */
struct original {
	char id[HD_ID_TEXT];
	char digest[HD_SHA256_HEX];
};

struct sum {
	struct hd_piece pieces[64];
	size_t count;
	char *texts[64];
};

static void add_piece(struct sum *sum, const void *p, size_t n)
{
	char *copy = hd_memdup0(n != 0 ? p : "", n);

	sum->texts[sum->count] = copy;
	sum->pieces[sum->count].p = copy;
	sum->pieces[sum->count++].n = n;
}

static bool add_entry(void *ud, const struct hd_entry_row *row)
{
	add_piece(ud, row->kind, strlen(row->kind));
	add_piece(ud, row->json, strlen(row->json));
	add_piece(ud, &row->utc_ms, sizeof(row->utc_ms));
	return true;
}

static bool add_action(void *ud, const struct hd_action_row *row)
{
	add_piece(ud, row->id, strlen(row->id));
	add_piece(ud, row->idem, strlen(row->idem));
	add_piece(ud, row->params, strlen(row->params));
	add_piece(ud, &row->state, sizeof(row->state));
	return true;
}

static void add_alert(struct sum *sum, const struct hd_alert_row *row)
{
	add_piece(sum, row->uid, strlen(row->uid));
	add_piece(sum, row->title, strlen(row->title));
	add_piece(sum, row->pipeline, strlen(row->pipeline));
	add_piece(sum, &row->severity, sizeof(row->severity));
	add_piece(sum, &row->state, sizeof(row->state));
	add_piece(sum, &row->received_ms, sizeof(row->received_ms));
}

static void add_body(struct sum *sum, const struct hd_body *body)
{
	add_piece(sum, body->raw.p, body->raw.n);
	add_piece(sum, body->received.p, body->received.n);
	add_piece(sum, body->record.p, body->record.n);
	add_piece(sum, body->ledger.p, body->ledger.n);
}

/* Pieces of an alert with two entries and one action. */
#define WHOLE (6 + 4 + 2 * 3 + 4)

/* All that is known of one alert; false if any of it is not to be had. */
static bool sum_alert(struct store *store, const char *id,
		      char digest[HD_SHA256_HEX])
{
	struct sum sum = { 0 };
	struct hd_alert_row row;
	struct hd_body body;
	uint8_t bytes[HD_SHA256_SIZE];
	bool whole = false;
	size_t i;

	if (hd_reader_alert(store->reader, id, &row, &store->err) != HD_FOUND)
		goto out;
	add_alert(&sum, &row);
	if (hd_reader_body(store->reader, id, &body, &store->err) != HD_FOUND)
		goto out;
	add_body(&sum, &body);
	if (hd_reader_entries(store->reader, id, add_entry, &sum,
			      &store->err) != HD_FOUND)
		goto out;
	whole = hd_reader_actions(store->reader, id, add_action, &sum,
				  &store->err) == 0 &&
		sum.count == WHOLE;
out:
	hd_sha256_pieces(sum.pieces, sum.count, bytes);
	hd_hex(bytes, sizeof(bytes), digest);
	for (i = 0; i < sum.count; i++)
		free(sum.texts[i]);
	return whole;
}

static void fill(struct store *store, struct original *originals)
{
	int i;

	for (i = 0; i < ALERTS; i++) {
		struct hd_alert_change change = { .state = HD_ALERT_WAITING,
						  .pipeline = "p",
						  .ledger = { "[1,2]", 5 } };
		struct hd_txn *txn = hd_txn_new();
		struct hd_action_row action;
		char idem[64];

		store_alert(store, originals[i].id, i + 1);
		snprintf(idem, sizeof(idem), "%.32s/p/disable",
			 originals[i].id);
		action = action_row(originals[i].id, idem);
		if (i % 2 == 0)
			hd_txn_alert_update(txn, originals[i].id, &change);
		hd_txn_action_new(txn, &action);
		hd_txn_entry(txn, originals[i].id, "decided", "{\"a\":1}");
		assert_int_equal(store_commit(store, txn), HD_TXN_OK);
	}
	for (i = 0; i < ALERTS; i++)
		assert_true(
			sum_alert(store, originals[i].id, originals[i].digest));
}

static char *take_file(const struct store *store, size_t *n)
{
	char path[512], *bytes;
	struct stat st;
	FILE *file;

	store_path(store, "journal.db", path);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &st), 0);
	*n = (size_t)st.st_size;
	bytes = malloc(*n);
	assert_int_equal(fread(bytes, 1, *n, file), *n);
	fclose(file);
	return bytes;
}

static void put_file(const struct store *store, const char *bytes, size_t n)
{
	char path[512];
	FILE *file;

	store_path(store, "journal.db-wal", path);
	unlink(path);
	store_path(store, "journal.db-shm", path);
	unlink(path);
	store_path(store, "journal.db", path);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

struct outcome {
	int refused, noticed, harmless;
};

/* How many alerts cannot be had whole.  None may be had changed. */
static int missing_alerts(struct store *store, const struct original *originals,
			  uint64_t bit)
{
	char digest[HD_SHA256_HEX];
	int i, missing = 0;

	for (i = 0; i < ALERTS; i++) {
		if (!sum_alert(store, originals[i].id, digest))
			missing++;
		else if (strcmp(digest, originals[i].digest) != 0)
			fail_msg("bit %llu: alert %d was served changed",
				 (unsigned long long)bit, i);
	}
	return missing;
}

/* The backlog and the open actions must show all that is sound. */
static bool count_alert(void *ud, const struct hd_alert_row *row)
{
	(void)row;
	++*(int *)ud;
	return true;
}

static bool count_action(void *ud, const struct hd_action_row *row)
{
	(void)row;
	++*(int *)ud;
	return true;
}

static int64_t noticed(struct store *store)
{
	struct hd_journal_report report;
	struct hd_journal_stats stats;

	store_turn(store);
	hd_journal_stats(store->journal, &stats);
	if (hd_journal_check(store->dir, &report, &store->err) < 0)
		return 1;
	return stats.damaged + report.broken + report.missing;
}

static void look(struct store *store, const struct original *originals,
		 uint64_t bit, struct outcome *outcome)
{
	int missing = missing_alerts(store, originals, bit);
	int backlog = 0, actions = 0;

	hd_reader_backlog(store->reader, -1, 0, 1000, count_alert, &backlog,
			  &store->err);
	hd_reader_actions_open(store->reader, count_action, &actions,
			       &store->err);
	if (missing == 0 && backlog == ALERTS / 2 && actions == ALERTS) {
		outcome->harmless++;
		return;
	}
	if (noticed(store) == 0)
		fail_msg("bit %llu: %d alerts, %d of the backlog, %d actions "
			 "lost without a word",
			 (unsigned long long)bit, missing, ALERTS / 2 - backlog,
			 ALERTS - actions);
	outcome->noticed++;
}

static void flipped_bit_is_noticed_and_nothing_is_served_changed(void **state)
{
	struct store *store = *state;
	struct original originals[ALERTS];
	struct outcome outcome = { 0 };
	int flips = number_of("HERALD_FLIPS", 300), i;
	char *bytes;
	uint64_t bit;
	size_t n;

	if (store_open(store) < 0)
		fail_msg("%s", store->err.text);
	fill(store, originals);
	store_close(store);
	bytes = take_file(store, &n);
	for (i = 0; i < flips; i++) {
		bit = next_random() % (n * 8);
		bytes[bit / 8] ^= (char)(1 << bit % 8);
		put_file(store, bytes, n);
		if (store_open(store) < 0) {
			assert_true(store->err.text[0] != '\0');
			outcome.refused++;
		} else {
			look(store, originals, bit, &outcome);
			store_close(store);
		}
		bytes[bit / 8] ^= (char)(1 << bit % 8);
	}
	print_message("%d flips: %d refused, %d noticed, %d harmless\n", flips,
		      outcome.refused, outcome.noticed, outcome.harmless);
	assert_true(outcome.noticed > 0);
	free(bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(acknowledged_survives_kill_9),
		TEST(flipped_bit_is_noticed_and_nothing_is_served_changed),
	};

	hd_log_init(open("/dev/null", O_WRONLY | O_CLOEXEC), HD_LOG_ERROR,
		    false); /* what is damaged is told once a flip */
	seed = (uint64_t)number_of("HERALD_SEED", (int)(time(NULL) & 0xffffff));
	print_message("seed %llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
