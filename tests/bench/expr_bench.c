/* Nanoseconds an evaluation, beside the same condition in Lua.
 *
 *	expr_bench [REPEATS [EXAMPLE]]
 *
 * The eight examples of the reference page over an alert of about 8 KiB, and
 * the plainest of conditions, each as the pipeline evaluates it.  The alert is
 *a JSON tree here and a table there, made once.  Both take turns, RUNS times;
 *the table has the median, and how far the slowest run was from the fastest.
 *
 * Ends with 1 if the plain condition takes LIMIT_NS or more, or more than
 * LIMIT_RATIO times what Lua takes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "core/base/err.h"
#include "core/conf/complaint.h"
#include "core/conf/list.h"
#include "core/expr/expr.h"

#define RUNS 5
#define LIMIT_NS 300.0
#define LIMIT_RATIO 2.0

struct example {
	const char *name, *expr;
	enum hd_expr_type type;
	const char *lua;
};

/* Lua has the record as it stands, so `user` is evidences[1].user there,
 * without looking for it.  It has no regular expressions, networks or zones:
 * the nearest that costs less is taken. */
static const struct example examples[] = {
	{ "plain", "severity_id >= 4 && user.name != \"x\"", HD_EXPR_BOOL,
	  "return r.severity_id >= 4 and r.evidences[1].user.name ~= 'x'" },
	{ "observables",
	  "severity_id >= SEVERITY.HIGH && observables.exists(o, "
	  "o.?reputation.?score_id.orValue(0) in [8, 9, 10])",
	  HD_EXPR_BOOL,
	  "if r.severity_id < SEVERITY.HIGH then return false end "
	  "for _, o in ipairs(r.observables) do "
	  "local id = o.reputation and o.reputation.score_id or 0 "
	  "if id == 8 or id == 9 or id == 10 then return true end end "
	  "return false" },
	{ "groups",
	  "user.?groups.orValue([]).exists(g, "
	  "g.?name.orValue(\"\").matches(\"(?i)^domain admins$\"))",
	  HD_EXPR_BOOL,
	  "for _, g in ipairs(r.evidences[1].user.groups or {}) do "
	  "if string.find(string.lower(g.name or ''), '^domain admins$') "
	  "then return true end end return false" },
	{ "listed",
	  "!listed(\"vip\", user.?name.orValue(\"\")) && "
	  "device.?type_id.orValue(0) != 1",
	  HD_EXPR_BOOL,
	  "return not listed('vip', r.evidences[1].user.name or '') and "
	  "(r.device and r.device.type_id or 0) ~= 1" },
	{ "networks",
	  "evidences.exists(e, has(e.src_endpoint) && "
	  "has(e.src_endpoint.ip) && "
	  "!cidr(\"10.0.0.0/8\").containsIP(e.src_endpoint.ip))",
	  HD_EXPR_BOOL,
	  "for _, e in ipairs(r.evidences) do "
	  "if e.src_endpoint and e.src_endpoint.ip and "
	  "string.sub(e.src_endpoint.ip, 1, 3) ~= '10.' then return true end "
	  "end return false" },
	{ "hours",
	  "millis(time).getHours(\"Europe/Berlin\") < 6 || "
	  "millis(time).getDayOfWeek(\"Europe/Berlin\") in [0, 6]",
	  HD_EXPR_BOOL,
	  "local t = os.date('!*t', r.time // 1000 + 3600) "
	  "return t.hour < 6 or t.wday == 1 or t.wday == 7" },
	{ "enrich",
	  "enrich.cmdb.exists(c, c.data.?criticality.orValue(9) <= 2) ? 20 : "
	  "0",
	  HD_EXPR_NUMBER,
	  "for _, c in ipairs(r.enrich.cmdb) do "
	  "if (c.data.criticality or 9) <= 2 then return 20 end end return 0" },
	{ "attacks",
	  "finding_info.?attacks.orValue([]).exists(a, "
	  "a.?technique.?uid.orValue(\"\").startsWith(\"T1110\"))",
	  HD_EXPR_BOOL,
	  "for _, a in ipairs(r.finding_info and r.finding_info.attacks or {}) "
	  "do local u = a.technique and a.technique.uid or '' "
	  "if string.sub(u, 1, 5) == 'T1110' then return true end end "
	  "return false" },
	{ "key",
	  "[metadata.?event_code.orValue(\"\"), user.?name.orValue(\"\"), "
	  "device.?hostname.orValue(\"\")]",
	  HD_EXPR_ANY,
	  "return {r.metadata and r.metadata.event_code or '', "
	  "r.evidences[1].user.name or '', "
	  "r.device and r.device.hostname or ''}" },
};
#define EXAMPLES (sizeof(examples) / sizeof(examples[0]))

