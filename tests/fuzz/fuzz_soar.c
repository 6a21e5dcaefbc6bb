/* Any bytes as SOAR's answers: whatever action, whatever part of it, it comes
 * to an end, once, and says why where it is not well. */
#include <stdlib.h>

#include "answers.h"
#include "phantom_out/action.h"
#include "phantom_out/flow.h"

#define STEPS_MOST 200 /* no action asks that often */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static unsigned completed;

static void complete(const herald_host *h, herald_id req,
		     const herald_result *r)
{
	(void)h;
	(void)req;
	completed++;
	if (r->status == HERALD_OK && r->json.n != 0 && r->json.p[0] != '{')
		abort();
	if (HERALD_CLASS(r->status) > 1 && r->message.n == 0)
		abort();
}

/* The first byte chooses what is done, the second how far it was before. */
static void choose(herald_call *call, const uint8_t *data)
{
	static const uint32_t modes[] = { HERALD_PLAN, HERALD_RUN,
					  HERALD_VERIFY };
	static const char *const memos[] = {
		"", "{\"container\":42}", "{\"container\":42,\"run\":\"7\"}",
		"{\"container\":42,\"latest\":3,\"status\":\"open\"}"
	};

	call->action = data[0] % PHANTOM_ACTIONS;
	call->mode = modes[data[0] / PHANTOM_ACTIONS % 3];
	call->undoing = data[1] & 1;
	call->memo = herald_cstr(memos[data[1] / 2 % 4]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char params[] =
		"{\"container\":42,\"playbook\":\"local/p\",\"key\":\"k\","
		"\"text\":\"t\",\"name\":\"n\",\"status\":\"closed\"}";
	static const char record[] =
		"{\"finding_info\":{\"title\":\"t\",\"uid\":\"u\"},"
		"\"severity_id\":4,\"observables\":[{\"type_id\":2,"
		"\"name\":\"src\",\"value\":\"192.0.2.1\"}]}";
	herald_host h;
	struct phantom p = { .h = &h,
			     .url = "https://soar.example",
			     .label = "events",
			     .poll_ms = 5000 };
	herald_call call = { .struct_size = sizeof(call),
			     .req = 1,
			     .params = herald_cstr(params),
			     .record = herald_cstr(record),
			     .idem = HERALD_S("a/p/case"),
			     .deadline_ms = INT64_MAX };
	unsigned steps = 0;

	if (n < 2)
		return 0;
	answers_init(&h, data + 2, n - 2);
	h.complete = complete;
	choose(&call, data);
	completed = 0;
	phantom_start(&p, &call);
	while (answers_give(&p))
		if (++steps > STEPS_MOST)
			abort();
	if (completed != 1)
		abort();
	return 0;
}
