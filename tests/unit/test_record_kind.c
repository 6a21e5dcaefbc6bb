#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/record/record.h"

#define MD5 "D41D8CD98F00B204E9800998ECF8427E"

static const struct {
	const char *kind, *text, *want; /* want "": no such value */
} cases[] = {
	{ "ip", "198.51.100.23", "198.51.100.23" },
	{ "ip", " 198.51.100.23 ", "198.51.100.23" },
	{ "ip", "2001:DB8:0:0::1", "2001:db8::1" },
	{ "ip", "::ffff:192.0.2.1", "192.0.2.1" },
	{ "ip", "192.0.2.01", "" },
	{ "ip", "192.0.2.1/24", "" },
	{ "ip", "198.51.100.23\"; drop", "" },
	{ "ip", "", "" },
	{ "host", "VPN-gw-01.Example.COM.", "vpn-gw-01.example.com" },
	{ "host", "srv_1", "srv_1" },
	{ "host", "192.0.2.1", "" },
	{ "host", "$(id)", "" },
	{ "host", "a..b", "" },
	{ "host", "-a", "" },
	{ "host", ".", "" },
	{ "domain", "Example.com", "example.com" },
	{ "domain", "localhost", "" },
	{ "mac", "AA-BB-CC-DD-EE-FF", "aa:bb:cc:dd:ee:ff" },
	{ "mac", "aabb.ccdd.eeff", "aa:bb:cc:dd:ee:ff" },
	{ "mac", "aabbccddeeff", "aa:bb:cc:dd:ee:ff" },
	{ "mac", "aa:bb:cc:dd:ee", "" },
	{ "user", "CORP\\ann", "ann" },
	{ "user", " ann ", "ann" },
	{ "user", "ann@corp.example", "ann@corp.example" },
	{ "user", "CORP\\", "" },
	{ "user", "jdoe\r\nBcc: attacker@example.net", "" },
	{ "email", "Ann <Ann@Example.COM>", "ann@example.com" },
	{ "email", "ann", "" },
	{ "email", "a@b@c", "" },
	{ "email", "@example.com", "" },
	{ "url", "HTTP://Example.COM/Path?Q=1", "http://example.com/Path?Q=1" },
	{ "url", "example.com/x", "" },
	{ "url", "http://", "" },
	{ "url", "http://a b", "" },
	{ "md5", MD5, "d41d8cd98f00b204e9800998ecf8427e" },
	{ "sha1", MD5, "" },
	{ "md5", "D41D8CD98F00B204E9800998ECF8427X", "" },
};

static void values_have_one_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[9000] = "";
		int kind = hd_kind_parse(cases[i].kind, NULL);
		size_t n;

		assert_true(kind >= 0);
		n = hd_kind_normalize((enum hd_kind)kind, cases[i].text,
				      strlen(cases[i].text), out, sizeof(out));
		if (n != strlen(cases[i].want) ||
		    (n > 0 && strcmp(out, cases[i].want) != 0))
			fail_msg("%s '%s': got '%s'", cases[i].kind,
				 cases[i].text, n > 0 ? out : "");
	}
}

static void a_value_that_does_not_fit_its_room_is_none(void **state)
{
	char out[10];

	(void)state;
	assert_int_equal(hd_kind_normalize(HD_KIND_USER, "0123456789", 10, out,
					   sizeof(out)),
			 0);
	assert_int_equal(hd_kind_normalize(HD_KIND_USER, "012345678", 9, out,
					   sizeof(out)),
			 9);
}

static void hash_stands_for_four_kinds(void **state)
{
	unsigned mask = 0;

	(void)state;
	assert_true(hd_kind_parse("hash", &mask) >= 0);
	assert_int_equal(hd_kind_parse("ip", &mask), HD_KIND_IP);
	assert_int_equal(mask, 1u << HD_KIND_MD5 | 1u << HD_KIND_SHA1 |
				       1u << HD_KIND_SHA256 |
				       1u << HD_KIND_SHA512 | 1u << HD_KIND_IP);
	assert_int_equal(hd_kind_parse("colour", &mask), -1);
	for (int kind = 0; kind < HD_KIND_COUNT; kind++)
		assert_int_equal(hd_kind_parse(hd_kind_name((enum hd_kind)kind),
					       NULL),
				 kind);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_have_one_form),
		cmocka_unit_test(a_value_that_does_not_fit_its_room_is_none),
		cmocka_unit_test(hash_stands_for_four_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
