/* cel.h - the Common Expression Language over JSON values
 *
 * A small CEL: grammar, macros, standard functions and the extension
 * libraries strings, math, network, encoders, bindings, optionals and
 * two-variable comprehensions of the language definition, without protocol
 * buffers; a type checker; unknowns.  It needs libc, jansson and PCRE2 and
 * knows nothing of the program that uses it.
 *
 *	struct hd_cel_env *env = hd_cel_env_new();
 *	hd_cel_env_var(env, "severity", "int", 0);
 *	hd_cel_env_var(env, "row", "map(string, dyn)", 1);
 *	hd_cel_env_const(env, "LEVEL.HIGH", hd_cel_int(4));
 *	hd_cel_env_function(env, "number(dyn) -> double", number, NULL);
 *
 *	struct hd_cel_issues issues = { 0 };
 *	struct hd_cel_options opt = { .expect = "bool" };
 *	struct hd_cel_program *p = hd_cel_compile(env, text, strlen(text),
 *						  &opt, &issues);
 *	(p is NULL: print issues; hd_cel_issues_fini(&issues) in any case)
 *
 *	struct hd_cel_value slots[2] = { hd_cel_int(5), hd_cel_json(row) };
 *	struct hd_cel_activation act = { .slots = slots, .n_slots = 2 };
 *	struct hd_cel_arena *arena = hd_cel_arena_new(0);
 *	struct hd_cel_value v = hd_cel_eval(p, &act, arena);
 *	if (v.kind == HD_CEL_BOOL && v.u.boolean)
 *		...
 *	hd_cel_arena_reset(arena);
 *
 * Life and threads.  Build an environment, then only read it; compile from it
 * in any thread.  A program is immutable and may be evaluated by many threads
 * at once, each with an arena of its own.  The environment outlives the
 * programs.  Nothing here is global, nothing calls setenv() or setlocale();
 * time zones are read from /usr/share/zoneinfo once a program or an arena.
 *
 * Types are written as text: bool int uint double string bytes null_type dyn
 * timestamp duration type list(T) map(K, V) optional_type(T) wrapper(T) net.IP
 * net.CIDR; a single capital letter is a type parameter; any other name is an
 * object type, whose attributes the environment's provider knows.
 *
 * A `dyn` value (a row of somebody else's data, say: "map(string, dyn)") is
 * checked when it is evaluated: everything may be done with it, and what does
 * not fit its type then is an error of kind HD_CEL_E_TYPE.
 *
 * Thread rules: [any] where nothing else is said; one arena, one thread.
 */
#ifndef HD_CEL_CEL_H
#define HD_CEL_CEL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <jansson.h>

struct hd_cel_arena;
struct hd_cel_call;
struct hd_cel_env;
struct hd_cel_program;
struct hd_cel_unknowns;

/* ---- values ---------------------------------------------------------- */

enum hd_cel_kind {
	HD_CEL_NONE, /* zeroed memory: as a variable, absent; never a result */
	HD_CEL_NULL,
	HD_CEL_BOOL,
	HD_CEL_INT,
	HD_CEL_UINT,
	HD_CEL_DOUBLE,
	HD_CEL_STRING, /* UTF-8, may hold '\0', need not end with one */
	HD_CEL_BYTES,
	HD_CEL_LIST,
	HD_CEL_MAP,
	HD_CEL_TIMESTAMP,
	HD_CEL_DURATION,
	HD_CEL_TYPE,
	HD_CEL_OPTIONAL,
	HD_CEL_IP,
	HD_CEL_CIDR,
	HD_CEL_ERROR,	/* hd_cel_error_of() tells */
	HD_CEL_UNKNOWN, /* hd_cel_unknown_ids() tells */
	HD_CEL_KINDS
};

/* Passed by value.  What it points to is borrowed: from the JSON tree or the
 * text it was made of, from the program, or from the arena. */
struct hd_cel_value {
	uint8_t kind; /* enum hd_cel_kind */
	uint8_t form; /* how it is held: the library's business */
	uint16_t spare;
	uint32_t n; /* bytes of `text`; nanoseconds of a timestamp */
	union {
		bool boolean;
		int64_t integer; /* int; a timestamp's seconds since 1970; a
				  * duration's nanoseconds */
		uint64_t uinteger;
		double real;
		const char *text; /* string, bytes */
		const json_t *json;
		const void *p;
	} u;
};

