/* Nanoseconds an evaluation, beside the same condition in Lua.
 *
 *	cel_bench [REPEATS]
 *
 * The eight examples of the reference page over an alert of about 8 KiB, and
 * the plainest of conditions.  The alert is a JSON tree here and a table there
 * (made once); functions of the program's are stand-ins in both.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "core/cel/cel.h"

struct example {
	const char *name, *cel, *lua;
};

/* Lua has no regular expressions, networks or zones: there the nearest that
 * costs less is taken. */
static const struct example examples[] = {
	{ "plain", "severity_id >= 4 && user.name != \"x\"",
	  "return r.severity_id >= 4 and r.user.name ~= 'x'" },
	{ "observables",
	  "severity_id >= SEVERITY.HIGH && observables.exists(o, "
	  "o.?reputation.?score_id.orValue(0) in [8, 9, 10])",
	  "if r.severity_id < SEVERITY.HIGH then return false end "
	  "for _, o in ipairs(r.observables) do "
	  "local id = o.reputation and o.reputation.score_id or 0 "
	  "if id == 8 or id == 9 or id == 10 then return true end end "
	  "return false" },
	{ "groups",
	  "user.?groups.orValue([]).exists(g, "
	  "g.?name.orValue(\"\").matches(\"(?i)^domain admins$\"))",
	  "for _, g in ipairs(r.user and r.user.groups or {}) do "
	  "if string.find(string.lower(g.name or ''), '^domain admins$') "
	  "then return true end end return false" },
	{ "listed",
	  "!listed(\"vip\", user.?name.orValue(\"\")) && "
	  "device.?type_id.orValue(0) != 1",
	  "return not listed('vip', r.user and r.user.name or '') and "
	  "(r.device and r.device.type_id or 0) ~= 1" },
	{ "networks",
	  "evidences.exists(e, has(e.src_endpoint) && "
	  "has(e.src_endpoint.ip) && "
	  "!cidr(\"10.0.0.0/8\").containsIP(e.src_endpoint.ip))",
	  "for _, e in ipairs(r.evidences) do "
	  "if e.src_endpoint and e.src_endpoint.ip and "
	  "string.sub(e.src_endpoint.ip, 1, 3) ~= '10.' then return true end "
	  "end return false" },
	{ "hours",
	  "millis(time).getHours(\"Europe/Berlin\") < 6 || "
	  "millis(time).getDayOfWeek(\"Europe/Berlin\") in [0, 6]",
	  "local t = os.date('!*t', r.time // 1000 + 3600) "
	  "return t.hour < 6 or t.wday == 1 or t.wday == 7" },
	{ "enrich",
	  "enrich.cmdb.exists(c, c.data.?criticality.orValue(9) <= 2) ? 20 : "
	  "0",
	  "for _, c in ipairs(r.enrich.cmdb) do "
	  "if (c.data.criticality or 9) <= 2 then return 20 end end return 0" },
	{ "attacks",
	  "finding_info.?attacks.orValue([]).exists(a, "
	  "a.?technique.?uid.orValue(\"\").startsWith(\"T1110\"))",
	  "for _, a in ipairs(r.finding_info and r.finding_info.attacks or {}) "
	  "do local u = a.technique and a.technique.uid or '' "
	  "if string.sub(u, 1, 5) == 'T1110' then return true end end "
	  "return false" },
	{ "key",
	  "[metadata.?event_code.orValue(\"\"), user.?name.orValue(\"\"), "
	  "device.?hostname.orValue(\"\")]",
	  "return {r.metadata and r.metadata.event_code or '', "
	  "r.user and r.user.name or '', "
	  "r.device and r.device.hostname or ''}" },
};
#define EXAMPLES (sizeof(examples) / sizeof(examples[0]))

static const char *const variables[] = {
	"severity_id", "observables", "user",	  "device",	  "evidences",
	"time",	       "enrich",      "metadata", "finding_info",
};
#define VARIABLES (sizeof(variables) / sizeof(variables[0]))

/* ---- the alert ---- */

static json_t *make_alert(void)
{
	json_t *alert = json_pack(
		"{s:i, s:I, s:{s:s, s:[{s:s},{s:s},{s:s}]}, s:{s:s, s:i},"
		" s:{s:s}, s:{s:s, s:[{s:{s:s}},{s:{s:s}}]},"
		" s:{s:[{s:{s:i}},{s:{}}]}}",
		"severity_id", 4, "time", (json_int_t)1795564742000, "user",
		"name", "jdoe", "groups", "name", "Users", "name", "Staff",
		"name", "Domain Admins", "device", "hostname", "ws-042",
		"type_id", 2, "metadata", "event_code", "brute-force",
		"finding_info", "title", "Brute force", "attacks", "technique",
		"uid", "T1078", "technique", "uid", "T1110.001", "enrich",
		"cmdb", "data", "criticality", 3, "data");
	json_t *observables = json_array(), *evidences = json_array();
	unsigned i;

	for (i = 0; i < 40; i++)
		json_array_append_new(
			observables,
			json_pack("{s:s, s:i, s:s, s:s, s:{s:i, s:i, s:s}}",
				  "name", "evidences[0].src_endpoint.ip",
				  "type_id", 2, "type", "IP Address", "value",
				  "198.51.100.17", "reputation", "score_id",
				  i == 38 ? 9 : 3, "base_score", 2, "provider",
				  "misp"));
	for (i = 0; i < 10; i++)
		json_array_append_new(
			evidences,
			json_pack("{s:{s:s}, s:{s:s}}", "src_endpoint", "ip",
				  i == 8 ? "198.51.100.17" : "10.1.2.3",
				  "process", "cmd_line",
				  "powershell.exe -nop -w hidden -enc aQBlAHgA"
				  ""));
	json_object_set_new(alert, "observables", observables);
	json_object_set_new(alert, "evidences", evidences);
	return alert;
}

