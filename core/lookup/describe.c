#include "core/base/clock.h"
#include "core/lookup/lookup.h"
#include "core/lookup/service.h"

static const char *state_of(const struct hd_breaker *b)
{
	if (b->open_until_ms == 0)
		return "closed";
	if (b->held)
		return "held";
	return b->probing ? "half open" : "open";
}

static json_t *service_json(const struct hd_service *s, int64_t now_ms)
{
	int64_t wait = hd_breaker_wait(&s->breaker, now_ms);
	json_t *o = json_object();

	json_object_set_new(o, "connector", json_string_nocheck(s->name));
	json_object_set_new(o, "questions", json_integer((json_int_t)s->count));
	json_object_set_new(o, "queued", json_integer((json_int_t)s->queued));
	json_object_set_new(o, "breaker", json_string(state_of(&s->breaker)));
	if (wait > 0)
		json_object_set_new(o, "wait_ms", json_integer(wait));
	if (s->breaker.open_until_ms != 0 && s->trouble)
		json_object_set_new(o, "why", json_string_nocheck(s->trouble));
	if (s->ration)
		json_object_set_new(o, "quota_left",
				    json_integer(hd_ration_left(s->ration)));
	return o;
}

json_t *hd_lookups_describe(const struct hd_lookups *lookups)
{
	json_t *list = json_array();

	for (size_t i = 0; i < lookups->count; i++)
		json_array_append_new(list, service_json(lookups->services[i],
							 hd_now_ms()));
	return list;
}
