/* The story of an alert as people read it. */
#include "core/heraldctl/explain_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/json_text.h"

/* As GET /v1/alerts/ID/explain answers; 24 Nov 2026, 02:12:22 UTC. */
static const char story[] =
	"{\"id\":\"7f3a21bc000000000000000000000000\",\"state\":\"waiting\","
	"\"title\":\"Multiple failed logins followed by a successful one\","
	"\"connector\":\"splunk\",\"pipeline\":\"suspicious_login\","
	"\"configuration\":\"5c1e99aa11\",\"level\":\"High\","
	"\"received\":\"2026-11-24T02:12:22.000Z\","
	"\"record\":{\"evidences\":[{\"user\":{\"name\":\"jdoe\"}}]},"
	"\"ledger\":["
	"{\"name\":\"base\",\"add\":30,\"counted\":\"counted\","
	"\"because\":\"a success after failures is suspicious by itself\"},"
	"{\"name\":\"c_suite\",\"add\":30,\"counted\":\"unknown\","
	"\"because\":\"the user is in the C-suite\",\"low\":0,\"high\":30,"
	"\"why\":\"ad timed out\"},"
	"{\"name\":\"critical_host\",\"add\":20,\"counted\":\"absent\","
	"\"because\":\"x\",\"why\":\"device\"},"
	"{\"name\":\"src_malicious\",\"add\":35,\"counted\":\"counted\","
	"\"because\":\"the source address is known bad\"},"
	"{\"name\":\"src_suspicious\",\"add\":15,"
	"\"counted\":\"not the largest\",\"because\":\"x\"},"
	"{\"name\":\"many_failures\",\"add\":10,\"counted\":\"not met\","
	"\"because\":\"x\"},"
	"{\"name\":\"our_address\",\"add\":-25,\"counted\":\"not met\","
	"\"because\":\"x\"}],"
	"\"answers\":["
	"{\"connector\":\"misp\",\"type\":\"ip\",\"value\":\"203.0.113.66\","
	"\"outcome\":\"hit\",\"took\":12,"
	"\"result\":{\"data\":{\"attributes\":2,\"event\":\"1337\"}}},"
	"{\"connector\":\"ad\",\"type\":\"user\",\"value\":\"jdoe\","
	"\"outcome\":\"missing\",\"took\":5000,\"reason\":\"timed out\"},"
	"{\"connector\":\"ad\",\"type\":\"host\",\"value\":\"pc1\","
	"\"outcome\":\"missing\",\"took\":5000,\"reason\":\"timed out\"}],"
	"\"actions\":["
	"{\"id\":\"aa\",\"name\":\"case\",\"connector\":\"soar\","
	"\"action\":\"create_case\",\"state\":\"done\",\"tries\":1,"
	"\"ticket\":{\"uid\":\"4242\"},\"result\":{\"playbook_run_id\":17}},"
	"{\"id\":\"bb00112233\",\"name\":\"tell\",\"connector\":\"mail\","
	"\"action\":\"send\",\"state\":\"in_doubt\",\"tries\":2,"
	"\"message\":\"the line broke\"}],"
	"\"entries\":["
	"{\"seq\":1,\"time\":\"2026-11-24T02:12:22.000Z\",\"kind\":"
	"\"received\",\"what\":{\"connector\":\"splunk\",\"uid\":\"u\"}},"
	"{\"seq\":2,\"time\":\"2026-11-24T02:12:27.000Z\",\"kind\":"
	"\"respond\",\"what\":{\"name\":\"disable\",\"do\":\"ad_ops\","
	"\"action\":\"disable_account\",\"outcome\":\"not sure\","
	"\"why\":\"needs critical (80), known 65, could be 95\"}},"
	"{\"seq\":3,\"time\":\"2026-11-24T02:12:27.000Z\",\"kind\":"
	"\"decided\",\"what\":{\"state\":\"waiting\",\"score\":"
	"{\"known\":65,\"low\":65,\"high\":95}}},"
	"{\"seq\":4,\"time\":\"2026-11-24T02:12:28.000Z\",\"kind\":"
	"\"action\",\"what\":{\"name\":\"case\",\"state\":\"done\","
	"\"message\":\"\"}}]}";

static const char told[] =
	"alert 7f3a21bc  Multiple failed logins followed by a successful one"
	"   user jdoe   03:12:22 CET\n"
	"pipeline suspicious_login (configuration 5c1e99aa)\n"
	"state waiting\n"
	"score 65 high (could be 65 to 95: ad timed out)\n"
	"   +30  base              a success after failures is suspicious by "
	"itself\n"
	"   +35  src_malicious     the source address is known bad\n"
	"     ?  c_suite (+30)     unknown: ad timed out\n"
	"        critical_host (device): absent.  many_failures, our_address: "
	"not met.  src_suspicious: not the largest.\n"
	"answers\n"
	"   misp  ip 203.0.113.66  hit      12 ms  attributes 2, event 1337\n"
	"   ad    user jdoe        missing  5.0 s  timed out\n"
	"   ad    host pc1         missing  5.0 s  timed out\n"
	"actions\n"
	"   case     done      soar.create_case        ticket 4242, playbook "
	"run id 17\n"
	"   tell     in doubt  mail.send               the line broke, 2 tries "
	"-> heraldctl settle bb001122 done|not-done\n"
	"   disable  not sure  ad_ops.disable_account  needs critical (80), "
	"known 65, could be 95\n"
	"timeline\n"
	"   03:12:22  received  from splunk\n"
	"   03:12:27  decided   waiting\n"
	"   03:12:28  action    case done\n";

