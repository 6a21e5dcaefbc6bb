#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/digest.h"
#include "core/base/json_text.h"

/* FIPS 180-4 examples. */
static void sha256_of_known_texts(void **state)
{
	static const struct {
		const char *text, *hex;
	} cases[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca4959"
		      "91b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb41"
			 "0ff61f20015ad" },
	};
	char hex[HD_SHA256_HEX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hd_sha256_hex(cases[i].text, strlen(cases[i].text), hex);
		assert_string_equal(hex, cases[i].hex);
	}
}

/* RFC 4231, cases 1, 2 and 6; the last is the empty key. */
static void hmac_of_known_texts(void **state)
{
	static const uint8_t ones[131] = {
		[0 ... 130] = 0xaa,
	};
	static const uint8_t twenty[20] = {
		[0 ... 19] = 0x0b,
	};
	static const struct {
		const void *key;
		size_t key_n;
		const char *text, *hex;
	} cases[] = {
		{ twenty, 20, "Hi There",
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e3"
		  "2cff7" },
		{ "Jefe", 4, "what do ya want for nothing?",
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964e"
		  "c3843" },
		{ ones, 131,
		  "Test Using Larger Than Block-Size Key - Hash Key First",
		  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee"
		  "37f54" },
		{ NULL, 0, "",
		  "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292"
		  "c5ad" },
	};
	uint8_t out[HD_SHA256_SIZE];
	char hex[HD_SHA256_HEX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hd_hmac_sha256(cases[i].key, cases[i].key_n, cases[i].text,
			       strlen(cases[i].text), out);
		hd_hex(out, sizeof(out), hex);
		assert_string_equal(hex, cases[i].hex);
	}
}

static void pieces_keep_their_borders(void **state)
{
	static const struct hd_piece split[2][2] = {
		{ { "ab", 2 }, { "c", 1 } },
		{ { "a", 1 }, { "bc", 2 } },
	};
	static const char joined[] = "\2\0\0\0\0\0\0\0ab\1\0\0\0\0\0\0\0c";
	uint8_t a[HD_SHA256_SIZE];
	uint8_t b[HD_SHA256_SIZE];

	(void)state;
	hd_sha256_pieces(split[0], 2, a);
	hd_sha256(joined, sizeof(joined) - 1, b);
	assert_memory_equal(a, b, sizeof(a));
	hd_sha256_pieces(split[1], 2, b);
	assert_memory_not_equal(a, b, sizeof(a));
}

static void digest_of_json_forgets_order_only(void **state)
{
	static const char *const texts[] = {
		"{\"b\":[1,2],\"a\":{\"y\":1.0,\"x\":null}}",
		" {\"a\": {\"x\":null,\"y\":1.00},\"b\":[1,2]}",
		"{\"a\":{\"x\":null,\"y\":1.0},\"b\":[2,1]}",
	};
	static const char canonical[] =
		"{\"a\":{\"x\":null,\"y\":1.0},\"b\":[1,2]}";
	char hex[3][HD_SHA256_HEX];
	char wanted[HD_SHA256_HEX];
	json_t *value;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		value = hd_json_read(texts[i], strlen(texts[i]), NULL, NULL);
		assert_int_equal(hd_json_digest(value, hex[i]), 0);
		json_decref(value);
	}
	hd_sha256_hex(canonical, sizeof(canonical) - 1, wanted);
	assert_string_equal(hex[0], wanted);
	assert_string_equal(hex[1], wanted);
	assert_string_not_equal(hex[2], wanted);
}

static void random_bytes_differ(void **state)
{
	static const uint8_t zeros[64];
	uint8_t a[64] = { 0 };
	uint8_t b[64] = { 0 };

	(void)state;
	hd_random(a, sizeof(a));
	hd_random(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a, zeros, sizeof(a));
	assert_memory_not_equal(b, zeros, sizeof(b));
}

static void secrets_are_compared_whole(void **state)
{
	(void)state;
	assert_true(hd_equal_secret("abc", 3, "abc", 3));
	assert_true(hd_equal_secret("", 0, "", 0));
	assert_false(hd_equal_secret("abc", 3, "abd", 3));
	assert_false(hd_equal_secret("abc", 3, "xbc", 3));
	assert_false(hd_equal_secret("abc", 3, "abcd", 4));
	assert_false(hd_equal_secret("abc", 3, "", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_of_known_texts),
		cmocka_unit_test(hmac_of_known_texts),
		cmocka_unit_test(pieces_keep_their_borders),
		cmocka_unit_test(digest_of_json_forgets_order_only),
		cmocka_unit_test(random_bytes_differ),
		cmocka_unit_test(secrets_are_compared_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
