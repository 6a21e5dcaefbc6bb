#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cel_rig.h"

struct line {
	const char *expr, *wanted;
};

static void run(const struct line *cases, size_t n, const char *record)
{
	struct cel_rig *rig = cel_rig_new(record);
	size_t i, bad = 0;

	for (i = 0; i < n; i++) {
		const char *got = cel_rig_eval(rig, cases[i].expr);

		if (strcmp(got, cases[i].wanted) == 0)
			continue;
		print_error("%s\n\tgives  %s\n\twanted %s\n", cases[i].expr,
			    got, cases[i].wanted);
		bad++;
	}
	cel_rig_free(rig);
	assert_int_equal(bad, 0);
}

#define RUN(cases, record) run(cases, sizeof(cases) / sizeof(cases[0]), record)

static void absent_tells_what_was_asked_for(void **state)
{
	static const struct line cases[] = {
		{ "user.uid", "absent user.uid (8)" },
		{ "device.owner.name", "absent device.owner.name (12)" },
		{ "absent.name", "absent absent.name (6)" },
		{ "absent", "absent absent (6)" },
		{ "evidences[0].user.name",
		  "absent evidences[*].user.name (17)" },
		{ "evidences[7].user.name",
		  "absent evidences[*].user.name (12)" },
		{ "evidences.all(e, e.user.name != '')",
		  "absent evidences[*].user.name (17)" },
		{ "evidences.transformList(i, e, e.url)",
		  "absent evidences[*].url (16)" },
		{ "m.o.k.z", "absent m.o.k.z (7)" },
		{ "m['nope'].z", "absent m.nope.z (6)" },
		{ "m.list[9]", "absent m.list[*] (9)" },
		{ "cel.bind(u, user, u.uid)", "absent user.uid (8)" },
		{ "m.?o.value().zz", "absent m.o.zz (6)" },
		{ "{'a': 1}.b", "absent b (1)" },
		{ "user.uid == '' || true", "bool true" },
		{ "user.uid == '' && false", "bool false" },
		{ "user.uid == '' || false", "absent user.uid (8)" },
		{ "has(device.owner.name)", "absent device.owner.name (12)" },
		{ "has(user.uid)", "bool false" },
		{ "user.?uid.hasValue()", "bool false" },
		{ "device.?owner.?name.orValue('x')", "string x" },
		{ "absent.?name.orValue('x')", "string x" },
		{ "x.?a.?b.hasValue()", "bool false" },
		{ "[1][3]", "error index out of range" },
		{ "m.a.b", "error null_type has no attributes ('b')" },
		{ "x == 1", "absent x (1)" },
	};

	(void)state;
	RUN(cases,
	    "{\"n\": 5, \"s\": \"h\\u00e9llo\", \"m\": {\"a\": null, \"list\": "
	    "[1, 2.5, \"x\", true], \"o\": {\"k\": {}}}, \"user\": {\"name\": "
	    "\"bob\"}, \"evidences\": [{\"url\": \"u0\"}, {\"user\": "
	    "{\"name\": \"eve\"}}], \"device\": {}}");
}

static void json_is_seen_as_it_is(void **state)
{
	static const struct line cases[] = {
		{ "type(m.list[0]) == int && type(m.list[1]) == double",
		  "bool true" },
		{ "m.list.size()", "int 4" },
		{ "m.a == null", "bool true" },
		{ "m.list", "list [1,2.5,\"x\",true]" },
		{ "m.list + [n]", "list [1,2.5,\"x\",true,5]" },
		{ "m == {'a': null, 'list': [1u, 2.5, 'x', true], 'o': {'k': "
		  "{}}}",
		  "bool true" },
		{ "m.map(k, k)", "list [\"a\",\"list\",\"o\"]" },
		{ "m.transformList(k, v, k + string(type(v) == map))",
		  "list [\"afalse\",\"listfalse\",\"otrue\"]" },
		{ "1.0 in m.list", "bool true" },
		{ "s.size()", "int 5" },
		{ "s.charAt(1) + s.substring(3)", "string élo" },
		{ "m.exists(k, v, v == null)", "bool true" },
	};

	(void)state;
	RUN(cases,
	    "{\"n\": 5, \"s\": \"h\\u00e9llo\", \"m\": {\"a\": null, \"list\": "
	    "[1, 2.5, \"x\", true], \"o\": {\"k\": {}}}, \"user\": {\"name\": "
	    "\"bob\"}, \"evidences\": [{\"url\": \"u0\"}, {\"user\": "
	    "{\"name\": \"eve\"}}], \"device\": {}}");
}

