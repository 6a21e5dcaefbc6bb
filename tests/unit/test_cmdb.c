#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "cmdb_enrich/address.h"
#include "cmdb_enrich/asset.h"
#include "cmdb_enrich/csv.h"
#include "cmdb_enrich/file.h"
#include "cmdb_enrich/sheet.h"
#include "cmdb_enrich/table.h"
#include "tests/unit/json_help.h"
#include "tests/unit/plugin_rig.h"

static struct rig rig;
static struct hp_text why;
static const struct cmdb_mapping mapping; /* nothing is renamed */
static const char *const own[] = { "corp.example.com", NULL };

static int set_up(void **state)
{
	(void)state;
	rig_init(&rig);
	hp_text_init(&why, 512);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_fini(&rig);
	hp_text_fini(&why);
	return 0;
}

/* ---- csv ---- */

/* Rows as "a|b/c|d"; a bad one is "!". */
static void read_all(const char *text, char *out, size_t size)
{
	herald_str cells[4];
	enum csv_got got;
	struct csv c;
	char *copy = strdup(text);
	size_t n;

	out[0] = '\0';
	csv_init(&c, copy, strlen(copy), ',');
	while ((got = csv_next(&c, cells, 4, &n)) != CSV_END) {
		size_t at = strlen(out);

		at += (size_t)snprintf(out + at, size - at, "%s%s",
				       at > 0 ? "/" : "",
				       got == CSV_BAD ? "!" : "");
		for (size_t i = 0; got == CSV_ROW && i < n; i++) {
			assert_int_equal(strlen(cells[i].p), cells[i].n);
			at += (size_t)snprintf(out + at, size - at, "%s%s",
					       i > 0 ? "|" : "", cells[i].p);
		}
	}
	free(copy);
}

static const struct {
	const char *text, *rows;
} csv[] = {
	{ "", "" },
	{ "a,b\nc,d\n", "a|b/c|d" },
	{ "a,b\r\nc,d", "a|b/c|d" },
	{ "\xef\xbb\xbf"
	  "a\n",
	  "a" },
	{ "\n\r\n\na\n\n", "a" },
	{ ",\n,,", "|/||" },
	{ "\"a,b\",c\n", "a,b|c" },
	{ "\"a\"\"b\"\"\",c\n", "a\"b\"|c" },
	{ "\"a\r\nb\",c\nd,e", "a\r\nb|c/d|e" },
	{ "\"\",\"\"\n", "|" },
	{ "a\"b,c\n", "a\"b|c" },
	{ " \"a\",b\n", " \"a\"|b" },
	{ "\"a\"b,c\nd,e\n", "!/d|e" },
	{ "\"a,b\nc,d\n", "!" },
	{ "1,2,3,4,5\na,b\n", "!/a|b" },
	{ "a\rb,c\n", "a\rb|c" },
	{ "a,b\r", "a|b" },
	{ "\"a\"", "a" },
	{ "\"", "!" },
};

static void lines_are_cut_as_the_standard_says(void **state)
{
	char rows[256];

	(void)state;
	for (size_t i = 0; i < sizeof(csv) / sizeof(csv[0]); i++) {
		read_all(csv[i].text, rows, sizeof(rows));
		if (strcmp(rows, csv[i].rows) != 0)
			fail_msg("%s: got %s, want %s", csv[i].text, rows,
				 csv[i].rows);
	}
}

static void bad_bytes_make_a_bad_line(void **state)
{
	char text[] = "a,b\0c\nd,e\n";
	herald_str cells[4];
	struct csv c;
	size_t n;

	(void)state;
	csv_init(&c, text, sizeof(text) - 1, ',');
	assert_int_equal(csv_next(&c, cells, 4, &n), CSV_BAD);
	assert_int_equal(csv_next(&c, cells, 4, &n), CSV_ROW);
	assert_int_equal(c.line, 2);
}

/* ---- addresses ---- */

static const struct {
	const char *network, *address;
	int has; /* -1: the network is none */
} networks[] = {
	{ "192.0.2.0/24", "192.0.2.255", 1 },
	{ "192.0.2.0/24", "192.0.3.0", 0 },
	{ "192.0.2.128/25", "192.0.2.127", 0 },
	{ "192.0.2.128/25", "192.0.2.128", 1 },
	{ "0.0.0.0/0", "192.0.2.1", 1 },
	{ "0.0.0.0/0", "2001:db8::1", 0 },
	{ "::/0", "192.0.2.1", 1 },
	{ "2001:db8::/33", "2001:db8:8000::1", 0 },
	{ "2001:db8::/33", "2001:db8:7fff::1", 1 },
	{ "192.0.2.1", "192.0.2.1", 1 },
	{ "::ffff:192.0.2.1", "192.0.2.1", 1 },
	{ "192.0.2.1/24", "192.0.2.1", -1 },
	{ "192.0.2.0/33", "192.0.2.1", -1 },
	{ "192.0.2.0/", "192.0.2.1", -1 },
	{ "192.0.2.0/+8", "192.0.2.1", -1 },
	{ "192.0.2", "192.0.2.1", -1 },
	{ "", "192.0.2.1", -1 },
};

