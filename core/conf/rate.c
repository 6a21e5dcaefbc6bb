#include "core/conf/rate.h"

#include <string.h>

#include "core/conf/complaint.h"
#include "core/conf/node.h"
#include "core/conf/value_impl.h"

#define COUNT_MAX 1000000000

int hd_rate_parse(const char *text, size_t n, struct hd_rate *out,
		  char why[HD_VALUE_WHY], char remedy[HD_VALUE_REMEDY])
{
	struct hd_value window = { 0 };
	struct hd_reading in = {
		.values = "1s..", .out = &window, .why = why, .remedy = remedy
	};
	int64_t count;
	size_t used;

	if (hd_reading_digits(text, n, &count, &used) && used < n &&
	    text[used] == '/' && count <= COUNT_MAX) {
		in.text = text + used + 1;
		in.n = n - used - 1;
		if (hd_read_duration(&in)) {
			out->count = count;
			out->window_ms = window.number;
			return 0;
		}
	}
	hd_reading_fail(&in, "is no limit",
			"write COUNT/DURATION, or a list of them: 5/1h, "
			"[4/1m, 500/1d]");
	return -1;
}

bool hd_read_rate(struct hd_reading *in)
{
	struct hd_rate rate;

	return hd_rate_parse(in->text, in->n, &rate, in->why, in->remedy) == 0;
}

static int read_one(const struct hd_node *node, const struct hd_check *check,
		    struct hd_rates *out)
{
	size_t n;
	const char *text;

	if (hd_value_check(HD_TYPE_RATE, NULL, node, check, NULL) < 0)
		return -1;
	if (out->count == HD_RATES_MAX) {
		hd_complain(check->complaints, hd_node_place(node),
			    "more than %d limits", HD_RATES_MAX);
		return hd_complain_remedy(check->complaints,
					  "keep the tightest");
	}
	text = hd_node_text(node, &n);
	return hd_rate_parse(text, n, &out->items[out->count++],
			     (char[HD_VALUE_WHY]){ "" },
			     (char[HD_VALUE_REMEDY]){ "" });
}

int hd_rates_read(const struct hd_node *node, const struct hd_check *check,
		  struct hd_rates *out)
{
	size_t i;
	int rc = 0;

	memset(out, 0, sizeof(*out));
	if (hd_node_type(node) != HD_NODE_SEQ)
		return read_one(node, check, out);
	for (i = 0; i < hd_node_count(node); i++) {
		if (read_one(hd_node_item(node, i), check, out) < 0)
			rc = -1;
	}
	return rc;
}
