#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "core/net/address.h"

static bool is_public(const char *text)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return hd_address_is_public((struct sockaddr *)&v4);
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return hd_address_is_public((struct sockaddr *)&v6);
}

static void special_addresses_are_not_public(void **state)
{
	static const char *const cases[] = {
		"0.0.0.0",
		"10.1.2.3",
		"100.64.0.1",
		"100.127.255.255",
		"127.0.0.1",
		"169.254.169.254",
		"172.16.0.1",
		"172.31.255.255",
		"192.0.0.8",
		"192.0.2.1",
		"192.88.99.1",
		"192.168.0.1",
		"198.18.0.1",
		"198.19.255.255",
		"198.51.100.7",
		"203.0.113.9",
		"224.0.0.1",
		"240.0.0.1",
		"255.255.255.255",
		"::",
		"::1",
		"::ffff:10.0.0.1",
		"::10.0.0.1",
		"64:ff9b::a00:1",
		"100::1",
		"2001::1",
		"2001:db8::1",
		"2002:a00:1::",
		"3fff::1",
		"fc00::1",
		"fd12::1",
		"fe80::1",
		"ff02::1",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (is_public(cases[i]))
			fail_msg("%s", cases[i]);
}

static void other_addresses_are_public(void **state)
{
	static const char *const cases[] = {
		"1.1.1.1",	  "9.255.255.255",   "11.0.0.0",
		"100.63.255.255", "100.128.0.0",     "172.15.255.255",
		"172.32.0.0",	  "192.0.1.0",	     "198.17.255.255",
		"198.20.0.0",	  "223.255.255.255", "2606:4700::1111",
		"2001:4860::1",	  "::ffff:1.1.1.1",  "2a00::1",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (!is_public(cases[i]))
			fail_msg("%s", cases[i]);
}

static void other_families_are_not_public(void **state)
{
	struct sockaddr_storage unix_socket = { .ss_family = AF_UNIX };

	(void)state;
	assert_false(hd_address_is_public((struct sockaddr *)&unix_socket));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(special_addresses_are_not_public),
		cmocka_unit_test(other_addresses_are_public),
		cmocka_unit_test(other_families_are_not_public),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