static void networks_hold_their_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
		struct cmdb_network n, a;
		int has = -1;

		assert_true(cmdb_network_parse(herald_cstr(networks[i].address),
					       &a));
		if (cmdb_network_parse(herald_cstr(networks[i].network), &n))
			has = cmdb_network_has(&n, &a);
		if (has != networks[i].has)
			fail_msg("%s %s: %d", networks[i].network,
				 networks[i].address, has);
	}
}

/* ---- tables ---- */

static struct cmdb_table *table_of(const char *text, char delimiter)
{
	return cmdb_sheet_read_take(strdup(text), strlen(text), delimiter,
				    &mapping, &why);
}

static struct cmdb_table *table_in(const char *fixture, char delimiter)
{
	size_t n;
	char *text = rig_fixture(fixture, &n);
	struct cmdb_table *t = cmdb_sheet_read_take(text, n, delimiter,
						    &mapping, &why);

	if (!t)
		fail_msg("%s", hp_text_str(&why).p);
	return t;
}

static struct cmdb_found find(const struct cmdb_table *t, enum cmdb_kind kind,
			      const char *value)
{
	return cmdb_table_find(t, kind, herald_cstr(value), own);
}

/* The criticality of what is found; "" for nothing. */
static const char *criticality(const struct cmdb_table *t, enum cmdb_kind kind,
			       const char *value)
{
	struct cmdb_found found = find(t, kind, value);
	herald_str cell = { NULL, 0 };
	static char text[64];

	if (found.asset)
		cell = cmdb_asset_cell(t, found.asset, CMDB_CRITICALITY);
	snprintf(text, sizeof(text), "%.*s", (int)cell.n, cell.p ? cell.p : "");
	return text;
}

static void expect_answer(const struct cmdb_table *t, enum cmdb_kind kind,
			  const char *value, const char *want)
{
	struct cmdb_found found = find(t, kind, value);
	struct cmdb_facts facts;
	struct hp_json out;
	json_t *got;

	assert_non_null(found.asset);
	hp_json_open(&out, &rig.h, (herald_str){ NULL, 0 });
	cmdb_asset_facts(t, &found, &facts);
	cmdb_asset_put(&facts, &mapping, &out);
	cmdb_asset_data(t, found.asset, &out);
	got = json_loads(hp_json_all(&out).p, 0, NULL);
	if (!json_same(got, want))
		fail_msg("%s", value);
	json_decref(got);
	hp_json_close(&out);
}

static void an_asset_is_told_whole(void **state)
{
	struct cmdb_table *t = table_in("cmdb/assets.csv", ',');
	const char *want =
		"{'device': {'hostname': 'srv-pay01', 'domain':"
		" 'corp.example.com', 'ip': '198.51.100.20', 'mac':"
		" '00:00:5e:00:53:20', 'owner': {'name': 'mallory',"
		" 'email_addr': 'mallory@corp.example.com'}, 'type_id': 1,"
		" 'risk_level_id': 4}, 'resources': [{'name': 'srv-pay01',"
		" 'criticality': 'critical', 'owner': {'name': 'mallory',"
		" 'email_addr': 'mallory@corp.example.com'}, 'group': {'name':"
		" 'Finance'}, 'labels': ['server', 'crown-jewel']}], 'data':"
		" {'hostname': 'srv-pay01', 'fqdn':"
		" 'srv-pay01.corp.example.com', 'ip': '198.51.100.20', 'mac':"
		" '00:00:5e:00:53:20', 'owner': 'mallory', 'owner_mail':"
		" 'mallory@corp.example.com', 'department': 'Finance',"
		" 'environment': 'production', 'criticality': 'critical',"
		" 'tags': 'server;crown-jewel'}, 'desc': 'srv-pay01, Finance,"
		" criticality critical, owner mallory'}";

	(void)state;
	expect_answer(t, CMDB_BY_HOST, "srv-pay01", want);
	expect_answer(t, CMDB_BY_HOST, "SRV-PAY01.corp.example.com.", want);
	expect_answer(t, CMDB_BY_IP, "198.51.100.20", want);
	expect_answer(t, CMDB_BY_MAC, "00-00-5E-00-53-20", want);
	assert_int_equal(cmdb_table_load(t)->rows, 5);
	assert_int_equal(cmdb_table_load(t)->skipped, 0);
	cmdb_table_free(t);
}

