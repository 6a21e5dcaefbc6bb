/* What `control:` of a configuration gives to whom. */
#include "core/control/roles.h"

#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/buf.h"
#include "core/conf/complaint.h"
#include "core/conf/load.h"
#include "core/conf/settings.h"

#define SELF 4242
#define OTHER 4243

/* Names that every Debian has: the user and group `daemon`. */
static uid_t daemon_uid(void)
{
	return getpwnam("daemon")->pw_uid;
}

static gid_t daemon_gid(void)
{
	return getgrnam("daemon")->gr_gid;
}

struct setup {
	struct hd_conf *conf;
	struct hd_settings *settings;
	struct hd_roles *roles;
};

static void open_setup(struct setup *s, const char *control)
{
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_conf_text text = { "herald.yaml", NULL, 0 };
	struct hd_buf yaml;

	hd_buf_init(&yaml, 4096);
	hd_buf_addf(&yaml, "version: 1\n%spipelines: [{name: default}]\n",
		    control);
	text.text = hd_buf_text(&yaml);
	text.n = yaml.n;
	s->conf = hd_conf_load_texts(&text, 1, complaints);
	assert_non_null(s->conf);
	s->settings = hd_settings_read(s->conf, complaints);
	s->roles = hd_roles_new(&s->settings->control, SELF);
	hd_buf_fini(&yaml);
	hd_complaints_free(complaints);
}

static void close_setup(struct setup *s)
{
	hd_roles_free(s->roles);
	hd_settings_free(s->settings);
	hd_conf_unref(s->conf);
}

static void root_and_herald_itself_have_all(void **state)
{
	static const char *const controls[] = { "",
						"control: {view: [daemon]}\n",
						"control: {}\n" };
	struct setup s;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		open_setup(&s, controls[i]);
		assert_int_equal(hd_roles_of(s.roles, 0, 1, NULL, 0),
				 HD_ROLE_ALL);
		assert_int_equal(hd_roles_of(s.roles, SELF, 1, NULL, 0),
				 HD_ROLE_ALL);
		assert_int_equal(hd_roles_of(s.roles, OTHER, OTHER, NULL, 0),
				 0);
		close_setup(&s);
	}
}

static void roles_are_given_by_name(void **state)
{
	static const struct {
		const char *control;
		unsigned want;
	} cases[] = {
		{ "control: {view: [daemon]}\n", HD_ROLE_VIEW },
		{ "control: {view: daemon}\n", HD_ROLE_VIEW },
		{ "control: {operate: [daemon]}\n",
		  HD_ROLE_VIEW | HD_ROLE_OPERATE },
		{ "control: {approve: [daemon]}\n",
		  HD_ROLE_VIEW | HD_ROLE_APPROVE },
		{ "control: {operate: [daemon], approve: [daemon]}\n",
		  HD_ROLE_VIEW | HD_ROLE_OPERATE | HD_ROLE_APPROVE },
		{ "control: {admin: [daemon]}\n", HD_ROLE_ALL },
		{ "control: {view: [no-such-user], admin: "
		  "['group:no-such-group']}\n",
		  0 },
		{ "", 0 },
	};
	struct setup s;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s", cases[i].control);
		open_setup(&s, cases[i].control);
		assert_int_equal(hd_roles_of(s.roles, daemon_uid(), OTHER, NULL,
					     0),
				 cases[i].want);
		close_setup(&s);
	}
}

static void a_group_counts_first_or_supplementary(void **state)
{
	const gid_t other[] = { OTHER, OTHER + 1 };
	const gid_t with[] = { OTHER, daemon_gid() };
	struct setup s;

	(void)state;
	open_setup(&s, "control: {operate: ['group:daemon']}\n");
	assert_int_equal(hd_roles_of(s.roles, OTHER, daemon_gid(), NULL, 0),
			 HD_ROLE_VIEW | HD_ROLE_OPERATE);
	assert_int_equal(hd_roles_of(s.roles, OTHER, OTHER, with, 2),
			 HD_ROLE_VIEW | HD_ROLE_OPERATE);
	assert_int_equal(hd_roles_of(s.roles, OTHER, OTHER, other, 2), 0);
	/* A user is not meant by the name of a group, nor its number. */
	assert_int_equal(hd_roles_of(s.roles, daemon_gid(), OTHER, NULL, 0), 0);
	close_setup(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_and_herald_itself_have_all),
		cmocka_unit_test(roles_are_given_by_name),
		cmocka_unit_test(a_group_counts_first_or_supplementary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
