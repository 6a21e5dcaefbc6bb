/* Any bytes as what HEC receives, as envelopes and as lines: what is taken can
 * be emitted, what is told as bad is told with a code of Splunk's.  The same
 * bytes as a stream of export, too. */
#include <stdint.h>
#include <stdlib.h>

#include "core/plugin/instance_impl.h"
#include "splunk_in/account.h"
#include "splunk_in/export.h"
#include "splunk_in/hec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static herald_str option(const herald_host *h, const char *name, uint32_t index)
{
	(void)h;
	(void)name;
	(void)index;
	return (herald_str){ NULL, 0 };
}

static void check(const herald_host *h, struct hec_batch *batch,
		  enum hec_code code)
{
	struct splunk_arrival arrival;

	if (code > HEC_ALL_FULL || batch->n > HEC_EVENTS_MAX + 1)
		abort();
	for (uint32_t i = 0; i < batch->n; i++) {
		const herald_record *record = &batch->items[i].record;

		if (!record->json.p || record->json.n == 0 || !record->row)
			abort();
		account_arrival(h, record->json, record->row, &arrival);
	}
	hec_batch_free(batch, h);
}

static void on_row(void *ud, struct hp_json *line)
{
	(void)ud;
	if (hp_json_type(line, "/result", "") != HERALD_JSON_OBJECT)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const query[] = { "host", "h", "index", "i", NULL };
	herald_host h = { .struct_size = sizeof(h), .option = option };
	struct hec_batch envelopes = { NULL, 0, 0 }, lines = { NULL, 0, 0 };
	char *copy = malloc(n + 1);
	struct hp_text why;
	herald_str body;

	hd_host_fill_json(&h);
	memcpy(copy, data, n);
	copy[n] = '\0';
	body = (herald_str){ copy, n };
	check(&h, &envelopes, hec_batch_read(&envelopes, &h, body));
	check(&h, &lines, hec_batch_lines(&lines, &h, body, query));
	hp_text_init(&why, 512);
	if (export_read(&h, body, on_row, NULL, &why) != EXPORT_WHOLE &&
	    why.n == 0)
		abort();
	hp_text_fini(&why);
	free(copy);
	return 0;
}
