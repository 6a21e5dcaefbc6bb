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
		{ "double('1e400')", "error '1e400' is no double" },
		{ "double('-Infinity')", "double -Infinity" },
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

static void what_is_rarely_used_works_too(void **state)
{
	static const struct line cases[] = {
		{ "{'k0': 0, 'k1': 1, 'k2': 2, 'k3': 3, 'k4': 4, 'k5': 5, "
		  "'k6': 6, 'k7': 7, 'k8': 8, 'k9': 9, 'k10': 10, 'k11': 11, "
		  "'k12': 12, 'k13': 13, 'k14': 14, 'k15': 15, 'k16': 16, "
		  "'k17': 17, 'k18': 18, 'k19': 19}['k17']",
		  "int 17" },
		{ "{'k0': 0, 'k1': 1, 'k2': 2, 'k3': 3, 'k4': 4, 'k5': 5, "
		  "'k6': 6, 'k7': 7, 'k8': 8, 'k9': 9, 'k10': 10, 'k11': 11, "
		  "'k12': 12, 'k13': 13, 'k14': 14, 'k15': 15, 'k16': 16, "
		  "'k17': 17, 'k18': 18, 'k19': 19}.k3 + {'k0': 0, 'k1': 1, "
		  "'k2': 2, 'k3': 3, 'k4': 4, 'k5': 5, 'k6': 6, 'k7': 7, 'k8': "
		  "8, 'k9': 9, 'k10': 10, 'k11': 11, 'k12': 12, 'k13': 13, "
		  "'k14': 14, 'k15': 15, 'k16': 16, 'k17': 17, 'k18': 18, "
		  "'k19': 19}.size()",
		  "int 23" },
		{ "'k19' in {'k0': 0, 'k1': 1, 'k2': 2, 'k3': 3, 'k4': 4, "
		  "'k5': 5, 'k6': 6, 'k7': 7, 'k8': 8, 'k9': 9, 'k10': 10, "
		  "'k11': 11, 'k12': 12, 'k13': 13, 'k14': 14, 'k15': 15, "
		  "'k16': 16, 'k17': 17, 'k18': 18, 'k19': 19} && !('k20' in "
		  "{'k0': 0, 'k1': 1, 'k2': 2, 'k3': 3, 'k4': 4, 'k5': 5, "
		  "'k6': 6, 'k7': 7, 'k8': 8, 'k9': 9, 'k10': 10, 'k11': 11, "
		  "'k12': 12, 'k13': 13, 'k14': 14, 'k15': 15, 'k16': 16, "
		  "'k17': 17, 'k18': 18, 'k19': 19})",
		  "bool true" },
		{ "{'k0': 0, 'k1': 1, 'k2': 2, 'k3': 3, 'k4': 4, 'k5': 5, "
		  "'k6': 6, 'k7': 7, 'k8': 8, 'k9': 9, 'k10': 10, 'k11': 11, "
		  "'k12': 12, 'k13': 13, 'k14': 14, 'k15': 15, 'k16': 16, "
		  "'k17': 17, 'k18': 18, 'k19': 19} == {'k0': 0, 'k1': 1, "
		  "'k2': 2, 'k3': 3, 'k4': 4, 'k5': 5, 'k6': 6, 'k7': 7, 'k8': "
		  "8, 'k9': 9, 'k10': 10, 'k11': 11, 'k12': 12, 'k13': 13, "
		  "'k14': 14, 'k15': 15, 'k16': 16, 'k17': 17, 'k18': 18, "
		  "'k19': 19}",
		  "bool true" },
		{ "{-5: 0, -4: 1, -3: 2, -2: 3, -1: 4, 0: 5, 1: 6, 2: 7, 3: 8, "
		  "4: 9, 5: 10, 6: 11, 99u: 12, true: 13}[-5] + {-5: 0, -4: 1, "
		  "-3: 2, -2: 3, -1: 4, 0: 5, 1: 6, 2: 7, 3: 8, 4: 9, 5: 10, "
		  "6: 11, 99u: 12, true: 13}[99] + {-5: 0, -4: 1, -3: 2, -2: "
		  "3, -1: 4, 0: 5, 1: 6, 2: 7, 3: 8, 4: 9, 5: 10, 6: 11, 99u: "
		  "12, true: 13}[99.0] + {-5: 0, -4: 1, -3: 2, -2: 3, -1: 4, "
		  "0: 5, 1: 6, 2: 7, 3: 8, 4: 9, 5: 10, 6: 11, 99u: 12, true: "
		  "13}[dyn(true)]",
		  "int 37" },
		{ "{18446744073709551615u: 1}[18446744073709551615.0]",
		  "absent [*] (3)" },
		{ "{9223372036854775808u: 1}[9223372036854775808.0]", "int 1" },
		{ "[0, 0u, 0.0, false, '', b'', [], {}, null, timestamp(0), "
		  "duration('0s'), optional.none()].map(v, "
		  "optional.ofNonZeroValue(v).hasValue())",
		  "list "
		  "[false,false,false,false,false,false,false,false,false,"
		  "false,false,false]" },
		{ "optional.ofNonZeroValue(int).hasValue()", "bool true" },
		{ "optional.unwrap(dyn([1]))",
		  "error no such overload: unwrap(int)" },
		{ "dyn(1).optMap(v, v)",
		  "error no such overload: optMap(int)" },
		{ "optional.of(1).optFlatMap(v, dyn(v))",
		  "error no such overload: optFlatMap(int)" },
		{ "optional.none().or(dyn(1))",
		  "error no such overload: or(int)" },
		{ "dyn(1).orValue(2)", "error no such overload: orValue(int)" },
		{ "[?dyn(1)]", "error int where an optional is wanted" },
		{ "{?'a': dyn(1)}", "error int where an optional is wanted" },
		{ "{dyn(1.5): 1}", "error double is no key" },
		{ "[1].transformMapEntry(i, v, dyn(v))",
		  "error no such overload: transformMapEntry(int)" },
		{ "math.greatest(dyn([]))",
		  "error math.greatest of an empty list" },
		{ "math.least([1, dyn('a')])",
		  "error no such overload: math.least(string)" },
		{ "math.sqrt(2.25) + math.sqrt(4u)", "double 3.5" },
		{ "timestamp('2020-01-01T00:00:00.123Z').getMilliseconds() + "
		  "duration('2.5s').getMilliseconds() + "
		  "duration('7200s').getHours()",
		  "int 625" },
		{ "timestamp(0).getHours(s + 'x')", "error unknown time zone" },
		{ "string(-0.0) + string(1.5e-7) + string(1e-8) + "
		  "string(123.456)",
		  "string -00.000000151e-08123.456" },
		{ "double('0."
		  "000000000000000000000000000000000000000000000000000000000000"
		  "00000015')",
		  "double 1.5e-67" },
		{ "'%.3f'.format([1.0 / 0.0]) + '%e'.format([-0.0 / 0.0])",
		  "string InfinityNaN" },
		{ "null", "null_type " },
		{ "b'a\\xff'", "bytes \"Yf8=\"" },
		{ "b'ab'", "bytes ab" },
		{ "optional.of('a')", "optional_type a" },
		{ "optional.none()", "optional_type " },
		{ "m[?'list'][?0].value()", "int 1" },
		{ "{'a': optional.of(1)}.?a.value()", "int 1" },
		{ "'a' in dyn(1)", "error no such overload: in(string, int)" },
		{ "int == type(1) && type(int) == type", "bool true" },
		{ "cidr('10.0.0.0/8') == cidr('10.0.0.0/8')", "bool true" },
		{ "optional.of([1]) == optional.of(dyn([1.0]))", "bool true" },
	};

	(void)state;
	RUN(cases, "{\"s\": \"a\", \"m\": {\"list\": [1]}}");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent_tells_what_was_asked_for),
		cmocka_unit_test(json_is_seen_as_it_is),
		cmocka_unit_test(errors_have_their_words),
		cmocka_unit_test(extensions_in_full),
		cmocka_unit_test(what_is_rarely_used_works_too),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
