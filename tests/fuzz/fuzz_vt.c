/* Any bytes as VirusTotal's report: an answer is an object whose score is one
 * that OCSF knows, and what is no report is none. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/plugin/instance_impl.h"
#include "vt_enrich/judge.h"
#include "vt_enrich/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_answer(const herald_host *h, herald_doc *d)
{
	herald_str score;

	if (h->json_get(d, "", NULL) != HERALD_JSON_OBJECT)
		abort();
	if (h->json_get(d, "/reputation/score_id", &score) != HERALD_JSON_INT ||
	    score.n == 0 || score.n > 2 || score.p[0] == '-')
		abort();
}

static void read_report(const herald_host *h, herald_str body)
{
	herald_doc *in = h->json_parse(h, body, NULL);
	herald_doc *out = h->json_parse(h, (herald_str){ NULL, 0 }, NULL);
	struct hp_json from = { .h = h, .d = in }, to = { .h = h, .d = out };

	if (in && vt_report_read(&from, "ip-address", &to))
		check_answer(h, out);
	h->json_free(in);
	h->json_free(out);
}

static void read_quota(const uint8_t *data, size_t n)
{
	struct vt_quota quota = { 0 };
	char text[VT_QUOTA_TEXT];

	n = n < sizeof(text) - 1 ? n : sizeof(text) - 1;
	memcpy(text, data, n);
	text[n] = '\0';
	vt_quota_read(&quota, text, 1000, INT64_C(1795564742000));
	/* Never for longer than until midnight. */
	if (vt_quota_left(&quota, 1000) > 86400000)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	herald_host h = { .struct_size = sizeof(h) };

	hd_host_fill_json(&h);
	read_report(&h, (herald_str){ (const char *)data, n });
	read_quota(data, n);
	return 0;
}
