#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/ip.h"

static void addresses_become_canonical(void **state)
{
	static const struct {
		const char *text, *canonical; /* NULL: no address */
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
		{ "2001:0db8:0000:0000:0001:0000:0000:0001",
		  "2001:db8::1:0:0:1" },
		{ "::", "::" },
		{ "::1", "::1" },
		{ "::ffff:10.1.2.3", "10.1.2.3" },
		{ "::FFFF:0a01:0203", "10.1.2.3" },
		{ "0:0:0:0:0:ffff:10.1.2.3", "10.1.2.3" },
		{ "64:ff9b::10.1.2.3", "64:ff9b::a01:203" },
		{ "", NULL },
		{ "1.2.3", NULL },
		{ "1.2.3.4.5", NULL },
		{ "1.2.3.256", NULL },
		{ "01.2.3.4", NULL },
		{ "0x7f.0.0.1", NULL },
		{ "2130706433", NULL },
		{ "1.2.3.4 ", NULL },
		{ " 1.2.3.4", NULL },
		{ "1.2.3.4/32", NULL },
		{ "1.2.3.4:80", NULL },
		{ "[::1]", NULL },
		{ "fe80::1%eth0", NULL },
		{ "::1::", NULL },
		{ "12345::", NULL },
		{ "localhost", NULL },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb",
		  NULL },
	};
	char text[HD_IP_TEXT];
	struct hd_ip ip;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rc = hd_ip_parse(cases[i].text, strlen(cases[i].text), &ip);
		if (rc != (cases[i].canonical ? 0 : -1))
			fail_msg("address '%s'", cases[i].text);
		if (rc < 0)
			continue;
		hd_ip_text(&ip, text);
		assert_string_equal(text, cases[i].canonical);
	}
	assert_int_equal(hd_ip_parse("1.2.3.4x", 7, &ip), 0);
	assert_int_equal(hd_ip_parse("1.2.3.4\0", 8, &ip), -1);
}

static void networks_hold_their_addresses(void **state)
{
	static const struct {
		const char *cidr, *ip;
		bool has;
	} cases[] = {
		{ "10.0.0.0/8", "10.255.0.1", true },
		{ "10.0.0.0/8", "11.0.0.0", false },
		{ "172.16.0.0/12", "172.31.255.255", true },
		{ "172.16.0.0/12", "172.32.0.0", false },
		{ "192.168.1.128/25", "192.168.1.128", true },
		{ "192.168.1.128/25", "192.168.1.127", false },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "::1", false },
		{ "::/0", "203.0.113.9", false },
		{ "10.0.0.0/8", "::ffff:10.0.0.1", true },
		{ "::ffff:10.0.0.0/104", "10.9.9.9", true },
		{ "::ffff:0:0/96", "10.9.9.9", true },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "192.0.2.7", "192.0.2.7", true },
		{ "192.0.2.7", "192.0.2.6", false },
		{ "192.0.2.7/32", "192.0.2.7", true },
		{ "::1/128", "::1", true },
	};
	struct hd_cidr cidr;
	struct hd_ip ip;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(hd_cidr_parse(cases[i].cidr,
					       strlen(cases[i].cidr), &cidr),
				 0);
		assert_int_equal(
			hd_ip_parse(cases[i].ip, strlen(cases[i].ip), &ip), 0);
		if (hd_cidr_has(&cidr, &ip) != cases[i].has)
			fail_msg("%s in %s", cases[i].ip, cases[i].cidr);
	}
}

static void other_texts_are_no_network(void **state)
{
	static const char *const cases[] = {
		"",
		"/8",
		"10.0.0.0/",
		"10.0.0.0/33",
		"10.0.0.0/08",
		"10.0.0.0/-1",
		"10.0.0.0/8/8",
		"10.0.0.0/x",
		"10.1.2.3/8",
		"10/8",
		"::/129",
		"2001:db8::1/32",
		"10.0.0.0 /8",
		"10.0.0.0/1000",
	};
	struct hd_cidr cidr;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (hd_cidr_parse(cases[i], strlen(cases[i]), &cidr) == 0)
			fail_msg("a network: '%s'", cases[i]);
}

