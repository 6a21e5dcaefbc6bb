/* Any bytes as what a service answers to http_enrich, where each option of the
 * map names the member of the same name: a hit is an object that the core would
 * take, what is none says why, and pages come to an end. */
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "common/json.h"
#include "http_enrich/answer.h"
#include "http_enrich/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The map is given whole. */
static herald_str option(const herald_host *h, const char *name, uint32_t i)
{
	(void)h;
	(void)i;
	return herald_cstr(name);
}

/* An expression `answer.NAME`; a string "!" there is one that fails. */
static uint32_t eval(const herald_host *h, const char *name, uint32_t index,
		     herald_doc *vars, herald_doc *out, const char *path)
{
	char at[64];
	herald_str text;
	uint32_t type;

	(void)index;
	snprintf(at, sizeof(at), "/answer/%s", name);
	type = h->json_get(vars, at, &text);
	if (type == HERALD_JSON_NONE)
		return HERALD_NOT_FOUND;
	if (type == HERALD_JSON_STRING && text.n == 1 && text.p[0] == '!')
		return HERALD_FAILED;
	return h->json_copy(out, path, vars, at) == 0 ? HERALD_OK
						      : HERALD_FAILED;
}

static void check_hit(struct hp_json *out)
{
	int64_t score = hp_json_int(out, "/reputation/score_id", "", 0);

	if (hp_json_type(out, "", "") != HERALD_JSON_OBJECT)
		abort();
	if (hp_json_type(out, "/reputation", "") == HERALD_JSON_NONE)
		return;
	if (score < 0 || (score > 10 && score != 99) ||
	    hp_json_type(out, "/reputation/base_score", "") == HERALD_JSON_NONE)
		abort();
}

static void read_answer(const herald_host *h, herald_str body)
{
	struct hp_json vars, out, answer;
	const char *why = NULL;
	uint32_t status;

	hp_json_open(&vars, h, (herald_str){ NULL, 0 });
	hp_json_open(&out, h, (herald_str){ NULL, 0 });
	if (hp_json_open(&answer, h, body)) {
		hp_json_put_copy(&vars, "/answer", &answer, "", "");
		status = http_enrich_read(h, &vars, &out, &why);
		if (status == HERALD_OK)
			check_hit(&out);
		else if (status != HERALD_NOT_FOUND && !why)
			abort();
	}
	hp_json_close(&answer);
	hp_json_close(&out);
	hp_json_close(&vars);
}

/* A link is part of the header that it stands in. */
static void read_link(const uint8_t *data, size_t n)
{
	herald_str header = { (const char *)data, n };
	herald_str next = http_enrich_link_next(header);

	if (next.p && (next.p < header.p || next.n > header.n ||
		       next.p + next.n > header.p + header.n))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	herald_host h;

	answers_init(&h, data, n);
	h.option = option;
	h.eval = eval;
	read_answer(&h, (herald_str){ (const char *)data, n });
	read_link(data, n);
	return 0;
}
