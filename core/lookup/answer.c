#include "core/lookup/answer.h"

#include <stdlib.h>

#include "core/base/alloc.h"

const char *hd_outcome_name(enum hd_outcome outcome)
{
	switch (outcome) {
	case HD_HIT:
		return "hit";
	case HD_CLEAN:
		return "clean";
	case HD_NOT_APPLICABLE:
		return "not applicable";
	case HD_MISSING:
		return "missing";
	}
	return "?";
}

struct hd_answer *hd_answer_new(enum hd_outcome outcome, uint32_t status,
				json_t *result, const char *reason,
				int64_t made_ms, int64_t took_ms)
{
	struct hd_answer *a = hd_alloc(sizeof(*a));

	a->refs = 1;
	a->outcome = outcome;
	a->status = status;
	a->result = json_incref(result);
	a->reason = hd_strdup(reason);
	a->made_ms = made_ms;
	a->took_ms = took_ms;
	return a;
}

struct hd_answer *hd_answer_ref(struct hd_answer *answer)
{
	answer->refs++;
	return answer;
}

void hd_answer_unref(struct hd_answer *answer)
{
	if (!answer || --answer->refs != 0)
		return;
	json_decref(answer->result);
	free(answer->reason);
	free(answer);
}