/* The first and last address of each range, and their neighbours. */
static void kinds_begin_and_end_where_they_should(void **state)
{
	static const struct {
		const char *ip, *kind;
	} cases[] = {
		{ "0.0.0.0", "unspecified" },
		{ "0.0.0.1", "reserved" },
		{ "0.255.255.255", "reserved" },
		{ "1.0.0.0", "public" },
		{ "9.255.255.255", "public" },
		{ "10.0.0.0", "private" },
		{ "10.255.255.255", "private" },
		{ "11.0.0.0", "public" },
		{ "100.63.255.255", "public" },
		{ "100.64.0.0", "private" },
		{ "100.127.255.255", "private" },
		{ "100.128.0.0", "public" },
		{ "126.255.255.255", "public" },
		{ "127.0.0.1", "loopback" },
		{ "127.255.255.255", "loopback" },
		{ "128.0.0.0", "public" },
		{ "169.253.255.255", "public" },
		{ "169.254.169.254", "link-local" },
		{ "169.255.0.0", "public" },
		{ "172.15.255.255", "public" },
		{ "172.16.0.0", "private" },
		{ "172.31.255.255", "private" },
		{ "172.32.0.0", "public" },
		{ "192.0.0.255", "reserved" },
		{ "192.0.1.0", "public" },
		{ "192.0.2.255", "documentation" },
		{ "192.0.3.0", "public" },
		{ "192.167.255.255", "public" },
		{ "192.168.0.0", "private" },
		{ "192.169.0.0", "public" },
		{ "198.17.255.255", "public" },
		{ "198.18.0.0", "reserved" },
		{ "198.19.255.255", "reserved" },
		{ "198.20.0.0", "public" },
		{ "198.51.100.1", "documentation" },
		{ "198.51.101.0", "public" },
		{ "203.0.113.1", "documentation" },
		{ "203.0.114.0", "public" },
		{ "223.255.255.255", "public" },
		{ "224.0.0.1", "multicast" },
		{ "239.255.255.255", "multicast" },
		{ "240.0.0.0", "reserved" },
		{ "255.255.255.255", "reserved" },
		{ "::", "unspecified" },
		{ "::1", "loopback" },
		{ "::2", "public" },
		{ "::ffff:127.0.0.1", "loopback" },
		{ "::ffff:8.8.8.8", "public" },
		{ "64:ff9b::8.8.8.8", "reserved" },
		{ "64:ff9b:0:0:0:1::", "public" },
		{ "64:ff9b:1::1", "reserved" },
		{ "100::1", "reserved" },
		{ "100:0:0:1::1", "public" },
		{ "2001:db7:ffff::", "public" },
		{ "2001:db8::1", "documentation" },
		{ "2001:db9::", "public" },
		{ "2606:4700::1111", "public" },
		{ "3fff:fff::1", "documentation" },
		{ "3fff:1000::", "public" },
		{ "fbff::1", "public" },
		{ "fc00::1", "private" },
		{ "fdff::1", "private" },
		{ "fe80::1", "link-local" },
		{ "febf::1", "link-local" },
		{ "fec0::1", "public" },
		{ "ff02::1", "multicast" },
	};
	struct hd_ip ip;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			hd_ip_parse(cases[i].ip, strlen(cases[i].ip), &ip), 0);
		if (strcmp(hd_ip_kind_word(hd_ip_kind(&ip)), cases[i].kind) !=
		    0)
			fail_msg("%s is %s, not %s", cases[i].ip,
				 hd_ip_kind_word(hd_ip_kind(&ip)),
				 cases[i].kind);
	}
}

static void equality_is_of_the_address(void **state)
{
	struct hd_ip a;
	struct hd_ip b;

	(void)state;
	hd_ip_parse("10.0.0.1", 8, &a);
	hd_ip_parse("::ffff:a00:1", 12, &b);
	assert_true(hd_ip_equal(&a, &b));
	hd_ip_parse("10.0.0.2", 8, &b);
	assert_false(hd_ip_equal(&a, &b));
	hd_ip_parse("a00:1::", 7, &b);
	assert_false(hd_ip_equal(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_become_canonical),
		cmocka_unit_test(networks_hold_their_addresses),
		cmocka_unit_test(other_texts_are_no_network),
		cmocka_unit_test(kinds_begin_and_end_where_they_should),
		cmocka_unit_test(equality_is_of_the_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
