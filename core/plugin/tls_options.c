#include "core/plugin/tls_options.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/conf/complaint.h"
#include "core/conf/node.h"
#include "core/net/tls.h"
#include "core/plugin/options.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

const struct hd_key hd_tls_keys[] = {
	{ .name = "ca_file", .type = HERALD_PATH, .offset = HD_KEY_NOWHERE },
	{ .name = "pin", .type = HERALD_STRING, .offset = HD_KEY_NOWHERE },
	{ .name = "server_name",
	  .type = HERALD_HOST,
	  .offset = HD_KEY_NOWHERE },
	{ .name = "cert_file", .type = HERALD_PATH, .offset = HD_KEY_NOWHERE },
	{ .name = "key_file", .type = HERALD_PATH, .offset = HD_KEY_NOWHERE },
	{ .name = "verify", .type = HERALD_BOOL, .offset = HD_KEY_NOWHERE },
	{ .name = "until", .type = HD_TYPE_DATE, .offset = HD_KEY_NOWHERE },
	{ .name = NULL },
};

static int check_until(const struct hd_node *until,
		       const struct hd_check *check)
{
	int64_t now = hd_utc_ms();
	struct hd_value date;

	if (hd_value_check(HD_TYPE_DATE, NULL, until, check, &date) < 0)
		return -1;
	/* The day itself is included. */
	if (date.number + DAY_MS <= now) {
		hd_complain(check->complaints, hd_node_place(until),
			    "the time without verification ended on %s",
			    date.text);
		return hd_complain_remedy(check->complaints,
					  "set tls.ca_file or tls.pin: "
					  "heraldctl trust prints it");
	}
	if (date.number > now + HD_TLS_INSECURE_DAYS * DAY_MS)
		return hd_complain(check->complaints, hd_node_place(until),
				   "%s is more than %d days ahead", date.text,
				   HD_TLS_INSECURE_DAYS);
	return 0;
}

int hd_tls_check(const struct hd_node *section, const struct hd_check *check)
{
	const struct hd_node *tls = hd_node_get(section, "tls");
	const struct hd_node *verify = hd_node_get(tls, "verify");
	const struct hd_node *until = hd_node_get(tls, "until");
	struct hd_value on = { .number = 1 };

	if (verify && hd_value_check(HERALD_BOOL, NULL, verify, check, &on) < 0)
		return -1;
	if (on.number == 0 && !until) {
		hd_complain(check->complaints, hd_node_place(verify),
			    "verify: false needs an end");
		return hd_complain_remedy(check->complaints,
					  "add 'until: DATE', at most %d days "
					  "ahead, or better set ca_file or pin",
					  HD_TLS_INSECURE_DAYS);
	}
	if (on.number == 1 && until)
		return hd_complain(check->complaints, hd_node_place(until),
				   "'until' stands with verify: false only");
	if (on.number == 0)
		return check_until(until, check);
	return 0;
}

static char *text_of(const struct hd_options *o, const char *name)
{
	return hd_strdup(hd_options_text(o, name, 0).p);
}

void hd_tls_policy_of(const struct hd_options *o, struct hd_tls_policy *out)
{
	memset(out, 0, sizeof(*out));
	out->insecure = hd_options_number(o, "tls_verify") == 0;
	out->ca_file = text_of(o, "tls_ca_file");
	out->pin = text_of(o, "tls_pin");
	out->server_name = text_of(o, "tls_server_name");
	out->cert_file = text_of(o, "tls_cert_file");
	out->key_file = text_of(o, "tls_key_file");
}

int64_t hd_tls_insecure_until(const struct hd_options *o)
{
	if (hd_options_number(o, "tls_verify") != 0)
		return 0;
	return hd_options_number(o, "tls_until") + DAY_MS;
}
