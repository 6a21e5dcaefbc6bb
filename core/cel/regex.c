#define PCRE2_CODE_UNIT_WIDTH 8
#include "core/cel/regex.h"

#include <pcre2.h>
#include <stdlib.h>

#include "core/cel/eval.h"
#include "core/cel/pool.h"
#include "core/cel/regex_code.h"
#include "core/cel/text.h"

struct hd_cel_regex *hd_cel_regex_compile(const char *pattern, size_t n,
					  char *why, size_t size)
{
	struct hd_cel_regex *regex = hd_cel_must(calloc(1, sizeof(*regex)));

	if (hd_cel_regex_parse(regex, pattern, n, why, size))
		return regex;
	hd_cel_regex_free_all(regex);
	return NULL;
}

void hd_cel_regex_free_all(struct hd_cel_regex *regex)
{
	while (regex) {
		struct hd_cel_regex *next = regex->next;
		uint32_t i;

		for (i = 0; i < regex->classes_n; i++)
			hd_cel_regex_class_fini(&regex->classes[i]);
		free(regex->classes);
		free(regex->states);
		free(regex);
		regex = next;
	}
}

void hd_cel_regex_link(struct hd_cel_regex *regex, struct hd_cel_regex **list)
{
	regex->next = *list;
	*list = regex;
}

size_t hd_cel_regex_states(const struct hd_cel_regex *regex)
{
	return regex->n;
}

/* ---- matching ---- */

/* A set of states that is emptied and asked in constant time: `where` may
 * hold anything, `list` decides. */
struct states {
	uint32_t n;
	uint32_t *list, *where;
};

struct matcher {
	const struct hd_cel_regex *regex;
	const char *text;
	size_t n, at;
	struct states now, next;
	uint32_t *stack;
	uint64_t steps;
	bool before_word; /* the character before `at` is of a word */
	pcre2_match_data *data;
};

static bool has(const struct states *s, uint32_t i)
{
	uint32_t at = s->where[i];

	return at < s->n && s->list[at] == i;
}