static inline struct hd_cel_value hd_cel_null(void)
{
	return (struct hd_cel_value){ .kind = HD_CEL_NULL };
}

static inline struct hd_cel_value hd_cel_bool(bool b)
{
	return (struct hd_cel_value){ .kind = HD_CEL_BOOL, .u.boolean = b };
}

static inline struct hd_cel_value hd_cel_int(int64_t i)
{
	return (struct hd_cel_value){ .kind = HD_CEL_INT, .u.integer = i };
}

static inline struct hd_cel_value hd_cel_uint(uint64_t u)
{
	return (struct hd_cel_value){ .kind = HD_CEL_UINT, .u.uinteger = u };
}

static inline struct hd_cel_value hd_cel_double(double d)
{
	return (struct hd_cel_value){ .kind = HD_CEL_DOUBLE, .u.real = d };
}

/* `text` is borrowed and must be UTF-8; see hd_cel_call_string for a copy. */
static inline struct hd_cel_value hd_cel_stringn(const char *text, size_t n)
{
	return (struct hd_cel_value){ .kind = HD_CEL_STRING,
				      .n = (uint32_t)n,
				      .u.text = text };
}

static inline struct hd_cel_value hd_cel_string(const char *text)
{
	return hd_cel_stringn(text, strlen(text));
}

static inline struct hd_cel_value hd_cel_bytes(const void *p, size_t n)
{
	return (struct hd_cel_value){ .kind = HD_CEL_BYTES,
				      .n = (uint32_t)n,
				      .u.text = p };
}

/* Seconds since 1970 and 0..999999999 nanoseconds. */
static inline struct hd_cel_value hd_cel_timestamp(int64_t s, uint32_t ns)
{
	return (struct hd_cel_value){ .kind = HD_CEL_TIMESTAMP,
				      .n = ns,
				      .u.integer = s };
}

/* Milliseconds since 1970. */
struct hd_cel_value hd_cel_timestamp_ms(int64_t ms);

static inline struct hd_cel_value hd_cel_duration_ns(int64_t ns)
{
	return (struct hd_cel_value){ .kind = HD_CEL_DURATION,
				      .u.integer = ns };
}

/* A JSON value without copying: integer is int, real is double, array is
 * list, object is map.  NULL gives HD_CEL_NONE.  Borrowed from `json`. */
struct hd_cel_value hd_cel_json(const json_t *json);

/* A value that is not known yet: it depends on the lookup `id`. */
static inline struct hd_cel_value hd_cel_unknown(uint32_t id)
{
	return (struct hd_cel_value){ .kind = HD_CEL_UNKNOWN, .n = id };
}

/* "int", "google.protobuf.Timestamp", ...: what type(x) is called. */
const char *hd_cel_kind_name(enum hd_cel_kind kind);

/* True if both have the same type and value, as CEL's == sees it (so also
 * 1 and 1.0).  False for errors and unknowns. */
bool hd_cel_equal(struct hd_cel_value a, struct hd_cel_value b);

/* Values of several parts, made outside of an evaluation: copied into the
 * arena, or an error of kind HD_CEL_E_LIMIT when it is full.  Keys must differ
 * and be bool, int, uint or string. */
struct hd_cel_value hd_cel_make_string(struct hd_cel_arena *arena,
				       const char *text, size_t n);
struct hd_cel_value hd_cel_make_list(struct hd_cel_arena *arena,
				     const struct hd_cel_value *items,
				     size_t n);
struct hd_cel_value hd_cel_make_map(struct hd_cel_arena *arena,
				    const struct hd_cel_value *keys,
				    const struct hd_cel_value *values,
				    size_t n);

/* Elements of a list, entries of a map; 0 for everything else. */
size_t hd_cel_size(struct hd_cel_value v);

/* Element `i` of a list; HD_CEL_NONE if there is none. */
struct hd_cel_value hd_cel_at(struct hd_cel_value list, size_t i);

/* What a map holds under a text key; HD_CEL_NONE if there is nothing. */
struct hd_cel_value hd_cel_get(struct hd_cel_value map, const char *key);

/* Entry `i` (0 to size - 1, in the map's order).  Linear in `i` for JSON
 * objects.  False if there is none. */
bool hd_cel_entry(struct hd_cel_value map, size_t i, struct hd_cel_value *key,
		  struct hd_cel_value *value);