/* ---- the two languages ---- */

static struct hd_cel_value millis(struct hd_cel_call *call,
				  const struct hd_cel_value *args, size_t n)
{
	(void)call;
	(void)n;
	return hd_cel_timestamp_ms(args[0].u.integer);
}

static struct hd_cel_value listed(struct hd_cel_call *call,
				  const struct hd_cel_value *args, size_t n)
{
	(void)call;
	(void)n;
	return hd_cel_bool(args[1].n > 20);
}

static int lua_listed(lua_State *lua)
{
	size_t n;

	luaL_checklstring(lua, 2, &n);
	lua_pushboolean(lua, n > 20);
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

static lua_State *make_lua(const json_t *alert)
{
	lua_State *lua = luaL_newstate();

	luaL_openlibs(lua);
	push(lua, alert);
	lua_setglobal(lua, "r");
	lua_register(lua, "listed", lua_listed);
	if (luaL_dostring(lua, "SEVERITY = { HIGH = 4 }") != LUA_OK)
		abort();
	return lua;
}

static struct hd_cel_env *make_env(void)
{
	struct hd_cel_env *env = hd_cel_env_new();
	size_t i;

	for (i = 0; i < VARIABLES; i++)
		hd_cel_env_var(env, variables[i],
			       strcmp(variables[i], "severity_id") == 0 ||
					       strcmp(variables[i], "time") == 0
				       ? "int"
				       : "dyn",
			       (unsigned)i);
	hd_cel_env_const(env, "SEVERITY.HIGH", hd_cel_int(4));
	hd_cel_env_function(env, "millis(int) -> timestamp", millis, NULL);
	hd_cel_env_function(env, "listed(string, string) -> bool", listed,
			    NULL);
	return env;
}

/* ---- measuring ---- */

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double time_cel(const struct hd_cel_env *env, const json_t *alert,
		       const char *expr, unsigned repeats)
{
	struct hd_cel_arena *arena = hd_cel_arena_new(0);
	struct hd_cel_issues issues = { 0 };
	struct hd_cel_program *p = hd_cel_compile(env, expr, strlen(expr), NULL,
						  &issues);
	struct hd_cel_value slots[VARIABLES], v = { 0 };
	struct hd_cel_activation act = { .slots = slots, .n_slots = VARIABLES };
	double start;
	unsigned i;

	if (!p) {
		fprintf(stderr, "%s: %s\n", expr, issues.items[0].text);
		exit(1);
	}
	for (i = 0; i < VARIABLES; i++)
		slots[i] = hd_cel_json(json_object_get(alert, variables[i]));
	start = now_ns();
	for (i = 0; i < repeats; i++) {
		v = hd_cel_eval(p, &act, arena);
		hd_cel_arena_reset(arena);
	}
	start = now_ns() - start;
	if (v.kind == HD_CEL_ERROR || v.kind == HD_CEL_UNKNOWN) {
		fprintf(stderr, "%s: no value\n", expr);
		exit(1);
	}
	hd_cel_program_free(p);
	hd_cel_arena_free(arena);
	return start / repeats;
}

static double time_lua(lua_State *lua, const char *code, unsigned repeats)
{
	double start;
	unsigned i;
	int f;

	if (luaL_loadstring(lua, code) != LUA_OK)
		abort();
	f = luaL_ref(lua, LUA_REGISTRYINDEX);
	start = now_ns();
	for (i = 0; i < repeats; i++) {
		lua_rawgeti(lua, LUA_REGISTRYINDEX, f);
		if (lua_pcall(lua, 0, 1, 0) != LUA_OK)
			abort();
		lua_pop(lua, 1);
	}
	return (now_ns() - start) / repeats;
}

int main(int argc, char **argv)
{
	unsigned repeats = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10)
				    : 200000;
	json_t *alert = make_alert();
	struct hd_cel_env *env = make_env();
	lua_State *lua = make_lua(alert);
	char *text = json_dumps(alert, JSON_COMPACT);
	size_t i;

	printf("alert of %zu bytes, %u evaluations each\n", strlen(text),
	       repeats);
	printf("%-12s %10s %10s %8s\n", "", "cel ns", "lua ns", "ratio");
	for (i = 0; i < EXAMPLES; i++) {
		double cel = time_cel(env, alert, examples[i].cel, repeats);
		double l = time_lua(lua, examples[i].lua, repeats);

		printf("%-12s %10.0f %10.0f %8.2f\n", examples[i].name, cel, l,
		       cel / l);
	}
	free(text);
	lua_close(lua);
	hd_cel_env_free(env);
	json_decref(alert);
	return 0;
}