static void a_network_gives_its_criticality_only(void **state)
{
	struct cmdb_table *t = table_in("cmdb/assets.csv", ',');

	(void)state;
	expect_answer(t, CMDB_BY_IP, "203.0.113.7",
		      "{'device': {'risk_level_id': 1}, 'resources': [{'name':"
		      " 'net-guest', 'criticality': 'low', 'group': {'name':"
		      " 'IT'}, 'labels': ['range']}], 'data': {'hostname':"
		      " 'net-guest', 'ip': '203.0.113.0/24', 'department':"
		      " 'IT', 'environment': 'guest', 'criticality': 'low',"
		      " 'tags': 'range'}, 'desc': 'in network 203.0.113.0/24,"
		      " net-guest, IT, criticality low'}");
	cmdb_table_free(t);
}

static void the_hostile_file_is_read(void **state)
{
	struct cmdb_table *t = table_in("cmdb/assets-hostile.csv", ';');
	const struct cmdb_load *load = cmdb_table_load(t);

	(void)state;
	assert_int_equal(load->rows, 8);
	assert_int_equal(load->skipped, 1);
	assert_int_equal(load->replaced, 1);
	assert_int_equal(load->mended, 1);
	assert_string_equal(load->first, "line 6: 2 cells, not 4");
	assert_string_equal(criticality(t, CMDB_BY_HOST, "ws;1"), "HIGH");
	assert_string_equal(criticality(t, CMDB_BY_HOST, "quote \"q\" host"),
			    "medium");
	assert_string_equal(criticality(t, CMDB_BY_HOST, "=cmd|'/c calc'!A1"),
			    "low");
	assert_string_equal(criticality(t, CMDB_BY_IP, "192.0.2.4"), "low");
	assert_string_equal(criticality(t, CMDB_BY_HOST, "ws0042"), "critical");
	assert_string_equal(criticality(t, CMDB_BY_IP, "192.0.2.5"), "low");
	assert_string_equal(criticality(t, CMDB_BY_IP, "192.0.2.6"), "low");
	assert_string_equal(criticality(t, CMDB_BY_HOST, "shortrow"), "");
	cmdb_table_free(t);
}

static void names_are_found_as_they_are_written(void **state)
{
	struct cmdb_table *t = table_of("hostname,fqdn,criticality\n"
					"ws1,,low\n"
					"ws2,ws2.lab.example.com,low\n"
					",a.one.example.com,low\n"
					",a.two.example.com,high\n"
					",b.one.example.com,medium\n",
					',');

	(void)state;
	/* By its first part, below our own domains only, and only if the file
	 * does not say that its full name is another. */
	assert_string_equal(
		criticality(t, CMDB_BY_HOST, "ws1.corp.example.com"), "low");
	assert_string_equal(criticality(t, CMDB_BY_HOST, "ws1.evil.example"),
			    "");
	assert_string_equal(
		criticality(t, CMDB_BY_HOST, "ws2.corp.example.com"), "");
	assert_string_equal(criticality(t, CMDB_BY_HOST, "b"), "medium");
	assert_non_null(find(t, CMDB_BY_HOST, "a").rival);
	assert_null(find(t, CMDB_BY_HOST, "a.two.example.com").rival);
	assert_null(find(t, CMDB_BY_HOST, "").asset);
	cmdb_table_free(t);
}

static void the_smallest_network_wins(void **state)
{
	struct cmdb_table *t = table_of("ip,criticality\n"
					"192.0.2.0/24,low\n"
					"192.0.2.64/26,medium\n"
					"192.0.2.65,high\n"
					"192.0.2.0/24,critical\n"
					"2001:db8::/32,low\n",
					',');

	(void)state;
	assert_string_equal(criticality(t, CMDB_BY_IP, "192.0.2.1"),
			    "critical");
	assert_string_equal(criticality(t, CMDB_BY_IP, "192.0.2.66"), "medium");
	assert_string_equal(criticality(t, CMDB_BY_IP, "192.0.2.65"), "high");
	assert_string_equal(criticality(t, CMDB_BY_IP, "2001:db8::1"), "low");
	assert_string_equal(criticality(t, CMDB_BY_IP, "192.0.3.1"), "");
	assert_int_equal(cmdb_table_load(t)->replaced, 1);
	cmdb_table_free(t);
}

