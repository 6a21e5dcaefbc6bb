#include "core/heraldctl/status_text.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/heraldctl/text.h"

#define SHORT 8

/* ---- what a person must know first ---- */

static void add_trouble(struct hd_buf *out, const char *help, const char *what,
			const char *why)
{
	hd_buf_adds(out, "! ");
	hd_text_add(out, what);
	if (why[0]) {
		hd_buf_adds(out, ": ");
		hd_text_add(out, why);
	}
	hd_buf_addf(out, "\n  -> %s\n", help);
}

static void add_connector_trouble(struct hd_buf *out, const json_t *c)
{
	struct hd_buf what, help;

	if (strcmp(hd_text_of(c, "health"), "ok") == 0)
		return;
	hd_buf_init(&what, 512);
	hd_buf_init(&help, 512);
	hd_buf_addf(&what, "connector %s is %s", hd_text_of(c, "name"),
		    hd_text_of(c, "health"));
	if (strcmp(hd_text_of(c, "health"), "stopped") == 0)
		hd_buf_addf(&help, "heraldctl connector %s start",
			    hd_text_of(c, "name"));
	else
		hd_buf_addf(&help, "heraldctl test-connector %s",
			    hd_text_of(c, "name"));
	add_trouble(out, hd_buf_text(&help), hd_buf_text(&what),
		    hd_text_of(c, "why"));
	hd_buf_fini(&what);
	hd_buf_fini(&help);
}

/* Spent: what contains is refused until then. */
static void add_budget_trouble(struct hd_buf *out, const json_t *budget,
			       int64_t now_ms)
{
	struct hd_buf what;

	if (!hd_text_of(budget, "next")[0])
		return;
	hd_buf_init(&what, 512);
	hd_buf_addf(&what, "the budget of %s is spent until ",
		    hd_text_of(budget, "action"));
	hd_text_time(&what, hd_text_of(budget, "next"), now_ms, true);
	add_trouble(out, "heraldctl actions --state refused",
		    hd_buf_text(&what), "");
	hd_buf_fini(&what);
}

static void add_lookup_trouble(struct hd_buf *out, const json_t *lookup)
{
	const char *name = hd_text_of(lookup, "connector");
	struct hd_buf what, help;

	if (strcmp(hd_text_of(lookup, "breaker"), "closed") == 0)
		return;
	hd_buf_init(&what, 512);
	hd_buf_init(&help, 512);
	hd_buf_addf(&what, "connector %s is not asked for ", name);
	hd_text_duration(&what, hd_number_of(lookup, "wait_ms"));
	hd_buf_addf(&help, "heraldctl test-connector %s", name);
	add_trouble(out, hd_buf_text(&help), hd_buf_text(&what),
		    hd_text_of(lookup, "why"));
	hd_buf_fini(&what);
	hd_buf_fini(&help);
}

static void add_count_trouble(struct hd_buf *out, int64_t n, const char *what,
			      const char *help)
{
	struct hd_buf text;

	if (n == 0)
		return;
	hd_buf_init(&text, 256);
	hd_buf_addf(&text, "%lld %s", (long long)n, what);
	add_trouble(out, help, hd_buf_text(&text), "");
	hd_buf_fini(&text);
}

static void add_part_trouble(struct hd_buf *out, const json_t *part)
{
	const char *name = hd_text_of(part, "name");

	/* Connectors are told with their own state. */
	if (strcmp(hd_text_of(part, "health"), "ok") == 0 ||
	    strncmp(name, "connector ", 10) == 0)
		return;
	add_trouble(out, "journalctl -u heraldd", name,
		    hd_text_of(part, "why"));
}

