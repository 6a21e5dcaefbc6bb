#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/base/json_text.h"

#define TEXT(literal) literal, sizeof(literal) - 1
#define FFFD "\xef\xbf\xbd"

static const struct hd_json_options mending = {
	.mend = true,
	.max_text = HD_JSON_TEXT_MAX,
};

static char *write_text(const json_t *value, unsigned flags)
{
	struct hd_buf out;

	hd_buf_init(&out, 1 << 24);
	hd_json_write(&out, value, flags);
	assert_false(hd_buf_failed(&out));
	return hd_buf_steal(&out);
}

/* `head` `count` times, `middle`, `tail` `count` times.  The caller frees. */
static char *wrapped(const char *head, size_t count, const char *middle,
		     const char *tail)
{
	struct hd_buf out;
	size_t i;

	hd_buf_init(&out, 1 << 24);
	for (i = 0; i < count; i++)
		hd_buf_adds(&out, head);
	hd_buf_adds(&out, middle);
	for (i = 0; i < count; i++)
		hd_buf_adds(&out, tail);
	assert_false(hd_buf_failed(&out));
	return hd_buf_steal(&out);
}

/* Reads with mending and expects `status`; `written` is the text of what was
 * read, NULL where nothing may be. */
static void expect(const char *name, const char *text, size_t n,
		   enum hd_json_status status, const char *written)
{
	struct hd_json_report report;
	json_t *value = hd_json_read(text, n, &mending, &report);
	char *again = value ? write_text(value, 0) : NULL;

	if (report.status != status)
		fail_msg("%s: status %d, not %d: %s", name, report.status,
			 status, report.why);
	if (!written != !again || (written && strcmp(written, again) != 0))
		fail_msg("%s: read as %s, not %s", name, again, written);
	assert_int_equal(report.used, value ? n : 0);
	assert_true((report.why[0] == '\0') == (status == HD_JSON_OK));
	free(again);
	json_decref(value);
}

/* tests/conformance/bad-inputs.tsv, class json, as section 7 of the design
 * decides: what a person must see is NOT_EXACT, bytes that attackers choose
 * are mended, the rest is no JSON.  j37 to j50 are made below; j48 too.  That a
 * document is an object (j03, j04) is the caller's question. */
