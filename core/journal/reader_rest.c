#include "core/journal/reader.h"

#include <limits.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/journal/reader_inside.h"

/* --- actions --- */

static enum hd_found read_action(struct hd_reader *reader, const char *id,
				 struct hd_action_row *out, struct hd_err *err)
{
	struct hd_action_rec rec = { 0 };
	enum hd_found found;
	sqlite3_stmt *stmt = hd_reader_stmt(reader, HD_READ_ACTION, err);

	if (!stmt)
		return HD_READ_FAILED;
	hd_arena_clear(&reader->row);
	hd_reader_bind(stmt, 1, id);
	found = hd_reader_one(reader, stmt, &hd_table_action, &rec, err);
	if (found == HD_FOUND)
		*out = rec.row;
	return found;
}

enum hd_found hd_reader_action(struct hd_reader *reader, const char *id,
			       struct hd_action_row *out, int *count,
			       struct hd_err *err)
{
	char whole[HD_ID_TEXT];
	int n = 0;

	if (!count)
		count = &n;
	if (hd_reader_prefix(reader, HD_READ_ACTION_PREFIX, id, whole, count,
			     err) < 0)
		return HD_READ_FAILED;
	if (*count == 0)
		return HD_NOT_FOUND;
	if (*count > 1)
		return HD_AMBIGUOUS;
	return read_action(reader, whole, out, err);
}

enum hd_found hd_reader_action_idem(struct hd_reader *reader, const char *idem,
				    struct hd_action_row *out,
				    struct hd_err *err)
{
	char id[HD_ID_TEXT];

	hd_journal_action_id(idem, id);
	return read_action(reader, id, out, err);
}

struct action_list {
	struct hd_action_rec rec;
	hd_action_fn fn;
	void *ud;
	int left;
};

static bool give_action(void *arg)
{
	struct action_list *list = arg;

	return list->fn(list->ud, &list->rec.row) && --list->left > 0;
}

static int list_actions(struct hd_reader *reader, enum hd_read which,
			const char *text, int limit, hd_action_fn fn, void *ud,
			struct hd_err *err)
{
	struct action_list list = { .fn = fn, .ud = ud, .left = limit };
	sqlite3_stmt *stmt = hd_reader_stmt(reader, which, err);

	if (!stmt)
		return -1;
	if (text)
		hd_reader_bind(stmt, 1, text);
	return hd_reader_each(reader, stmt, &hd_table_action, &list.rec,
			      give_action, &list, err);
}

int hd_reader_actions(struct hd_reader *reader, const char *alert,
		      hd_action_fn fn, void *ud, struct hd_err *err)
{
	return list_actions(reader, HD_READ_ACTIONS_OF, alert, INT_MAX, fn, ud,
			    err);
}

int hd_reader_actions_in(struct hd_reader *reader, enum hd_action_state state,
			 hd_action_fn fn, void *ud, struct hd_err *err)
{
	bool usual = state == HD_ACTION_DONE || state == HD_ACTION_SKIPPED;

	return list_actions(reader,
			    usual ? HD_READ_ACTIONS_IN
				  : HD_READ_ACTIONS_IN_RARE,
			    hd_action_state_name(state), INT_MAX, fn, ud, err);
}

int hd_reader_actions_open(struct hd_reader *reader, hd_action_fn fn, void *ud,
			   struct hd_err *err)
{
	return list_actions(reader, HD_READ_ACTIONS_OPEN, NULL, INT_MAX, fn, ud,
			    err);
}

int hd_reader_actions_last(struct hd_reader *reader, int limit, hd_action_fn fn,
			   void *ud, struct hd_err *err)
{
	return list_actions(reader, HD_READ_ACTIONS_LAST, NULL, limit, fn, ud,
			    err);
}

/* --- the small tables: one list each --- */

struct window_list {
	struct hd_window_rec rec;
	hd_window_fn fn;
	void *ud;
};

static bool give_window(void *arg)
{
	struct window_list *list = arg;

	return list->fn(list->ud, &list->rec.row);
}

int hd_reader_windows(struct hd_reader *reader, int64_t after_ms,
		      hd_window_fn fn, void *ud, struct hd_err *err)
{
	struct window_list list = { .fn = fn, .ud = ud };
	sqlite3_stmt *stmt = hd_reader_stmt(reader, HD_READ_WINDOWS, err);

	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, after_ms);
	return hd_reader_each(reader, stmt, &hd_table_window, &list.rec,
			      give_window, &list, err);
}