static const struct {
	const char *line, *why;
} bad_lines[] = {
	{ ",,,", "line 2: it has neither name nor address" },
	{ "a,192.0.2.300,,",
	  "line 2: the ip is neither an address nor a network" },
	{ "a,192.0.2.1/24,,",
	  "line 2: the ip is neither an address nor a network" },
	{ "a,,00:11,", "line 2: the mac is none" },
	{ "a,,00:11:22:33:44:55:66,", "line 2: the mac is none" },
	{ "\"a\"b,,,", "line 2: its quotes are broken" },
	{ "a,,,,", "line 2: 5 cells, not 4" },
};

static void bad_lines_are_skipped_and_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_lines) / sizeof(bad_lines[0]); i++) {
		char text[256];
		struct cmdb_table *t;

		snprintf(text, sizeof(text), "hostname,ip,mac,tags\n%s\nb,,,\n",
			 bad_lines[i].line);
		t = table_of(text, ',');
		assert_non_null(t);
		assert_string_equal(cmdb_table_load(t)->first,
				    bad_lines[i].why);
		assert_int_equal(cmdb_table_load(t)->rows, 1);
		cmdb_table_free(t);
	}
}

static const struct {
	const char *text, *why;
} headers[] = {
	{ "", "the first line names no columns" },
	{ "\n\n", "the first line names no columns" },
	{ "hostname;ip\na;192.0.2.1\n",
	  "no column is named hostname, fqdn, ip or mac: the first line has 1,"
	  " the first of them 'hostname;ip'; is it the right delimiter?" },
	{ "ip,,x\n", "column 2 has no name" },
	{ "ip,Ip\n", "two columns are named 'Ip'" },
	{ "ip,\xff\n", "the name of column 2 is not UTF-8" },
};

static void a_bad_header_refuses_the_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		hp_text_fini(&why);
		assert_null(table_of(headers[i].text, ','));
		assert_string_equal(hp_text_str(&why).p, headers[i].why);
	}
}

static void many_assets_are_all_found(void **state)
{
	struct hp_text text;
	struct cmdb_table *t;
	char name[32];

	(void)state;
	hp_text_init(&text, 1u << 20);
	hp_text_add(&text, HERALD_S("hostname,ip\n"));
	for (int i = 0; i < 5000; i++)
		hp_text_addf(&text, "host%d,10.0.%d.%d\n", i, i / 250, i % 250);
	t = table_of(hp_text_str(&text).p, ',');
	for (int i = 0; i < 5000; i++) {
		struct cmdb_found by_name, by_ip;

		snprintf(name, sizeof(name), "HOST%d", i);
		by_name = find(t, CMDB_BY_HOST, name);
		snprintf(name, sizeof(name), "10.0.%d.%d", i / 250, i % 250);
		by_ip = find(t, CMDB_BY_IP, name);
		assert_non_null(by_name.asset);
		assert_ptr_equal(by_name.asset, by_ip.asset);
	}
	cmdb_table_free(t);
	hp_text_fini(&text);
}

/* ---- files ---- */

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void a_file_is_read_again_only_when_it_is_another(void **state)
{
	char path[] = "/tmp/test_cmdb.XXXXXX", other[64];
	struct cmdb_identity known = { 0 };
	char *text;
	size_t n;

	(void)state;
	close(mkstemp(path));
	write_file(path, "one");
	assert_int_equal(cmdb_file_read(path, &known, &text, &n, &why),
			 CMDB_NEW);
	assert_string_equal(text, "one");
	free(text);
	assert_int_equal(cmdb_file_read(path, &known, &text, &n, &why),
			 CMDB_SAME);
	assert_null(text);
	/* As editors do it. */
	snprintf(other, sizeof(other), "%s.new", path);
	write_file(other, "two");
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(cmdb_file_read(path, &known, &text, &n, &why),
			 CMDB_NEW);
	assert_string_equal(text, "two");
	free(text);
	unlink(path);
	assert_int_equal(cmdb_file_read(path, &known, &text, &n, &why),
			 CMDB_UNREAD);
	assert_string_equal(hp_text_str(&why).p, "No such file or directory");
	assert_int_equal(cmdb_file_read("/tmp", &known, &text, &n, &why),
			 CMDB_UNREAD);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(lines_are_cut_as_the_standard_says),
		CASE(bad_bytes_make_a_bad_line),
		CASE(networks_hold_their_addresses),
		CASE(an_asset_is_told_whole),
		CASE(a_network_gives_its_criticality_only),
		CASE(the_hostile_file_is_read),
		CASE(names_are_found_as_they_are_written),
		CASE(the_smallest_network_wins),
		CASE(bad_lines_are_skipped_and_told),
		CASE(a_bad_header_refuses_the_file),
		CASE(many_assets_are_all_found),
		CASE(a_file_is_read_again_only_when_it_is_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
