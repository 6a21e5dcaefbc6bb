#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/conf/complaint.h"
#include "core/conf/list.h"
#include "core/conf/load.h"
#include "core/conf/node.h"
#include "core/conf/settings.h"

#define DAY (24 * 3600 * INT64_C(1000))
#define LEAST "version: 1\npipelines: [{name: default}]\n"

static struct hd_conf *conf;
static struct hd_complaints *complaints;

static struct hd_settings *read_text(const char *text)
{
	struct hd_conf_text one = { "h.yaml", text, strlen(text) };

	complaints = hd_complaints_new();
	conf = hd_conf_load_texts(&one, 1, complaints);
	assert_non_null(conf);
	return hd_settings_read(conf, complaints);
}

static void done(struct hd_settings *settings)
{
	hd_settings_free(settings);
	hd_conf_unref(conf);
	hd_complaints_free(complaints);
}

static void the_least_has_all_defaults(void **state)
{
	struct hd_settings *settings = read_text(LEAST);

	(void)state;
	assert_int_equal(hd_complaints_count(complaints), 0);
	assert_int_equal(settings->herald.mode, HD_MODE_DRY_RUN);
	assert_null(settings->herald.timezone);
	assert_false(settings->herald.inline_secrets);
	assert_int_equal(settings->herald.limits.requests, 1000);
	assert_int_equal(settings->herald.limits.backlog, 200000);
	assert_int_equal(settings->herald.limits.running, 500);
	assert_int_equal(settings->herald.limits.disk_percent, 80);
	assert_int_equal(settings->herald.keep.done_ms, 90 * DAY);
	assert_int_equal(settings->herald.keep.size_bytes, 0);
	assert_false(settings->control.given);
	assert_int_equal(settings->risk_levels[0], 0);
	assert_int_equal(settings->risk_levels[4], 80);
	assert_null(hd_settings_connector(settings, "x"));
	done(settings);
}

static void the_example_is_read(void **state)
{
	const struct hd_connector_settings *misp;
	const struct hd_listen_settings *ingest;
	struct hd_settings *settings;
	struct hd_buf out;

	(void)state;
	complaints = hd_complaints_new();
	conf = hd_conf_load(TEST_SRCDIR "/../conf/examples/herald.yaml",
			    complaints);
	assert_non_null(conf);
	settings = hd_settings_read(conf, complaints);
	hd_buf_init(&out, 1 << 20);
	hd_complaints_print(complaints, &out);
	/* `times` is shown, and comes later (configuration.md section 9). */
	assert_int_equal(hd_complaints_count(complaints), 1);
	assert_non_null(
		strstr(hd_buf_text(&out), "times comes in a later release"));
	hd_buf_fini(&out);
	assert_int_equal(settings->herald.mode, HD_MODE_NOTIFY);
	assert_string_equal(settings->herald.timezone, "Europe/Berlin");
	assert_int_equal(settings->herald.keep.size_bytes, INT64_C(20) << 30);
	assert_true(settings->control.given);
	assert_string_equal(
		hd_node_text(hd_node_item(settings->control.admin, 0), NULL),
		"root");
	ingest = hd_settings_listen(settings, "ingest");
	assert_true(ingest->tls);
	assert_string_equal(ingest->address, "0.0.0.0:8443");
	assert_int_equal(ingest->key.from, HD_SECRET_CREDENTIAL);
	assert_string_equal(ingest->key.text, "tls_key");
	assert_false(hd_settings_listen(settings, "admin")->tls);
	misp = hd_settings_connector(settings, "misp");
	assert_string_equal(misp->plugin, "misp_enrich");
	assert_string_equal(hd_node_get_text(misp->node, "url"),
			    "https://misp.example.com");
	assert_int_equal(settings->connectors_count, 14);
	assert_int_equal(settings->lists_count, 5);
	assert_string_equal(settings->lists[2].name, "our_networks");
	assert_int_equal(settings->lists[2].kind, HD_LIST_NET);
	assert_int_equal(settings->alarms_count, 2);
	assert_string_equal(settings->alarms[0].action, "mail.send");
	assert_non_null(settings->alarms[0].with);
	assert_null(settings->alarms[1].with);
	done(settings);
}

static void scores_have_levels(void **state)
{
	struct hd_settings *settings = read_text(
		LEAST "risk_levels: {low: 10, critical: 100}\n");
	static const int64_t scores[] = { -5, 9, 10, 39, 40, 60, 99, 100 };
	static const int levels[] = { 0, 0, 1, 1, 2, 3, 3, 4 };
	size_t i;

	(void)state;
	for (i = 0; i < 8; i++)
		assert_int_equal(hd_settings_risk_level(settings, scores[i]),
				 levels[i]);
	done(settings);
}

static void plain_listeners_on_a_network_are_warned_of(void **state)
{
	struct hd_settings *settings = read_text(
		LEAST "listen:\n  a: {address: '0.0.0.0:1'}\n"
		      "  b: {address: '127.0.0.1:1'}\n  c: {address: "
		      "'[::1]:1'}\n");

	(void)state;
	assert_int_equal(hd_complaints_errors(complaints), 0);
	assert_int_equal(hd_complaints_warnings(complaints), 1);
	assert_int_equal(hd_complaints_get(complaints, 0)->line, 4);
	assert_int_equal(settings->listen_count, 3);
	done(settings);
}

static void modes_have_names(void **state)
{
	(void)state;
	assert_string_equal(hd_mode_name(HD_MODE_LIVE), "live");
	assert_string_equal(hd_mode_name(HD_MODE_DRY_RUN), "dry_run");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least_has_all_defaults),
		cmocka_unit_test(the_example_is_read),
		cmocka_unit_test(scores_have_levels),
		cmocka_unit_test(plain_listeners_on_a_network_are_warned_of),
		cmocka_unit_test(modes_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
