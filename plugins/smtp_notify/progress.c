#include "smtp_notify/progress.h"

#include "common/text.h"

static const char *const lists[] = {
	[SMTP_OPEN] = "/open", /* never written */
	[SMTP_DONE] = "/done",
	[SMTP_FAILED] = "/failed",
	[SMTP_DOUBT] = "/doubt",
};

bool smtp_progress_open(struct smtp_progress *p, const herald_host *h,
			herald_str memo)
{
	if (memo.n == 0)
		memo = (herald_str){ NULL, 0 };
	return hp_json_open(&p->memo, h, memo);
}

void smtp_progress_close(struct smtp_progress *p)
{
	hp_json_close(&p->memo);
}

static bool is_in(struct smtp_progress *p, enum smtp_fate fate,
		  herald_str recipient)
{
	size_t count = hp_json_size(&p->memo, lists[fate], "");

	for (size_t i = 0; i < count; i++) {
		struct hp_path at;
		herald_str one = hp_json_text(
			&p->memo, hp_path(&at, "%s/%zu", lists[fate], i), "");

		if (hp_str_same(one, recipient))
			return true;
	}
	return false;
}

enum smtp_fate smtp_progress_of(struct smtp_progress *p, herald_str recipient)
{
	if (is_in(p, SMTP_DONE, recipient))
		return SMTP_DONE;
	if (is_in(p, SMTP_DOUBT, recipient))
		return SMTP_DOUBT;
	return is_in(p, SMTP_FAILED, recipient) ? SMTP_FAILED : SMTP_OPEN;
}

void smtp_progress_note(struct smtp_progress *p, herald_str recipient,
			enum smtp_fate fate)
{
	struct hp_path at;

	if (fate != SMTP_OPEN)
		hp_json_put(&p->memo, hp_path(&at, "%s/-", lists[fate]),
			    recipient);
}

size_t smtp_progress_count(struct smtp_progress *p, enum smtp_fate fate)
{
	return hp_json_size(&p->memo, lists[fate], "");
}

static void forget(struct smtp_progress *p, enum smtp_fate fate)
{
	const herald_str none = { NULL, 0 };

	p->memo.h->json_set(p->memo.d, lists[fate], HERALD_JSON_NONE, none);
}

void smtp_progress_begin(struct smtp_progress *p, const herald_str *all,
			 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (smtp_progress_of(p, all[i]) == SMTP_OPEN)
			return;
	}
	if (smtp_progress_count(p, SMTP_DOUBT) > 0)
		forget(p, SMTP_DOUBT);
	else
		forget(p, SMTP_FAILED);
}

unsigned smtp_progress_try(struct smtp_progress *p)
{
	int64_t tries = hp_json_int(&p->memo, "/tries", "", 0);

	if (tries < 0 || tries > 1000)
		tries = 1000;
	hp_json_put_int(&p->memo, "/tries", ++tries);
	return (unsigned)tries;
}

herald_str smtp_progress_memo(struct smtp_progress *p)
{
	return hp_json_all(&p->memo);
}