static json_t *read_json(const char *text)
{
	json_t *value = hd_json_read(text, strlen(text), NULL, NULL);

	assert_non_null(value);
	return value;
}

static int64_t utc(const char *text)
{
	int64_t ms;

	assert_int_equal(hd_time_parse(text, strlen(text), &ms), 0);
	return ms;
}

static void explain_is(const char *json, const char *now, const char *want)
{
	json_t *alert = read_json(json);
	struct hd_buf text;

	hd_buf_init(&text, 65536);
	hd_explain_text(&text, alert, utc(now));
	assert_string_equal(hd_buf_text(&text), want);
	hd_buf_fini(&text);
	json_decref(alert);
}

static void tells_the_story_of_the_manual(void **state)
{
	(void)state;
	explain_is(story, "2026-11-24T09:00:00Z", told);
}

static void another_day_is_told_with_the_time(void **state)
{
	(void)state;
	explain_is("{\"id\":\"0123456789\",\"state\":\"merged\",\"leader\":"
		   "\"fedcba9876543210\",\"reason\":\"repeat 3 of fedcba98\","
		   "\"received\":\"2026-11-24T02:12:22.000Z\"}",
		   "2026-11-25T09:00:00Z",
		   "alert 01234567  (no title)   24 Nov 03:12:22 CET\n"
		   "state merged, a repeat of fedcba98: repeat 3 of fedcba98\n"
		   "timeline\n");
}

/* An unknown one that may also take away. */
static void a_range_has_both_its_ends(void **state)
{
	(void)state;
	explain_is("{\"id\":\"0123456789\",\"state\":\"done\",\"level\":"
		   "\"Low\",\"received\":\"2026-11-24T02:12:22Z\","
		   "\"pipeline\":\"p\",\"configuration\":\"c\","
		   "\"ledger\":[{\"name\":\"a\",\"add\":0,\"counted\":"
		   "\"error\",\"low\":-25,\"high\":10,\"why\":\"overflow\"},"
		   "{\"name\":\"b\",\"add\":-5.5,\"counted\":\"counted\","
		   "\"because\":\"so\"}],"
		   "\"entries\":[{\"seq\":1,\"time\":\"2026-11-24T02:12:22Z\","
		   "\"kind\":\"decided\",\"what\":{\"state\":\"done\","
		   "\"score\":{\"known\":20,\"low\":0,\"high\":30}}}]}",
		   "2026-11-24T09:00:00Z",
		   "alert 01234567  (no title)   03:12:22 CET\n"
		   "pipeline p (configuration c)\n"
		   "state done\n"
		   "score 20 low (could be 0 to 30)\n"
		   "  -5.5  b                 so\n"
		   "     ?  a (-25 to +10)    error: overflow\n"
		   "timeline\n"
		   "   03:12:22  decided  done\n");
}

static void nothing_from_outside_is_raw(void **state)
{
	static const char hostile[] =
		"{\"id\":\"0123456789\",\"state\":\"done\",\"title\":"
		"\"\\u001b[2J\\u009b1m\\u202ex\",\"reason\":\"a\\nb\","
		"\"received\":\"\\u0007now\",\"pipeline\":\"\\u001bp\","
		"\"record\":{\"device\":{\"hostname\":\"h\\u001b]0;\"}},"
		"\"answers\":[{\"connector\":\"m\",\"type\":\"ip\",\"value\":"
		"\"\\u001b\",\"outcome\":\"missing\",\"reason\":\"\\r\"}],"
		"\"actions\":[{\"name\":\"\\u001b\",\"state\":\"done\","
		"\"result\":{\"k\":\"\\u001b\"}}],\"entries\":[{\"time\":\"\","
		"\"kind\":\"settled\",\"what\":{\"because\":\"\\u001b\"}}]}";
	json_t *alert = read_json(hostile);
	struct hd_buf text;

	(void)state;
	hd_buf_init(&text, 65536);
	hd_explain_text(&text, alert, 0);
	for (size_t i = 0; i < text.n; i++)
		assert_true(text.p[i] == '\n' ||
			    (text.p[i] >= 0x20 && text.p[i] < 0x7f));
	assert_non_null(strstr(text.p, "\\u{1b}[2J\\u{9b}1m\\u{202e}x"));
	hd_buf_fini(&text);
	json_decref(alert);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_story_of_the_manual),
		cmocka_unit_test(another_day_is_told_with_the_time),
		cmocka_unit_test(a_range_has_both_its_ends),
		cmocka_unit_test(nothing_from_outside_is_raw),
	};

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
