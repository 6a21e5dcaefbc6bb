#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/base64.h"
#include "common/sign.h"

/* RFC 4648, section 10. */
static const struct {
	const char *bytes, *text, *url;
} vectors[] = {
	{ "", "", "" },
	{ "f", "Zg==", "Zg" },
	{ "fo", "Zm8=", "Zm8" },
	{ "foo", "Zm9v", "Zm9v" },
	{ "foob", "Zm9vYg==", "Zm9vYg" },
	{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
	{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
	{ "\xfb\xff\xbe", "+/++", "-_--" },
};

static void base64_agrees_with_the_rfc(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const char *bytes = vectors[i].bytes;
		unsigned char back[16];
		char text[16];
		size_t n;

		assert_int_equal(hp_base64(text, bytes, strlen(bytes)),
				 strlen(vectors[i].text));
		assert_string_equal(text, vectors[i].text);
		assert_true(hp_base64_read(herald_cstr(text), back, &n));
		assert_int_equal(n, strlen(bytes));
		assert_memory_equal(back, bytes, n);
		hp_base64_url(text, bytes, strlen(bytes));
		assert_string_equal(text, vectors[i].url);
	}
}

static void base64_is_read_strictly(void **state)
{
	static const char *const bad[] = {
		"Zg",	"Zg=",	"Zg= =", "Zm9v\n", "====",     "A===", "Zh==",
		"Zm9=", "-_--", "Zm=v",	 " Zm9v",  "Zg==Zg==", "Zm9v="
	};
	unsigned char out[16];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (hp_base64_read(herald_cstr(bad[i]), out, &n))
			fail_msg("'%s' was read", bad[i]);
	}
}

/* RFC 4231, cases 2 and 6 (a key longer than a block). */
static void hmac_agrees_with_the_rfc(void **state)
{
	char key[131], hex[HP_HMAC_HEX];

	(void)state;
	assert_true(hp_hmac_sha256_hex(HERALD_S("Jefe"),
				       HERALD_S("what do ya want for nothing?"),
				       hex));
	assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c7"
				 "5a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	assert_true(hp_hmac_sha256_hex(
		(herald_str){ key, sizeof(key) },
		HERALD_S("Test Using Larger Than Block-Size Key - Hash Key "
			 "First"),
		hex));
	assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f"
				 "8e0bc6213728c5140546040f0ee37f54");
}

static void hmac_of_parts_is_that_of_the_whole(void **state)
{
	const herald_str parts[] = { HERALD_S("what do ya want "),
				     { NULL, 0 },
				     HERALD_S("for nothing?") };
	unsigned char mac[HP_HMAC_SIZE];

	(void)state;
	assert_true(hp_hmac_sha256(HERALD_S("Jefe"), parts, 3, mac));
	assert_int_equal(mac[0], 0x5b);
	assert_int_equal(mac[31], 0x43);
}

/* The example of the specification's reference libraries. */
static void webhook_signature_is_the_published_one(void **state)
{
	char out[HP_WEBHOOK_SIZE];

	(void)state;
	assert_true(hp_webhook_sign(
		HERALD_S("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
		HERALD_S("msg_p5jXN8AQM9LWM0D4loKWxJek"),
		HERALD_S("1614265330"), HERALD_S("{\"test\": 2432232314}"),
		out));
	assert_string_equal(out, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1"
				 "OE=");
}

static void a_key_without_its_word_is_taken_as_it_is(void **state)
{
	char a[HP_WEBHOOK_SIZE], b[HP_WEBHOOK_SIZE];

	(void)state;
	/* base64 of "plain-key" */
	assert_true(hp_webhook_sign(HERALD_S("whsec_cGxhaW4ta2V5"),
				    HERALD_S("i"), HERALD_S("1"), HERALD_S("b"),
				    a));
	assert_true(hp_webhook_sign(HERALD_S("plain-key"), HERALD_S("i"),
				    HERALD_S("1"), HERALD_S("b"), b));
	assert_string_equal(a, b);
}

static void an_unsound_key_signs_nothing(void **state)
{
	char out[HP_WEBHOOK_SIZE];

	(void)state;
	assert_false(hp_webhook_sign(HERALD_S("whsec_***"), HERALD_S("i"),
				     HERALD_S("1"), HERALD_S("b"), out));
	assert_false(hp_webhook_sign(HERALD_S("whsec_"), HERALD_S("i"),
				     HERALD_S("1"), HERALD_S("b"), out));
	assert_false(hp_webhook_sign(HERALD_S(""), HERALD_S("i"), HERALD_S("1"),
				     HERALD_S("b"), out));
}

static void equal_means_equal_in_length_too(void **state)
{
	(void)state;
	assert_true(hp_same_secretly(HERALD_S("abc"), HERALD_S("abc")));
	assert_false(hp_same_secretly(HERALD_S("abc"), HERALD_S("abd")));
	assert_false(hp_same_secretly(HERALD_S("abc"), HERALD_S("ab")));
	assert_false(hp_same_secretly((herald_str){ NULL, 0 },
				      (herald_str){ NULL, 0 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_agrees_with_the_rfc),
		cmocka_unit_test(base64_is_read_strictly),
		cmocka_unit_test(hmac_agrees_with_the_rfc),
		cmocka_unit_test(hmac_of_parts_is_that_of_the_whole),
		cmocka_unit_test(webhook_signature_is_the_published_one),
		cmocka_unit_test(a_key_without_its_word_is_taken_as_it_is),
		cmocka_unit_test(an_unsound_key_signs_nothing),
		cmocka_unit_test(equal_means_equal_in_length_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
