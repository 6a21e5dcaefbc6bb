#include "core/lookup/answer.h"

#include <stdlib.h>
#include <string.h>

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

static bool is_inside_character(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Bytes of the longest beginning that is at most `most` characters and ends
 * with a word; in the middle of one only if it is very long itself. */
static size_t whole_words(const char *text, size_t most)
{
	size_t n = 0, count = 0, word = 0;

	for (; text[n] != '\0'; n++) {
		if (is_inside_character(text[n]))
			continue;
		if (count == most)
			return word > n / 2 ? word : n;
		if (text[n] == ' ')
			word = n;
		count++;
	}
	return n;
}

static size_t whole_characters(const char *text, size_t most)
{
	size_t n = strnlen(text, most);

	while (n > 0 && text[n] != '\0' && is_inside_character(text[n]))
		n--;
	return n;
}

static void set_reason(struct hd_answer *a, const char *text)
{
	size_t n = whole_words(text, HD_REASON_MAX - 1);

	if (text[n] == '\0' ||
	    whole_words(text, HD_REASON_MAX) == strlen(text)) {
		a->reason = hd_strdup(text);
		return;
	}
	a->reason = hd_strf("%.*s\u2026", (int)n, text);
	a->detail = hd_memdup0(text, whole_characters(text, HD_DETAIL_MAX));
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
	if (reason)
		set_reason(a, reason);
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
	free(answer->detail);
	free(answer);
}