static void errors_have_their_words(void **state)
{
	static const struct line cases[] = {
		{ "n / 0", "error division by zero" },
		{ "n % 0", "error division by zero" },
		{ "9223372036854775807 + n", "error integer overflow" },
		{ "{'a': 1, string('a'): 2}", "error a key is repeated" },
		{ "int('x1')", "error 'x1' is no int" },
		{ "int(1e300)", "error out of the range of int" },
		{ "timestamp('2020-02-30T00:00:00Z')",
		  "error not a timestamp (as 2009-02-13T23:31:30Z), or out of "
		  "range" },
		{ "duration('5x')",
		  "error not a duration (as 1h30m or 2.5s), or out of range" },
		{ "optional.none().value()",
		  "error value() of optional.none()" },
		{ "dyn('a') + 1", "error no such overload: +(string, int)" },
		{ "dyn(1).size()", "error no such overload: size(int)" },
		{ "dyn(1) && true", "error int where bool is wanted" },
		{ "dyn(1) ? 1 : 2", "error int where bool is wanted" },
		{ "[1].exists(i, dyn(i))", "error int where bool is wanted" },
		{ "fail()", "error said no to you" },
		{ "fail() > 0 || true", "bool true" },
		{ "'a'.matches('[' + s)", "error pattern: [ without ]" },
		{ "ip('1.2.3')", "error not an IP address" },
		{ "'abc'.substring(2, 1)", "error invalid range: 2 to 1" },
	};

	(void)state;
	RUN(cases,
	    "{\"n\": 5, \"s\": \"h\\u00e9llo\", \"m\": {\"a\": null, \"list\": "
	    "[1, 2.5, \"x\", true], \"o\": {\"k\": {}}}, \"user\": {\"name\": "
	    "\"bob\"}, \"evidences\": [{\"url\": \"u0\"}, {\"user\": "
	    "{\"name\": \"eve\"}}], \"device\": {}}");
}

static void extensions_in_full(void **state)
{
	static const struct line cases[] = {
		{ "math.sqrt(16)", "double 4" },
		{ "math.greatest([1, 2.5, 2u])", "double 2.5" },
		{ "math.least(3, 1u)", "uint 1" },
		{ "math.greatest(dyn('a'))",
		  "error no such overload: math.@max(string)" },
		{ "optional.unwrap([optional.of(1), optional.none()])",
		  "list [1]" },
		{ "[optional.of(1), optional.none()].unwrapOpt()", "list [1]" },
		{ "[1, 2].first().orValue(0) + [1, 2].last().orValue(0)",
		  "int 3" },
		{ "[].first().hasValue()", "bool false" },
		{ "[1, 2].transformMapEntry(i, v, {string(v): i})",
		  "map {\"1\":0,\"2\":1}" },
		{ "[1, 1].transformMapEntry(i, v, {string(v): i})",
		  "error a key is repeated" },
		{ "{'a': 1}.transformMap(k, v, v > 0, v + 1)",
		  "map {\"a\":2}" },
		{ "'a,b,,c'.split(',', 2)", "list [\"a\",\"b,,c\"]" },
		{ "'abc'.split('', 2)", "list [\"a\",\"bc\"]" },
		{ "'abc'.replace('', '-')", "string -a-b-c-" },
		{ "'aaa'.replace('a', 'b', 2)", "string bba" },
		{ "'%d %s'.format([1])", "error format: too few arguments" },
		{ "'%.70f'.format([1.0])",
		  "error format: not a clause after '%'" },
		{ "'%d'.format([3.14])", "string 3.14" },
		{ "'%x %X %o %b'.format([-255, 'hi', 8, 5])",
		  "string -ff 6869 10 101" },
		{ "'%s'.format([{'b': 1, 'a': [true, null, b'\\xff\\xfex']}])",
		  "string {a: [true, null, �x], b: 1}" },
		{ "cidr('10.1.2.3/8').masked()", "net.CIDR 10.0.0.0/8" },
		{ "cidr('::/0').containsCIDR('fe80::/10')", "bool true" },
		{ "isCIDR('10.0.0.0/33')", "bool false" },
		{ "isIP('010.0.0.1')", "bool false" },
		{ "base64.encode(b'\\x00\\x01')", "string AAE=" },
		{ "size(base64.decode('AAE'))", "int 2" },
		{ "base64.decode('A')", "error 'A' is no base64" },
		{ "string(duration('1h1.5s'))", "string 3601.5s" },
		{ "duration('-1.5h').getMinutes()", "int -90" },
		{ "string(timestamp('2024-02-29T12:00:00.120+02:30'))",
		  "string 2024-02-29T09:30:00.12Z" },
		{ "string(1e6) + ' ' + string(1.0) + ' ' + string(1e21) + ' ' "
		  "+ string(0.1)",
		  "string 1000000 1 1e+21 0.1" },
		{ "double('1.5e3')", "double 1500" },
		{ "bool('yes')", "error 'yes' is no bool" },
		{ "strings.quote('a\"\\n')", "string \"a\\\"\\n\"" },
		{ "{?'a': m.?list, ?'b': m.?nope}.map(k, k)", "list [\"a\"]" },
		{ "cel.bind(y, 1 / 0, true)", "bool true" },
		{ "type(optional.none()) == optional_type", "bool true" },
		{ "google.protobuf.Duration", "type google.protobuf.Duration" },
	};

	(void)state;
	RUN(cases,
	    "{\"n\": 5, \"s\": \"h\\u00e9llo\", \"m\": {\"a\": null, \"list\": "
	    "[1, 2.5, \"x\", true], \"o\": {\"k\": {}}}, \"user\": {\"name\": "
	    "\"bob\"}, \"evidences\": [{\"url\": \"u0\"}, {\"user\": "
	    "{\"name\": \"eve\"}}], \"device\": {}}");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent_tells_what_was_asked_for),
		cmocka_unit_test(json_is_seen_as_it_is),
		cmocka_unit_test(errors_have_their_words),
		cmocka_unit_test(extensions_in_full),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