/* What an optional holds; HD_CEL_NONE for optional.none(). */
struct hd_cel_value hd_cel_optional_value(struct hd_cel_value v);

enum hd_cel_error_code {
	HD_CEL_E_ABSENT, /* no such attribute, key, variable; index past the
			  * end of an attribute */
	HD_CEL_E_TYPE,	 /* no such overload; not a bool; no such function */
	HD_CEL_E_VALUE,	 /* overflow, division by zero, a text that is no
			  * number, bad pattern, repeated key, ... */
	HD_CEL_E_LIMIT,	 /* cost, memory, pattern too costly */
	HD_CEL_E_OTHER	 /* said by a function of the caller's */
};

struct hd_cel_error {
	enum hd_cel_error_code code;
	uint32_t offset;  /* bytes into the source of the expression at fault */
	const char *text; /* "division by zero", "absent: device.risk_score" */
	const char *path; /* ABSENT: what was asked for, whole, as in the
			   * source: "device.risk_score", "observables[*].name"
			   * (of a variable of a macro: what it runs over); ""
			   * else */
	uint32_t missing; /* ABSENT: bytes of `path` up to and including the
			   * first thing that is not there: 6 of
			   * "device.risk_score" if there is no device */
};

/* NULL if `v` is no error.  Borrowed from the arena. */
const struct hd_cel_error *hd_cel_error_of(const struct hd_cel_value *v);

/* True if `v` is an error with code HD_CEL_E_ABSENT. */
bool hd_cel_is_absent(const struct hd_cel_value *v);

/* The lookups that an unknown depends on, ascending, without repeats; 0 if it
 * is no unknown.  Borrowed from `v` or the arena. */
size_t hd_cel_unknown_ids(const struct hd_cel_value *v, const uint32_t **ids);

/* A new reference; NULL for errors, unknowns and lack of memory.  Timestamps,
 * durations, addresses and types as text, bytes in base64, an optional as its
 * value or null, an uint beyond int64 and numbers that are not finite as text,
 * keys of maps as text.  JSON that came in is shared, not copied. */
json_t *hd_cel_to_json(struct hd_cel_value v);

/* As string(x) for scalars, types and addresses ("" for null: the place of an
 * empty value in a text), as JSON text for lists and maps.  False for errors,
 * unknowns and a full arena.  Borrowed from `v` or the arena; not ended by
 * '\0'. */
bool hd_cel_to_text(struct hd_cel_value v, struct hd_cel_arena *arena,
		    const char **text, size_t *n);

/* ---- environment ----------------------------------------------------- */

/* With the whole standard library and all extensions; free with
 * hd_cel_env_free().  Never NULL (lack of memory ends the process, here and
 * in the hd_cel_env_ functions below). */
struct hd_cel_env *hd_cel_env_new(void);

/* As `parent`, to which more may be added; `parent` must outlive it and be
 * finished. */
struct hd_cel_env *hd_cel_env_extend(const struct hd_cel_env *parent);

void hd_cel_env_free(struct hd_cel_env *env); /* accepts NULL */

/* Each returns 0, or -1 when `name`, type or signature is no good or taken.
 * They need not be asked: the first trouble is kept, hd_cel_env_trouble()
 * tells it, and nothing compiles in such an environment. */

/* A variable; `name` may be qualified ("x.y" is one variable).  `slot` is its
 * number in the activation, below HD_CEL_SLOTS; two names may share a slot. */
#define HD_CEL_SLOTS 1024
int hd_cel_env_var(struct hd_cel_env *env, const char *name, const char *type,
		   unsigned slot);

/* A name for a scalar: "SEVERITY.HIGH".  Text is copied. */
int hd_cel_env_const(struct hd_cel_env *env, const char *name,
		     struct hd_cel_value value);

/* A function of the caller's.  It gets arguments that are neither errors nor
 * unknowns and whose types fit the signature, and returns a value, or what
 * hd_cel_call_error() made.  It must be pure and must not block. */
typedef struct hd_cel_value (*hd_cel_fn)(struct hd_cel_call *call,
					 const struct hd_cel_value *args,
					 size_t n);

/* One overload of a function: "listed(string, string) -> bool",
 * "string.words() -> list(string)" (called on its first argument: x.words();
 * brackets around a receiver type with parameters: "(list(T)).last() -> T"),
 * "cmdb.owner(string) -> string" if `cmdb` is no type (a namespace).  May be
 * called again for further overloads. */