static void add_troubles(struct hd_buf *out, const json_t *s, int64_t now_ms)
{
	const json_t *safety = json_object_get(s, "safety");
	const json_t *alerts = json_object_get(s, "alerts");
	const json_t *actions = json_object_get(s, "actions");
	const json_t *journal = json_object_get(s, "journal");
	json_t *one;
	size_t i;

	if (hd_text_of(s, "not_ready")[0])
		add_trouble(out, "journalctl -u heraldd", "takes no alerts",
			    hd_text_of(s, "not_ready"));
	if (hd_text_of(s, "halted")[0])
		add_trouble(out, "heraldctl unhalt",
			    "halted, nothing is contained",
			    hd_text_of(s, "halted"));
	json_array_foreach(json_object_get(s, "connectors"), i, one)
		add_connector_trouble(out, one);
	json_array_foreach(json_object_get(safety, "budgets"), i, one)
		add_budget_trouble(out, one, now_ms);
	json_array_foreach(json_object_get(s, "lookups"), i, one)
		add_lookup_trouble(out, one);
	json_array_foreach(json_object_get(s, "parts"), i, one)
		add_part_trouble(out, one);
	add_count_trouble(out, hd_number_of(actions, "in_doubt"),
			  "actions in doubt: a person settles them",
			  "heraldctl actions --in-doubt");
	add_count_trouble(out, hd_number_of(alerts, "dead"),
			  "dead alerts: herald gave up",
			  "heraldctl list --state dead");
	add_count_trouble(out, hd_number_of(alerts, "quarantined"),
			  "quarantined alerts: their bytes are kept",
			  "heraldctl list --state quarantined");
	add_count_trouble(out, hd_number_of(journal, "damaged"),
			  "damaged rows of the journal were set aside",
			  "journalctl -u heraldd -g damaged");
}

/* ---- numbers ---- */

static void add_counts(struct hd_buf *out, const char *title,
		       const json_t *counts)
{
	const char *name;
	json_t *value;
	int n = 0;

	hd_buf_addf(out, "%-10s ", title);
	json_object_foreach((json_t *)counts, name, value) {
		if (json_integer_value(value) == 0)
			continue;
		hd_buf_addf(out, "%s%lld ", n++ != 0 ? ", " : "",
			    (long long)json_integer_value(value));
		hd_text_words(out, name);
	}
	hd_buf_adds(out, n != 0 ? "\n" : "none\n");
}

static void add_journal(struct hd_buf *out, const json_t *j)
{
	hd_buf_adds(out, "journal    ");
	hd_text_size(out, hd_number_of(j, "file_bytes"));
	hd_buf_addf(out, ", last commit %.1f ms",
		    (double)hd_number_of(j, "last_commit_us") / 1000);
	if (hd_number_of(j, "waiting") != 0)
		hd_buf_addf(out, ", %lld wait",
			    (long long)hd_number_of(j, "waiting"));
	if (json_object_get(j, "disk_free_bytes")) {
		hd_buf_adds(out, ", ");
		hd_text_size(out, hd_number_of(j, "disk_free_bytes"));
		hd_buf_adds(out, " of the disk free");
	}
	hd_buf_addc(out, '\n');
}

static bool is_listed(const json_t *list, const char *connector)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (strcmp(hd_text_of(one, "connector"), connector) == 0)
			return true;
	return false;
}

static void add_lookups(struct hd_buf *out, const json_t *list)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one) {
		hd_buf_adds(out, i == 0 ? "lookups    " : "           ");
		hd_text_add(out, hd_text_of(one, "connector"));
		hd_buf_addf(out, ": %lld under way",
			    (long long)hd_number_of(one, "questions"));
		if (json_object_get(one, "quota_left"))
			hd_buf_addf(out, ", %lld left of its quota",
				    (long long)hd_number_of(one, "quota_left"));
		hd_buf_addc(out, '\n');
	}
}

/* Of those that are not asked: the others tell it above. */
static void add_quotas(struct hd_buf *out, const json_t *s)
{
	const json_t *lookups = json_object_get(s, "lookups");
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(s, "limits"), i, one) {
		if (is_listed(lookups, hd_text_of(one, "connector")))
			continue;
		hd_buf_adds(out, "limit      ");
		hd_text_add(out, hd_text_of(one, "connector"));
		hd_buf_addf(out, ": %lld left of its quota\n",
			    (long long)hd_number_of(one, "quota_left"));
	}
}

static void add_retry(struct hd_buf *out, const json_t *r)
{
	if (!r)
		return;
	hd_buf_addf(out, "retry      %lld of dead alerts at %s, if ",
		    (long long)hd_number_of(r, "begun"), hd_text_of(r, "at"));
	hd_text_add(out, hd_text_of(r, "if"));
	hd_buf_addf(out, " (%lld looked at) -> heraldctl retry --stop\n",
		    (long long)hd_number_of(r, "looked"));
}

