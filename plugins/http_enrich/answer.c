#include "http_enrich/answer.h"

#include "common/text.h"

/* Which option makes which member. */
static const struct {
	const char *option, *path;
	uint32_t type; /* of the value; NONE: any */
} members[] = {
	{ "data", "/data", HERALD_JSON_NONE },
	{ "desc", "/desc", HERALD_JSON_STRING },
	{ "link", "/link", HERALD_JSON_STRING },
	{ "device", "/device", HERALD_JSON_OBJECT },
	{ "user", "/user", HERALD_JSON_OBJECT },
	{ "location", "/location", HERALD_JSON_OBJECT },
	{ "labels", "/labels", HERALD_JSON_ARRAY },
	{ "score", "/reputation/score_id", HERALD_JSON_INT },
	{ "base_score", "/reputation/base_score", HERALD_JSON_NONE },
};

static bool is_given(const herald_host *h, const char *option)
{
	return h->option(h, option, 0).p;
}

/* OK, NOT_FOUND, FAILED. */
static uint32_t eval(const herald_host *h, const char *option,
		     struct hp_json *vars, struct hp_json *out,
		     const char *path)
{
	if (!is_given(h, option))
		return HERALD_NOT_FOUND;
	return h->eval(h, option, 0, vars->d, out->d, path);
}

/* Without `hit` every sound answer is one. */
static uint32_t is_hit(const herald_host *h, struct hp_json *vars,
		       const char **why)
{
	uint32_t status, type;
	struct hp_json out;

	if (!is_given(h, "hit"))
		return HERALD_OK;
	hp_json_open(&out, h, (herald_str){ NULL, 0 });
	status = eval(h, "hit", vars, &out, "/hit");
	type = hp_json_type(&out, "/hit", "");
	hp_json_close(&out);
	if (status == HERALD_OK && type == HERALD_JSON_TRUE)
		return HERALD_OK;
	if (status == HERALD_OK && type == HERALD_JSON_FALSE)
		return HERALD_NOT_FOUND;
	*why = status == HERALD_NOT_FOUND
		       ? "the answer lacks what `hit` asks for"
	       : status == HERALD_OK ? "`hit` is neither true nor false"
				     : "`hit` fails";
	return HERALD_BAD_REPLY;
}

/* Both numbers are required of a reputation. */
static uint32_t finish_reputation(struct hp_json *out, const char **why)
{
	int64_t score = hp_json_int(out, "/reputation/score_id", "", -1);
	bool has_score = hp_json_type(out, "/reputation/score_id", "") !=
			 HERALD_JSON_NONE;
	bool has_base = hp_json_type(out, "/reputation/base_score", "") !=
			HERALD_JSON_NONE;

	if (!has_score && !has_base)
		return HERALD_OK;
	if (!has_score || score < 0 || (score > 10 && score != 99)) {
		*why = "`score` is no reputation of 0 to 10";
		return HERALD_BAD_REPLY;
	}
	if (!has_base)
		hp_json_put_int(out, "/reputation/base_score", score);
	return HERALD_OK;
}

static uint32_t read_member(const herald_host *h, size_t i,
			    struct hp_json *vars, struct hp_json *out,
			    const char **why)
{
	uint32_t status = eval(h, members[i].option, vars, out,
			       members[i].path);
	uint32_t type = hp_json_type(out, members[i].path, "");

	if (status == HERALD_NOT_FOUND)
		return HERALD_OK;
	if (status != HERALD_OK) {
		*why = "an expression fails; the log says which";
		return HERALD_BAD_REPLY;
	}
	if (members[i].type == HERALD_JSON_NONE || members[i].type == type)
		return HERALD_OK;
	*why = "an expression gives another type than is wanted";
	herald_logf(h, HERALD_WARNING, 0, "option %s: another type than wanted",
		    members[i].option);
	return HERALD_BAD_REPLY;
}

uint32_t http_enrich_read(const herald_host *h, struct hp_json *vars,
			  struct hp_json *out, const char **why)
{
	uint32_t status = is_hit(h, vars, why);
	size_t count = sizeof(members) / sizeof(members[0]);

	for (size_t i = 0; status == HERALD_OK && i < count; i++)
		status = read_member(h, i, vars, out, why);
	if (status != HERALD_OK)
		return status;
	if (!is_given(h, "data"))
		hp_json_put_copy(out, "/data", vars,
				 is_given(h, "next") ? "/items" : "/answer",
				 "");
	return finish_reputation(out, why);
}