static void conformance_inputs_meet_their_decisions(void **state)
{
	static const struct {
		const char *id;
		const char *text;
		size_t n;
		enum hd_json_status status;
		const char *written;
	} cases[] = {
		{ "j01", TEXT(""), HD_JSON_BAD, NULL },
		{ "j02", TEXT(" \n\t "), HD_JSON_BAD, NULL },
		{ "j03", TEXT("\"x\""), HD_JSON_OK, "\"x\"" },
		{ "j04", TEXT("[{\"a\":1},{\"a\":2}]"), HD_JSON_OK,
		  "[{\"a\":1},{\"a\":2}]" },
		{ "j06", TEXT("{\"user\":\"a\",\"user\":\"krbtgt\"}"),
		  HD_JSON_NOT_EXACT, NULL },
		{ "j07", TEXT("{\"user\":1,\"\\u0075ser\":2}"),
		  HD_JSON_NOT_EXACT, NULL },
		{ "j08", TEXT("{\"a\":1} x"), HD_JSON_BAD, NULL },
		{ "j10", TEXT("{\"a\":1,}"), HD_JSON_BAD, NULL },
		{ "j10 array", TEXT("[1,]"), HD_JSON_BAD, NULL },
		{ "j11", TEXT("{'a':1}"), HD_JSON_BAD, NULL },
		{ "j12", TEXT("{\"a\":1/*c*/}"), HD_JSON_BAD, NULL },
		{ "j13", TEXT("{\"a\":NaN}"), HD_JSON_BAD, NULL },
		{ "j14", TEXT("{\"a\":-Infinity}"), HD_JSON_BAD, NULL },
		{ "j15", TEXT("{\"a\":1e999}"), HD_JSON_NOT_EXACT, NULL },
		{ "j16", TEXT("{\"a\":1e-999}"), HD_JSON_OK, "{\"a\":0.0}" },
		{ "j17", TEXT("{\"a\":9223372036854775808}"), HD_JSON_NOT_EXACT,
		  NULL },
		{ "j18", TEXT("{\"a\":-9223372036854775808}"), HD_JSON_OK,
		  "{\"a\":-9223372036854775808}" },
		{ "j19", TEXT("{\"a\":01}"), HD_JSON_BAD, NULL },
		{ "j20", TEXT("{\"a\":-0}"), HD_JSON_OK, "{\"a\":0}" },
		{ "j22", TEXT("{\"a\":\"x\\u0000y\"}"), HD_JSON_MENDED,
		  "{\"a\":\"x" FFFD "y\"}" },
		{ "j23", TEXT("{\"a\\u0000b\":1}"), HD_JSON_MENDED,
		  "{\"a" FFFD "b\":1}" },
		{ "j24", TEXT("{\"a\":\"x\0y\"}"), HD_JSON_MENDED,
		  "{\"a\":\"x" FFFD "y\"}" },
		{ "j25", TEXT("{\"a\":\"x\ny\"}"), HD_JSON_BAD, NULL },
		{ "j26", TEXT("{\"a\":\"\\ud83d!\"}"), HD_JSON_MENDED,
		  "{\"a\":\"" FFFD "!\"}" },
		{ "j27", TEXT("{\"a\":\"\\ude00!\"}"), HD_JSON_MENDED,
		  "{\"a\":\"" FFFD "!\"}" },
		{ "j28", TEXT("{\"a\":\"\xc0\xaf\"}"), HD_JSON_MENDED,
		  "{\"a\":\"" FFFD FFFD "\"}" },
		{ "j29", TEXT("{\"a\":\"\xed\xa0\x80\"}"), HD_JSON_MENDED,
		  "{\"a\":\"" FFFD FFFD FFFD "\"}" },
		{ "j31", TEXT("{\"a\":\"x\xe2\x82\"}"), HD_JSON_MENDED,
		  "{\"a\":\"x" FFFD "\"}" },
		{ "j33", TEXT("{\0\"\0a\0\"\0:\0001\0}\0"), HD_JSON_BAD, NULL },
		{ "j34", TEXT("{\"a\xe2\x80\xae\":1}"), HD_JSON_OK,
		  "{\"a\xe2\x80\xae\":1}" },
		{ "j35", TEXT("{\"__proto__\":{\"x\":1}}"), HD_JSON_OK,
		  "{\"__proto__\":{\"x\":1}}" },
		{ "j36", TEXT("{\"\":1}"), HD_JSON_OK, "{\"\":1}" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(cases[i].id, cases[i].text, cases[i].n, cases[i].status,
		       cases[i].written);
}

/* j37 to j40, at both kinds of bracket, closed or not. */
static void deep_nesting_is_not_exact(void **state)
{
	static const size_t depths[] = { 65, 512, 2048, 2049, 100000 };
	char *text;
	size_t i;

	(void)state;
	text = wrapped("[", 64, "1", "]");
	expect("64 arrays", text, strlen(text), HD_JSON_OK, text);
	free(text);
	text = wrapped("{\"a\":", 64, "1", "}");
	expect("64 objects", text, strlen(text), HD_JSON_OK, text);
	free(text);
	for (i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
		text = wrapped("[", depths[i], "1", "]");
		expect("arrays", text, strlen(text), HD_JSON_NOT_EXACT, NULL);
		expect("open", text, depths[i], HD_JSON_NOT_EXACT, NULL);
		free(text);
		text = wrapped("{\"a\":", depths[i], "1", "}");
		expect("objects", text, strlen(text), HD_JSON_NOT_EXACT, NULL);
		free(text);
	}
}

static void long_name_is_not_exact(void **state)
{
	char *text;

	(void)state;
	text = wrapped("k", HD_JSON_KEY_MAX, "", "");
	{
		char *fits = wrapped("{\"", 1, text, "\":1}");
		char *over = wrapped("{\"x", 1, text, "\":1}");

		expect("1024 bytes", fits, strlen(fits), HD_JSON_OK, fits);
		expect("1025 bytes", over, strlen(over), HD_JSON_NOT_EXACT,
		       NULL);
		free(fits);
		free(over);
	}
	free(text);
	text = wrapped("k", 65536, "", "");
	{
		char *j45 = wrapped("{\"", 1, text, "\":1}");

		expect("j45", j45, strlen(j45), HD_JSON_NOT_EXACT, NULL);
		free(j45);
	}
	free(text);
}

static void many_escapes_are_read(void **state)
{
	char *escapes = wrapped("\\u00e9", 300000, "", "");
	char *text = wrapped("\"", 1, escapes, "\"");
	json_t *value = hd_json_read(text, strlen(text), NULL, NULL);

	(void)state;
	assert_non_null(value);
	assert_int_equal(json_string_length(value), 600000);
	json_decref(value);
	free(text);
	free(escapes);
}

/* j48: one bad document of many costs one. */
static void bad_document_of_a_batch_can_be_skipped(void **state)
{
	static const struct hd_json_options prefix = { .mend = true,
						       .prefix = true };
	static const char good[] = "{\"a\":[1,\"}\"]} \n";
	static const char bad[] = "{\"a\":[1,\"}\\\"]\"],} ";
	struct hd_buf batch;
	struct hd_json_report report;
	json_t *value;
	size_t at = 0;
	int counts[2] = { 0, 0 };
	int i;

	(void)state;
	hd_buf_init(&batch, 1 << 20);
	for (i = 0; i < 1000; i++)
		hd_buf_adds(&batch, i == 500 ? bad : good);
	while (at < batch.n) {
		size_t n = batch.n - at;

		value = hd_json_read(batch.p + at, n, &prefix, &report);
		counts[value != NULL]++;
		at += value ? report.used : hd_json_span(batch.p + at, n);
		json_decref(value);
	}
	assert_int_equal(counts[1], 999);
	assert_int_equal(counts[0], 1);
	hd_buf_fini(&batch);
}

static void many_members_are_read(void **state)
{
	struct hd_buf text;
	json_t *value;
	int i;

	(void)state;
	hd_buf_init(&text, 1 << 24);
	for (i = 0; i < 50000; i++)
		hd_buf_addf(&text, "%c\"k%d\":%d", i == 0 ? '{' : ',', i, i);
	hd_buf_addc(&text, '}');
	value = hd_json_read(text.p, text.n, NULL, NULL);
	assert_int_equal(json_object_size(value), 50000);
	assert_int_equal(json_integer_value(json_object_get(value, "k49999")),
			 49999);
	json_decref(value);
	hd_buf_fini(&text);
}

static char *load(const char *path, size_t *n)
{
	FILE *file = fopen(path, "rb");
	char *text = calloc(1, 1 << 16);

	assert_non_null(file);
	assert_non_null(text);
	*n = fread(text, 1, 1 << 16, file);
	assert_true(*n > 100 && *n < 1 << 16);
	fclose(file);
	return text;
}

/* j50.  Each prefix is a block of its own size, for the address sanitizer. */
static void every_truncation_is_refused(void **state)
{
	struct hd_json_report report;
	size_t n;
	size_t i;
	char *text = load(TEST_SRCDIR
			  "/fixtures/splunk/webhook_es_notable_row.json",
			  &n);
	char *piece;
	json_t *value;

	(void)state;
	while (text[n - 1] != '}')
		n--;
	for (i = 0; i < n; i++) {
		piece = malloc(i != 0 ? i : 1);
		assert_non_null(piece);
		memcpy(piece, text, i);
		value = hd_json_read(piece, i, &mending, &report);
		assert_null(value);
		assert_int_equal(report.status, HD_JSON_BAD);
		assert_int_equal(hd_json_span(piece, i), 0);
		free(piece);
	}
	value = hd_json_read(text, n, &mending, &report);
	assert_non_null(value);
	assert_int_equal(report.status, HD_JSON_OK);
	assert_int_equal(hd_json_span(text, n), n);
	json_decref(value);
	free(text);
}

static void grammar_is_that_of_rfc_8259(void **state)
{
	static const struct {
		const char *text;
		const char *written; /* NULL: refused */
	} cases[] = {
		{ " [ ] ", "[]" },
		{ "\r\n{\t}\n", "{}" },
		{ "[true,false,null]", "[true,false,null]" },
		{ "tru", NULL },
		{ "trues", NULL },
		{ "nul", NULL },
		{ "[1 2]", NULL },
		{ "[1", NULL },
		{ "[,1]", NULL },
		{ "[1]]", NULL },
		{ "{\"a\"}", NULL },
		{ "{\"a\":}", NULL },
		{ "{\"a\" 1}", NULL },
		{ "{a:1}", NULL },
		{ "{\"a\":1 \"b\":2}", NULL },
		{ "{\"a\":1]", NULL },
		{ "{\"b\":1,\"a\":2}", "{\"b\":1,\"a\":2}" },
		{ "-", NULL },
		{ "+1", NULL },
		{ ".5", NULL },
		{ "1.", NULL },
		{ "0.", NULL },
		{ "1e", NULL },
		{ "1e+", NULL },
		{ "-01", NULL },
		{ "0x1", NULL },
		{ "0", "0" },
		{ "9223372036854775807", "9223372036854775807" },
		{ "[1.0,-0.0,0e5,1E2,1e-2]", "[1.0,-0.0,0.0,100.0,0.01]" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
		  "\"\\\"\\\\/\\b\\f\\n\\r\\t\"" },
		{ "\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"",
		  "\"A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ "\"\\u001f\x7f\"", "\"\\u001f\x7f\"" },
		{ "\"\\x\"", NULL },
		{ "\"\\u12g4\"", NULL },
		{ "\"\\u12", NULL },
		{ "\"\\", NULL },
		{ "\"a", NULL },
		{ "\"\t\"", NULL },
		{ "\"0123456789abcdef\\n0123456789abcdef\"",
		  "\"0123456789abcdef\\n0123456789abcdef\"" },
		{ "\xef\xbb\xbf{}", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(cases[i].text, cases[i].text, strlen(cases[i].text),
		       cases[i].written ? HD_JSON_OK : HD_JSON_BAD,
		       cases[i].written);
}

/* Wherever in a string it stands: the scan takes eight bytes at a time. */
static void every_byte_is_seen_in_every_place(void **state)
{
	char text[20];
	char *written;
	json_t *value;
	size_t at;
	int c;

	(void)state;
	for (at = 1; at < 19; at++) {
		for (c = 1; c < 0x80; c++) {
			memset(text, 'x', sizeof(text));
			text[0] = text[19] = '"';
			text[at] = (char)c;
			value = hd_json_read(text, 20, NULL, NULL);
			assert_true(!value ==
				    (c < 0x20 || c == '"' || c == '\\'));
			json_decref(value);
			value = json_stringn_nocheck(text + 1, 18);
			written = write_text(value, 0);
			json_decref(value);
			value = hd_json_read(written, strlen(written), NULL,
					     NULL);
			assert_memory_equal(json_string_value(value), text + 1,
					    18);
			json_decref(value);
			free(written);
		}
	}
}

static void numbers_outside_are_not_exact(void **state)
{
	static const char *const cases[] = {
		"9223372036854775808",
		"-9223372036854775809",
		"18446744073709551616",
		"99999999999999999999999999",
		"1e309",
		"-1e309",
		"1797693134862315708e291",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(cases[i], cases[i], strlen(cases[i]), HD_JSON_NOT_EXACT,
		       NULL);
}

static void broken_text_is_bad_without_mending(void **state)
{
	static const struct {
		const char *text;
		size_t n;
	} cases[] = {
		{ TEXT("\"\\u0000\"") },  { TEXT("\"\0\"") },
		{ TEXT("\"\xff\"") },	  { TEXT("\"\\udc00\"") },
		{ TEXT("{\"\xff\":1}") },
	};
	struct hd_json_report report;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(
			hd_json_read(cases[i].text, cases[i].n, NULL, &report));
		assert_int_equal(report.status, HD_JSON_BAD);
	}
}

static void long_text_is_cut_at_a_character(void **state)
{
	static const struct hd_json_options short_text = { .mend = true,
							   .max_text = 4 };
	static const struct {
		const char *text;
		enum hd_json_status status;
		const char *value;
	} cases[] = {
		{ "\"abcd\"", HD_JSON_OK, "abcd" },
		{ "\"abcde\"", HD_JSON_MENDED, "abcd" },
		{ "\"abc\xc3\xa9\"", HD_JSON_MENDED, "abc" },
		{ "\"\\u0061bcd\\n\"", HD_JSON_MENDED, "abcd" },
		{ "\"ab\xf0\x9f\x98\x80\"", HD_JSON_MENDED, "ab" },
	};
	struct hd_json_report report;
	json_t *value;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		value = hd_json_read(cases[i].text, strlen(cases[i].text),
				     &short_text, &report);
		assert_int_equal(report.status, cases[i].status);
		assert_string_equal(json_string_value(value), cases[i].value);
		json_decref(value);
	}
}

static void report_tells_what_and_where(void **state)
{
	static const struct {
		const char *text;
		enum hd_json_status status;
		size_t offset;
		const char *why, *path;
	} cases[] = {
		{ "{\"a\":{\"user\":1,\"user\":2}}", HD_JSON_NOT_EXACT, 15,
		  "repeated key 'user'", "/a/user" },
		{ "{\"a/~\":[1,2,x]}", HD_JSON_BAD, 12,
		  "'x' where a value should be", "/a~1~0/2" },
		{ "[{\"\\u0061\":[\"\\n\",1e999]}]", HD_JSON_NOT_EXACT, 17,
		  "real beyond the range of a double", "/0/a/1" },
		{ "[[\"ok\",\"\xff\"],\"\xfe\"]", HD_JSON_MENDED, 8,
		  "broken UTF-8", "/0/1" },
		{ "{\"a\":1", HD_JSON_BAD, 6, "ends where ',' or '}' should be",
		  "" },
		{ "{} {}", HD_JSON_BAD, 3, "'{' where the end should be", "" },
	};
	struct hd_json_report report;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_decref(hd_json_read(cases[i].text, strlen(cases[i].text),
					 &mending, &report));
		assert_int_equal(report.status, cases[i].status);
		assert_string_equal(report.why, cases[i].why);
		assert_string_equal(report.path, cases[i].path);
		assert_int_equal(report.offset, cases[i].offset);
	}
}

static void prefix_reading_stops_behind_the_blanks(void **state)
{
	static const struct hd_json_options prefix = { .prefix = true };
	struct hd_json_report report;
	json_t *value;

	(void)state;
	value = hd_json_read(TEXT(" {\"a\":1} \n{\"b\":2}"), &prefix, &report);
	assert_int_equal(json_object_size(value), 1);
	assert_int_equal(report.used, 10);
	json_decref(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conformance_inputs_meet_their_decisions),
		cmocka_unit_test(deep_nesting_is_not_exact),
		cmocka_unit_test(long_name_is_not_exact),
		cmocka_unit_test(many_escapes_are_read),
		cmocka_unit_test(many_members_are_read),
		cmocka_unit_test(bad_document_of_a_batch_can_be_skipped),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(grammar_is_that_of_rfc_8259),
		cmocka_unit_test(every_byte_is_seen_in_every_place),
		cmocka_unit_test(numbers_outside_are_not_exact),
		cmocka_unit_test(broken_text_is_bad_without_mending),
		cmocka_unit_test(long_text_is_cut_at_a_character),
		cmocka_unit_test(report_tells_what_and_where),
		cmocka_unit_test(prefix_reading_stops_behind_the_blanks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