/* ---- the alert ---- */

static json_t *make_observables(void)
{
	json_t *observables = json_array();

	for (unsigned i = 0; i < 40; i++)
		json_array_append_new(
			observables,
			json_pack("{s:s, s:i, s:s, s:s, s:{s:i, s:i, s:s}}",
				  "name", "evidences[0].src_endpoint.ip",
				  "type_id", 2, "type", "IP Address", "value",
				  "198.51.100.17", "reputation", "score_id",
				  i == 38 ? 9 : 3, "base_score", 2, "provider",
				  "misp"));
	return observables;
}

static json_t *make_evidences(void)
{
	json_t *evidences = json_array();

	json_array_append_new(
		evidences, json_pack("{s:{s:s, s:[{s:s},{s:s},{s:s}]}}", "user",
				     "name", "jdoe", "groups", "name", "Users",
				     "name", "Staff", "name", "Domain Admins"));
	for (unsigned i = 0; i < 10; i++)
		json_array_append_new(
			evidences,
			json_pack("{s:{s:s}, s:{s:s}}", "src_endpoint", "ip",
				  i == 8 ? "198.51.100.17" : "10.1.2.3",
				  "process", "cmd_line",
				  "powershell.exe -nop -w hidden -enc aQBlAHgA"
				  ""));
	return evidences;
}

static json_t *make_record(void)
{
	return json_pack("{s:i, s:I, s:{s:s, s:i}, s:{s:s},"
			 " s:{s:s, s:[{s:{s:s}},{s:{s:s}}]}, s:o, s:o}",
			 "severity_id", 4, "time", (json_int_t)1795564742000,
			 "device", "hostname", "ws-042", "type_id", 2,
			 "metadata", "event_code", "brute-force",
			 "finding_info", "title", "Brute force", "attacks",
			 "technique", "uid", "T1078", "technique", "uid",
			 "T1110.001", "observables", make_observables(),
			 "evidences", make_evidences());
}

/* ---- the two languages ---- */

static int lua_listed(lua_State *lua)
{
	luaL_checkstring(lua, 2);
	lua_getfield(lua, LUA_REGISTRYINDEX, luaL_checkstring(lua, 1));
	lua_pushvalue(lua, 2);
	lua_rawget(lua, -2);
	lua_pushboolean(lua, lua_toboolean(lua, -1));
	return 1;
}

static void push(lua_State *lua, const json_t *json)
{
	const char *key;
	json_t *item;
	size_t i;

	switch (json_typeof(json)) {
	case JSON_OBJECT:
		lua_newtable(lua);
		json_object_foreach((json_t *)(uintptr_t)json, key, item) {
			push(lua, item);
			lua_setfield(lua, -2, key);
		}
		break;
	case JSON_ARRAY:
		lua_newtable(lua);
		json_array_foreach(json, i, item) {
			push(lua, item);
			lua_rawseti(lua, -2, (lua_Integer)i + 1);
		}
		break;
	case JSON_STRING:
		lua_pushstring(lua, json_string_value(json));
		break;
	case JSON_INTEGER:
		lua_pushinteger(lua, json_integer_value(json));
		break;
	default:
		lua_pushboolean(lua, json_is_true(json));
		break;
	}
}

/* r.enrich is where herald's language has it. */
static lua_State *make_lua(const json_t *record, const json_t *enrich)
{
	lua_State *lua = luaL_newstate();

	luaL_openlibs(lua);
	push(lua, record);
	push(lua,
	     json_object_get(
		     json_array_get(json_object_get(record, "evidences"), 0),
		     "user"));
	lua_setfield(lua, -2, "user");
	push(lua, enrich);
	lua_setfield(lua, -2, "enrich");
	lua_setglobal(lua, "r");
	lua_register(lua, "listed", lua_listed);
	if (luaL_dostring(lua, "SEVERITY = { HIGH = 4 } return "
			       "{ ann = true, zoe = true }") != LUA_OK)
		abort();
	lua_setfield(lua, LUA_REGISTRYINDEX, "vip");
	return lua;
}

struct herald {
	struct hd_complaints *complaints;
	struct hd_list *vip;
	struct hd_expr_env *env;
	struct hd_expr_scope scope;
};

static void make_herald(struct herald *h)
{
	static const struct hd_risk_levels levels = { 20, 40, 60, 80 };
	static const char vip[] = "ann\nzoe\n";
	struct hd_check check = { 0 };

	h->complaints = hd_complaints_new();
	check.complaints = h->complaints;
	h->env = hd_expr_env_new(&levels, "Europe/Berlin");
	h->vip = hd_list_parse("vip", HD_LIST_USER, "vip", vip, strlen(vip),
			       &check);
	hd_expr_env_list(h->env, "vip", h->vip);
	h->scope = (struct hd_expr_scope){
		.record = make_record(),
		.enrich = json_pack("{s:[{s:{s:i}},{s:{}}]}", "cmdb", "data",
				    "criticality", 3, "data"),
		.now_ms = 1795564800000,
	};
}