int hd_cel_env_function(struct hd_cel_env *env, const char *signature,
			hd_cel_fn fn, void *ud);

/* Knows the attributes of object types. */
struct hd_cel_provider {
	/* The type of an attribute, as text; NULL if there is none such.
	 * Borrowed until the environment ends.  `field` ends with '\0'. */
	const char *(*field)(void *ud, const char *object, const char *field);
	/* The name of attribute `i` from 0, NULL past the last: for "did you
	 * mean".  May be NULL. */
	const char *(*name)(void *ud, const char *object, size_t i);
	void *ud;
};
void hd_cel_env_provider(struct hd_cel_env *env,
			 const struct hd_cel_provider *provider);

/* What went wrong first, or NULL. */
const char *hd_cel_env_trouble(const struct hd_cel_env *env);

/* ---- compiling ------------------------------------------------------- */

struct hd_cel_issue {
	uint32_t offset;	       /* bytes */
	uint32_t line, column, length; /* from 1; code points; length >= 1 */
	char *text;   /* "no attribute 'titel' in finding_info" */
	char *remedy; /* "did you mean 'title'?", "" if there is none */
};

/* Start with all zero. */
struct hd_cel_issues {
	struct hd_cel_issue *items; /* by offset */
	size_t n;
};

void hd_cel_issues_fini(struct hd_cel_issues *issues);

/* Zero means the default, for every member. */
struct hd_cel_limits {
	uint32_t source; /* bytes of one expression: 16384 */
	uint32_t depth;	 /* nesting: 250, at most 1000; about 2 KiB of the
			  * caller's stack each */
	uint32_t comprehensions; /* macros inside each other: 4 */
	uint32_t cost; /* of one evaluation: one a node, one for each element
			* visited, one for 64 bytes built; patterns and long
			* texts that are searched count too: 100000 */
};

struct hd_cel_options {
	const char *expect;    /* type of the result; NULL: any */
	const char *container; /* namespace "a.b" for names; NULL: none */
	bool no_failing;       /* what fails whatever the input, such as
				* duration("5x"), is an issue */
	bool unchecked;	       /* resolve names, leave types to evaluation */
	struct hd_cel_limits limits;
};

/* Parses, resolves, checks.  NULL with at least one issue when anything is
 * wrong (all that can be told at once); `issues` is only added to.  `options`
 * may be NULL.  The caller frees the program before the environment. */
struct hd_cel_program *hd_cel_compile(const struct hd_cel_env *env,
				      const char *source, size_t n,
				      const struct hd_cel_options *options,
				      struct hd_cel_issues *issues);

void hd_cel_program_free(struct hd_cel_program *program); /* accepts NULL */

/* The type of the result, as text ("dyn" when unchecked). */
const char *hd_cel_program_type(const struct hd_cel_program *program);

/* What an expression asks for. */
struct hd_cel_ref {
	const char *path; /* "enrich.vt", "user.name", "evidences[*].url":
			   * every index and every key that is computed, and
			   * each turn of a macro, is [*] */
	uint32_t offset, line, column, length; /* of its last name */
	unsigned slot;			       /* of the variable */
	bool tested; /* absence is no error here: has(), .?x, [?k] */
};

/* The longest path each time, in the order of the source, with repeats.
 * Borrowed from `program`. */
size_t hd_cel_program_refs(const struct hd_cel_program *program,
			   const struct hd_cel_ref **refs);

/* Calls of the caller's own functions, to check literal arguments at load
 * (a list's name, say). */
struct hd_cel_callsite {
	const char *function;
	uint32_t offset, line, column, length;
	size_t n; /* arguments, the receiver first */
	const struct hd_cel_value *const *args; /* NULL where no literal */
};
size_t hd_cel_program_calls(const struct hd_cel_program *program,
			    const struct hd_cel_callsite **calls);

/* ---- evaluating ------------------------------------------------------ */

/* Memory and reusable tools of one thread.  `max` bytes bound what stands
 * between two resets; 0: 1 MiB.  Never NULL. */
struct hd_cel_arena *hd_cel_arena_new(size_t max);

/* Frees all values made since the last reset, keeps the first memory: plain
 * conditions are then evaluated without malloc(). */
void hd_cel_arena_reset(struct hd_cel_arena *arena);