static bool is_word(int c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* Whether an assertion holds between the characters at `at`. */
static bool holds(const struct matcher *m, enum hd_cel_regex_op op)
{
	bool word;

	switch (op) {
	case HD_CEL_RE_BEGIN:
		return m->at == 0;
	case HD_CEL_RE_END:
		return m->at == m->n;
	case HD_CEL_RE_LINE_BEGIN:
		return m->at == 0 || m->text[m->at - 1] == '\n';
	case HD_CEL_RE_LINE_END:
		return m->at == m->n || m->text[m->at] == '\n';
	default:
		word = m->at < m->n && is_word((unsigned char)m->text[m->at]);
		return (m->before_word != word) == (op == HD_CEL_RE_WORD);
	}
}

/* Adds a state and all it leads to without a character.  True if one of them
 * is the end. */
static bool add(struct matcher *m, struct states *s, uint32_t start)
{
	uint32_t top = 0, i;

	m->stack[top++] = start;
	while (top > 0) {
		const struct hd_cel_regex_state *state;

		i = m->stack[--top];
		if (has(s, i))
			continue;
		m->steps++;
		s->where[i] = s->n;
		s->list[s->n++] = i;
		state = &m->regex->states[i];
		switch ((enum hd_cel_regex_op)state->op) {
		case HD_CEL_RE_MATCH:
			return true;
		case HD_CEL_RE_SPLIT:
			m->stack[top++] = i + (uint32_t)state->y;
			m->stack[top++] = i + (uint32_t)state->x;
			break;
		case HD_CEL_RE_JUMP:
			m->stack[top++] = i + (uint32_t)state->x;
			break;
		case HD_CEL_RE_BEGIN:
		case HD_CEL_RE_END:
		case HD_CEL_RE_LINE_BEGIN:
		case HD_CEL_RE_LINE_END:
		case HD_CEL_RE_WORD:
		case HD_CEL_RE_NOT_WORD:
			if (holds(m, (enum hd_cel_regex_op)state->op))
				m->stack[top++] = i + 1;
			break;
		default:
			break;
		}
	}
	return false;
}

static bool takes(const struct matcher *m,
		  const struct hd_cel_regex_state *state, uint32_t code)
{
	switch ((enum hd_cel_regex_op)state->op) {
	case HD_CEL_RE_CHAR:
		return (uint32_t)state->x == code;
	case HD_CEL_RE_CLASS:
		return hd_cel_regex_class_has(&m->regex->classes[state->x],
					      code, m->data);
	case HD_CEL_RE_ANY:
		return true;
	case HD_CEL_RE_NOT_NL:
		return code != '\n';
	default:
		return false;
	}
}

/* Over one character.  True at a match. */
static bool step(struct matcher *m)
{
	uint32_t code = 0xfffd, i;
	size_t len = hd_cel_utf8_get(m->text + m->at, m->n - m->at, &code);
	struct states swap;

	m->before_word = is_word((unsigned char)m->text[m->at]);
	m->at += len != 0 ? len : 1;
	m->next.n = 0;
	for (i = 0; i < m->now.n; i++) {
		uint32_t at = m->now.list[i];

		if (takes(m, &m->regex->states[at], code) &&
		    add(m, &m->next, at + 1))
			return true;
	}
	m->steps += m->now.n + 1;
	swap = m->now;
	m->now = m->next;
	m->next = swap;
	return false;
}

/* With no state alive, the next place where a match could begin. */
static bool skip(struct matcher *m)
{
	const struct hd_cel_regex_state *first = m->regex->states;
	const char *p;

	if (first->op == HD_CEL_RE_BEGIN)
		return m->at == 0;
	if (first->op != HD_CEL_RE_CHAR || first->x >= 128)
		return true;
	p = m->at < m->n ? memchr(m->text + m->at, first->x, m->n - m->at)
			 : NULL;
	if (!p)
		return false;
	m->steps += (uint64_t)(p - (m->text + m->at)) / 16;
	m->at = (size_t)(p - m->text);
	m->before_word = m->at > 0 && is_word((unsigned char)p[-1]);
	return true;
}

static struct hd_cel_value run(struct hd_cel_call *call, struct matcher *m)
{
	for (;;) {
		if (m->now.n == 0 && !skip(m))
			return hd_cel_bool(false);
		if (add(m, &m->now, 0))
			return hd_cel_bool(true);
		if (m->at == m->n)
			return hd_cel_bool(false);
		if (step(m))
			return hd_cel_bool(true);
		if (m->steps >= 4096) {
			if (!hd_cel_call_cost(call, m->steps / 64))
				return hd_cel_stopped(call);
			m->steps = 0;
		}
	}
}

/* Five arrays of as many numbers as there are states, two more for the
 * stack's second half; kept for the next match. */
static bool set_up(struct hd_cel_call *call, struct matcher *m)
{
	struct hd_cel_arena *arena = call->arena;
	size_t n = m->regex->n, need = n * 6 + 2;
	uint32_t *p;

	if (need > arena->scratch_n) {
		p = calloc(need, sizeof(*p));
		if (!p)
			return false;
		free(arena->scratch);
		arena->scratch = p;
		arena->scratch_n = need;
	}
	p = arena->scratch;
	m->now = (struct states){ 0, p, p + n };
	m->next = (struct states){ 0, p + 2 * n, p + 3 * n };
	m->stack = p + 4 * n;
	if (m->regex->classes_n != 0 && !arena->match_data)
		arena->match_data = pcre2_match_data_create(1, NULL);
	m->data = arena->match_data;
	return m->regex->classes_n == 0 || m->data;
}

struct hd_cel_value hd_cel_regex_match(struct hd_cel_call *call,
				       const struct hd_cel_regex *regex,
				       const struct hd_cel_value *text)
{
	struct matcher m = { .regex = regex,
			     .text = text->u.text,
			     .n = text->n };
	struct hd_cel_value v;

	if (!set_up(call, &m))
		return hd_cel_stop(call, "no memory for a match");
	v = run(call, &m);
	if (!hd_cel_call_cost(call, m.steps / 64))
		return hd_cel_stopped(call);
	return v;
}

void hd_cel_regex_data_free(void *data)
{
	pcre2_match_data_free(data);
}