static void unmake_herald(struct herald *h)
{
	hd_expr_env_free(h->env);
	hd_list_free(h->vip);
	hd_complaints_free(h->complaints);
	json_decref(h->scope.record);
	json_decref(h->scope.enrich);
}

/* ---- measuring ---- */

/* Of the processor: others on it do not count. */
static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double time_herald(const struct herald *h, const struct hd_expr *expr,
			  bool condition, unsigned repeats)
{
	double start = now_ns();
	enum hd_truth truth = HD_HOLDS;
	json_t *value;

	for (unsigned i = 0; i < repeats; i++) {
		if (condition) {
			truth = hd_expr_holds(expr, &h->scope, NULL);
		} else {
			truth = hd_expr_value(expr, &h->scope, &value, NULL);
			json_decref(value);
		}
	}
	start = now_ns() - start;
	if (truth != HD_HOLDS && truth != HD_NOT_MET) {
		fprintf(stderr, "%s: %s\n", hd_expr_source(expr),
			hd_truth_name(truth));
		exit(1);
	}
	return start / repeats;
}

static double time_lua(lua_State *lua, int function, unsigned repeats)
{
	double start = now_ns();

	for (unsigned i = 0; i < repeats; i++) {
		lua_rawgeti(lua, LUA_REGISTRYINDEX, function);
		if (lua_pcall(lua, 0, 1, 0) != LUA_OK)
			abort();
		lua_pop(lua, 1);
	}
	return (now_ns() - start) / repeats;
}

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct measured {
	double herald, lua, herald_spread, lua_spread;
};

/* The median, and (slowest - fastest) / median in percent. */
static double median(double *ns, double *spread)
{
	qsort(ns, RUNS, sizeof(*ns), by_number);
	*spread = 100.0 * (ns[RUNS - 1] - ns[0]) / ns[RUNS / 2];
	return ns[RUNS / 2];
}

static struct measured measure(const struct herald *h, lua_State *lua,
			       const struct example *example, unsigned repeats)
{
	static const char *const connectors[] = { "cmdb", NULL };
	static const struct hd_expr_names names = { .enrich = connectors };
	double herald_ns[RUNS], lua_ns[RUNS];
	struct measured out;
	struct hd_err err;
	struct hd_expr *expr = hd_expr_compile_text(h->env, &names,
						    example->expr,
						    example->type, &err);
	int function;

	if (!expr) {
		fprintf(stderr, "%s: %s\n", example->name, err.text);
		exit(1);
	}
	if (luaL_loadstring(lua, example->lua) != LUA_OK)
		abort();
	function = luaL_ref(lua, LUA_REGISTRYINDEX);
	for (unsigned i = 0; i < RUNS; i++) {
		herald_ns[i] = time_herald(h, expr,
					   example->type == HD_EXPR_BOOL,
					   repeats);
		lua_ns[i] = time_lua(lua, function, repeats);
	}
	luaL_unref(lua, LUA_REGISTRYINDEX, function);
	hd_expr_free(expr);
	out.herald = median(herald_ns, &out.herald_spread);
	out.lua = median(lua_ns, &out.lua_spread);
	return out;
}

int main(int argc, char **argv)
{
	unsigned repeats = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10)
				    : 100000;
	struct herald h;
	struct measured plain = { 0 };
	lua_State *lua;
	char *text;

	make_herald(&h);
	lua = make_lua(h.scope.record, h.scope.enrich);
	text = json_dumps(h.scope.record, JSON_COMPACT);
	printf("alert of %zu bytes; median of %d runs of %u evaluations, "
	       "spread in brackets\n",
	       strlen(text), RUNS, repeats);
	printf("%-12s %18s %18s %6s\n", "", "herald ns", "Lua ns", "ratio");
	for (size_t i = 0; i < EXAMPLES; i++) {
		struct measured m;

		if (argc > 2 && strcmp(argv[2], examples[i].name) != 0)
			continue;
		m = measure(&h, lua, &examples[i], repeats);

		printf("%-12s %10.0f (%3.0f %%) %10.0f (%3.0f %%) %6.2f\n",
		       examples[i].name, m.herald, m.herald_spread, m.lua,
		       m.lua_spread, m.herald / m.lua);
		if (i == 0)
			plain = m;
	}
	free(text);
	lua_close(lua);
	unmake_herald(&h);
	return plain.herald >= LIMIT_NS ||
	       plain.herald > LIMIT_RATIO * plain.lua;
}