static void add_connectors(struct hd_buf *out, const json_t *list,
			   int64_t now_ms)
{
	struct hd_table table;
	struct hd_buf since;
	json_t *c;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	hd_buf_adds(out, "connectors\n");
	hd_buf_init(&since, 256);
	hd_table_init(&table, "", "", "", "", "", NULL);
	json_array_foreach(list, i, c) {
		hd_table_add(&table, " ");
		hd_table_add(&table, hd_text_of(c, "name"));
		hd_table_add(&table, hd_text_of(c, "plugin"));
		hd_table_add(&table, hd_text_of(c, "health"));
		hd_buf_clear(&since);
		if (strcmp(hd_text_of(c, "health"), "ok") != 0 &&
		    hd_text_of(c, "since")[0]) {
			hd_buf_adds(&since, "since ");
			hd_text_time(&since, hd_text_of(c, "since"), now_ms,
				     false);
		}
		hd_table_add(&table, hd_buf_text(&since));
	}
	hd_table_print(&table, 0, out);
	hd_table_fini(&table);
	hd_buf_fini(&since);
}

/* One budget or rate: "3 of 5/1h, 4 of 20/1d", and until when it is full. */
static void add_limits(struct hd_table *table, const json_t *one,
		       int64_t now_ms)
{
	const json_t *limits = json_object_get(one, "limits");
	struct hd_buf text;
	json_t *limit;
	size_t i;

	hd_buf_init(&text, 1024);
	json_array_foreach(limits, i, limit)
		hd_buf_addf(&text, "%s%lld of %s", i != 0 ? ", " : "",
			    (long long)hd_number_of(limit, "used"),
			    hd_text_of(limit, "limit"));
	if (hd_text_of(one, "next")[0]) {
		hd_buf_adds(&text, "; next at ");
		hd_text_time(&text, hd_text_of(one, "next"), now_ms, false);
	}
	if (hd_number_of(one, "waiting") != 0)
		hd_buf_addf(&text, "; %lld wait for their turn",
			    (long long)hd_number_of(one, "waiting"));
	hd_table_add(table, " ");
	hd_table_add(table, hd_text_of(one, "action"));
	hd_table_add(table, hd_buf_text(&text));
	hd_buf_fini(&text);
}

/* All budgets, and those rates that somebody waits for. */
static void add_safety(struct hd_buf *out, const json_t *safety, int64_t now_ms)
{
	const json_t *budgets = json_object_get(safety, "budgets");
	const json_t *rates = json_object_get(safety, "rates");
	struct hd_table table;
	size_t i, rows = 0;
	json_t *one;

	hd_table_init(&table, "", "", "", NULL);
	json_array_foreach(budgets, i, one) {
		add_limits(&table, one, now_ms);
		rows++;
	}
	json_array_foreach(rates, i, one) {
		if (hd_number_of(one, "waiting") == 0)
			continue;
		add_limits(&table, one, now_ms);
		rows++;
	}
	if (rows != 0)
		hd_buf_adds(out, "budgets\n");
	hd_table_print(&table, 0, out);
	hd_table_fini(&table);
}

void hd_status_text(struct hd_buf *out, const json_t *s, int64_t now_ms)
{
	const json_t *engine = json_object_get(s, "engine");

	hd_buf_addf(out, "heraldd %s, mode %s, configuration %.*s, up ",
		    hd_text_of(s, "version"), hd_text_of(s, "mode"), SHORT,
		    hd_text_of(s, "configuration"));
	hd_text_duration(out, hd_number_of(s, "uptime_s") * 1000);
	hd_buf_addc(out, '\n');
	add_troubles(out, s, now_ms);
	add_counts(out, "alerts", json_object_get(s, "alerts"));
	add_counts(out, "actions", json_object_get(s, "actions"));
	hd_buf_addf(out,
		    "to decide  %lld, %lld with actions under way, %lld "
		    "with actions that wait\n",
		    (long long)hd_number_of(engine, "backlog"),
		    (long long)hd_number_of(engine, "acting"),
		    (long long)hd_number_of(engine, "parked"));
	add_journal(out, json_object_get(s, "journal"));
	add_connectors(out, json_object_get(s, "connectors"), now_ms);
	add_safety(out, json_object_get(s, "safety"), now_ms);
	add_lookups(out, json_object_get(s, "lookups"));
	add_quotas(out, s);
	add_retry(out, json_object_get(s, "retry"));
}