void hd_cel_arena_free(struct hd_cel_arena *arena); /* accepts NULL */

/* The input of an evaluation.  A variable is slots[slot] if that is there and
 * not HD_CEL_NONE; else what `resolve` answers, if there is one; else it is
 * absent: an error of kind HD_CEL_E_ABSENT where it is used, optional.none()
 * before .?x and [?k].  `resolve` may answer HD_CEL_NONE (absent),
 * hd_cel_unknown(id), or allocate with `call`; it is asked each time, so keep
 * what is dear. */
struct hd_cel_activation {
	const struct hd_cel_value *slots;
	size_t n_slots;
	struct hd_cel_value (*resolve)(void *ud, unsigned slot,
				       struct hd_cel_call *call);
	void *ud;
	const struct hd_cel_unknowns *unknowns; /* NULL: none */
};

/* A value, an error or an unknown; valid until the arena is reset, the
 * program freed, or the JSON it points into changed.  Never fails otherwise
 * and cannot run away.  Does not reset the arena, so that results of several
 * evaluations can be compared; re-entrant, also from a function of the
 * caller's.
 *
 * Unknowns: a call with an unknown argument is unknown, unless an earlier
 * argument is an error; `&&`, `||`, `all`, `exists`, `?:` drop those that
 * make no difference.  A known result (a value, or an error) is the result
 * whatever the unknown turn out to be. */
struct hd_cel_value hd_cel_eval(const struct hd_cel_program *program,
				const struct hd_cel_activation *activation,
				struct hd_cel_arena *arena);

/* What the last evaluation in this arena cost: as counted for limits.cost. */
uint64_t hd_cel_arena_cost(const struct hd_cel_arena *arena);

/* What is absent below these paths is unknown: "user", "enrich.vt",
 * "evidences[*].user".  The path starts with a variable of `env` (unqualified)
 * and goes on with .name or [*]; below its end everything is covered, inside
 * lists too.  What is there is known, and a list that is there is whole: it
 * gets no further elements, but attributes of its elements may be missing.
 * A map or list with such gaps is unknown where it is used as a whole
 * (compared, given to a function, iterated by key, the result).
 * Immutable once in use; free after the last evaluation. */
struct hd_cel_unknowns *hd_cel_unknowns_new(const struct hd_cel_env *env);

/* -1 if the path is malformed or names no variable. */
int hd_cel_unknowns_add(struct hd_cel_unknowns *unknowns, const char *path,
			uint32_t id);
void hd_cel_unknowns_free(struct hd_cel_unknowns *unknowns);

/* ---- inside functions of the caller's -------------------------------- */

/* The `ud` of hd_cel_env_function(). */
void *hd_cel_call_ud(const struct hd_cel_call *call);

/* The `ud` of the activation. */
void *hd_cel_call_activation(const struct hd_cel_call *call);

/* Memory of the arena, aligned for everything; NULL when it is full (the
 * evaluation then ends with HD_CEL_E_LIMIT whatever is returned). */
void *hd_cel_call_alloc(struct hd_cel_call *call, size_t n);

/* Counts `cost` more; false when the limit is passed (as above). */
bool hd_cel_call_cost(struct hd_cel_call *call, size_t cost);

/* Copies. */
struct hd_cel_value hd_cel_call_string(struct hd_cel_call *call,
				       const char *text, size_t n);
struct hd_cel_value hd_cel_call_stringf(struct hd_cel_call *call,
					const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
struct hd_cel_value hd_cel_call_list(struct hd_cel_call *call,
				     const struct hd_cel_value *items,
				     size_t n);

/* Keys must differ (bool, int, uint, string). */
struct hd_cel_value hd_cel_call_map(struct hd_cel_call *call,
				    const struct hd_cel_value *keys,
				    const struct hd_cel_value *values,
				    size_t n);

/* Borrowed until the arena is reset: `json` is released then. */
struct hd_cel_value hd_cel_call_json_take(struct hd_cel_call *call,
					  json_t *json);

/* Errors to return.  `path` of the second: what was not there. */
struct hd_cel_value hd_cel_call_error(struct hd_cel_call *call, const char *fmt,
				      ...)
	__attribute__((format(printf, 2, 3)));
struct hd_cel_value hd_cel_call_absent(struct hd_cel_call *call,
				       const char *path);

#endif