struct budget_list {
	struct hd_budget_rec rec;
	hd_budget_fn fn;
	void *ud;
};

static bool give_budget(void *arg)
{
	struct budget_list *list = arg;

	return list->fn(list->ud, &list->rec.row);
}

int hd_reader_budgets(struct hd_reader *reader, const char *scope,
		      int64_t since_ms, hd_budget_fn fn, void *ud,
		      struct hd_err *err)
{
	struct budget_list list = { .fn = fn, .ud = ud };
	sqlite3_stmt *stmt = hd_reader_stmt(
		reader, scope ? HD_READ_BUDGETS_OF : HD_READ_BUDGETS, err);

	if (!stmt)
		return -1;
	sqlite3_bind_int64(stmt, 1, since_ms);
	if (scope)
		hd_reader_bind(stmt, 2, scope);
	return hd_reader_each(reader, stmt, &hd_table_budget, &list.rec,
			      give_budget, &list, err);
}

struct quota_list {
	struct hd_quota_rec rec;
	hd_quota_fn fn;
	void *ud;
};

static bool give_quota(void *arg)
{
	struct quota_list *list = arg;

	return list->fn(list->ud, &list->rec.row);
}

int hd_reader_quotas(struct hd_reader *reader, hd_quota_fn fn, void *ud,
		     struct hd_err *err)
{
	struct quota_list list = { .fn = fn, .ud = ud };
	sqlite3_stmt *stmt = hd_reader_stmt(reader, HD_READ_QUOTAS, err);

	if (!stmt)
		return -1;
	return hd_reader_each(reader, stmt, &hd_table_quota, &list.rec,
			      give_quota, &list, err);
}

struct state_list {
	struct hd_state_rec rec;
	hd_state_fn fn;
	void *ud;
};

static bool give_state(void *arg)
{
	struct state_list *list = arg;

	return list->fn(list->ud, &list->rec.row);
}

int hd_reader_states(struct hd_reader *reader, const char *connector,
		     hd_state_fn fn, void *ud, struct hd_err *err)
{
	struct state_list list = { .fn = fn, .ud = ud };
	sqlite3_stmt *stmt = hd_reader_stmt(
		reader, connector ? HD_READ_STATES_OF : HD_READ_STATES, err);

	if (!stmt)
		return -1;
	if (connector)
		hd_reader_bind(stmt, 1, connector);
	return hd_reader_each(reader, stmt, &hd_table_state, &list.rec,
			      give_state, &list, err);
}

struct silence_list {
	struct hd_silence_rec rec;
	hd_silence_fn fn;
	void *ud;
};

static bool give_silence(void *arg)
{
	struct silence_list *list = arg;

	return list->fn(list->ud, &list->rec.row);
}

int hd_reader_silences(struct hd_reader *reader, hd_silence_fn fn, void *ud,
		       struct hd_err *err)
{
	struct silence_list list = { .fn = fn, .ud = ud };
	sqlite3_stmt *stmt = hd_reader_stmt(reader, HD_READ_SILENCES, err);

	if (!stmt)
		return -1;
	return hd_reader_each(reader, stmt, &hd_table_silence, &list.rec,
			      give_silence, &list, err);
}

/* --- texts by name --- */

static enum hd_found read_text(struct hd_reader *reader, enum hd_read which,
			       const struct hd_table *table, const char *name,
			       char **text, struct hd_err *err)
{
	sqlite3_stmt *stmt = hd_reader_stmt(reader, which, err);
	struct hd_text_rec rec = { 0 };
	enum hd_found found;

	*text = NULL;
	if (!stmt)
		return HD_READ_FAILED;
	hd_arena_clear(&reader->row);
	hd_reader_bind(stmt, 1, name);
	found = hd_reader_one(reader, stmt, table, &rec, err);
	if (found == HD_FOUND)
		*text = hd_memdup0(rec.text.p, rec.text.n);
	return found;
}

enum hd_found hd_reader_meta(struct hd_reader *reader, const char *name,
			     char **text, struct hd_err *err)
{
	return read_text(reader, HD_READ_META, &hd_table_meta, name, text, err);
}

enum hd_found hd_reader_config(struct hd_reader *reader, const char *digest,
			       char **text, struct hd_err *err)
{
	return read_text(reader, HD_READ_CONFIG, &hd_table_config, digest, text,
			 err);
}
