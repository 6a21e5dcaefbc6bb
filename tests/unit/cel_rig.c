#include "cel_rig.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *name, *type;
} variables[] = {
	{ "n", "int" },
	{ "s", "string" },
	{ "b", "bool" },
	{ "d", "double" },
	{ "x", "dyn" },
	{ "m", "map(string, dyn)" },
	{ "l", "list(int)" },
	{ "user", "user" },
	{ "evidences", "list(evidence)" },
	{ "device", "device" },
	{ "absent", "user" },
};

static const struct {
	const char *object, *name, *type;
} fields[] = {
	{ "user", "name", "string" },	     { "user", "uid", "string" },
	{ "user", "groups", "list(group)" }, { "user", "age", "int" },
	{ "group", "name", "string" },	     { "evidence", "user", "user" },
	{ "evidence", "url", "string" },     { "device", "hostname", "string" },
	{ "device", "risk_score", "int" },   { "device", "owner", "user" },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *field(void *ud, const char *object, const char *name)
{
	size_t i;

	(void)ud;
	for (i = 0; i < COUNT(fields); i++)
		if (strcmp(fields[i].object, object) == 0 &&
		    strcmp(fields[i].name, name) == 0)
			return fields[i].type;
	return NULL;
}

static const char *field_name(void *ud, const char *object, size_t n)
{
	size_t i;

	(void)ud;
	for (i = 0; i < COUNT(fields); i++)
		if (strcmp(fields[i].object, object) == 0 && n-- == 0)
			return fields[i].name;
	return NULL;
}

int cel_rig_slot(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(variables); i++)
		if (strcmp(variables[i].name, name) == 0)
			return (int)i;
	return -1;
}

static struct hd_cel_value say_no(struct hd_cel_call *call,
				  const struct hd_cel_value *args, size_t n)
{
	(void)args;
	(void)n;
	return hd_cel_call_error(call, "said no to %s",
				 (const char *)hd_cel_call_ud(call));
}

static struct hd_cel_value pair(struct hd_cel_call *call,
				const struct hd_cel_value *args, size_t n)
{
	return hd_cel_call_list(call, args, n);
}

static struct hd_cel_value twice(struct hd_cel_call *call,
				 const struct hd_cel_value *args, size_t n)
{
	(void)n;
	return hd_cel_call_stringf(call, "%.*s%.*s", (int)args[0].n,
				   args[0].u.text, (int)args[0].n,
				   args[0].u.text);
}

struct cel_rig *cel_rig_new(const char *record)
{
	static const struct hd_cel_provider provider = { field, field_name,
							 NULL };
	struct cel_rig *rig = calloc(1, sizeof(*rig));
	static char who[] = "you";
	size_t i;

	rig->env = hd_cel_env_new();
	hd_cel_env_provider(rig->env, &provider);
	rig->record = record ? json_loads(record, 0, NULL) : json_object();
	for (i = 0; i < COUNT(variables); i++) {
		hd_cel_env_var(rig->env, variables[i].name, variables[i].type,
			       (unsigned)i);
		rig->slots[i] = hd_cel_json(
			json_object_get(rig->record, variables[i].name));
	}
	hd_cel_env_const(rig->env, "LEVEL.HIGH", hd_cel_int(4));
	hd_cel_env_const(rig->env, "LEVEL.NAME", hd_cel_string("high"));
	hd_cel_env_function(rig->env, "fail() -> int", say_no, who);
	hd_cel_env_function(rig->env, "pair(string, int) -> list(dyn)", pair,
			    NULL);
	hd_cel_env_function(rig->env, "string.twice() -> string", twice, NULL);
	rig->arena = hd_cel_arena_new(0);
	rig->act.slots = rig->slots;
	rig->act.n_slots = COUNT(rig->slots);
	return rig;
}

void cel_rig_free(struct cel_rig *rig)
{
	hd_cel_arena_free(rig->arena);
	hd_cel_env_free(rig->env);
	json_decref(rig->record);
	free(rig);
}

static const char *show_issues(struct cel_rig *rig,
			       const struct hd_cel_issues *issues)
{
	size_t i, n = 0;

	for (i = 0; i < issues->n; i++) {
		const struct hd_cel_issue *it = &issues->items[i];

		n += (size_t)snprintf(rig->line + n, sizeof(rig->line) - n,
				      "%sissue %u:%u+%u %s%s%s",
				      i > 0 ? "\n" : "", it->line, it->column,
				      it->length, it->text,
				      it->remedy[0] ? " | " : "", it->remedy);
		if (n >= sizeof(rig->line))
			break;
	}
	return rig->line;
}

static const char *show_error(struct cel_rig *rig,
			      const struct hd_cel_error *error)
{
	if (error->code == HD_CEL_E_ABSENT)
		snprintf(rig->line, sizeof(rig->line), "absent %s (%u)",
			 error->path, error->missing);
	else
		snprintf(rig->line, sizeof(rig->line), "%s %s",
			 error->code == HD_CEL_E_LIMIT ? "limit" : "error",
			 error->text);
	return rig->line;
}

static const char *show_value(struct cel_rig *rig, struct hd_cel_value v)
{
	const struct hd_cel_error *error = hd_cel_error_of(&v);
	const uint32_t *ids;
	const char *text;
	size_t n, i, len;

	if (error)
		return show_error(rig, error);
	n = hd_cel_unknown_ids(&v, &ids);
	len = (size_t)snprintf(rig->line, sizeof(rig->line), "%s",
			       hd_cel_kind_name((enum hd_cel_kind)v.kind));
	for (i = 0; i < n; i++)
		len += (size_t)snprintf(rig->line + len,
					sizeof(rig->line) - len, " %u", ids[i]);
	if (n == 0 && hd_cel_to_text(v, rig->arena, &text, &n))
		snprintf(rig->line + len, sizeof(rig->line) - len, " %.*s",
			 (int)n, text);
	return rig->line;
}

const char *cel_rig_evaln(struct cel_rig *rig, const char *expr, size_t n)
{
	struct hd_cel_issues issues = { 0 };
	struct hd_cel_program *program;
	const char *line;

	program = hd_cel_compile(rig->env, expr, n, &rig->options, &issues);
	if (!program) {
		line = show_issues(rig, &issues);
	} else {
		line = show_value(rig,
				  hd_cel_eval(program, &rig->act, rig->arena));
		hd_cel_arena_reset(rig->arena);
	}
	hd_cel_program_free(program);
	hd_cel_issues_fini(&issues);
	return line;
}

const char *cel_rig_eval(struct cel_rig *rig, const char *expr)
{
	return cel_rig_evaln(rig, expr, strlen(expr));
}
