/* plugin_help.h - what the tests of core/plugin share: folders with copies of
 * the test plugins, and connectors made from a few lines of YAML. */
#ifndef TESTS_UNIT_PLUGIN_HELP_H
#define TESTS_UNIT_PLUGIN_HELP_H

#include <stddef.h>

struct hd_conf;
struct hd_complaints;
struct hd_node;

/* A new folder below /tmp that only we can write. */
void help_make_dir(char *out, size_t size);
void help_remove_dir(const char *dir);

/* The test plugin `name` as DIR/AS.so, whatever the build's umask was. */
void help_copy_plugin(const char *name, const char *dir, const char *as);

/* The section of connector `c` of a configuration with these lines, each of
 * them indented as a member of the section ("plugin: demo\nurl: ...").  Unref
 * *conf when the node is not needed any more. */
const struct hd_node *help_section(const char *lines, struct hd_conf **conf,
				   struct hd_complaints *complaints);

/* Prints them and fails the test if there are errors. */
void help_expect_no_complaints(struct hd_complaints *complaints);

/* Fails the test unless one of the complaints says `words`. */
void help_expect_complaint(struct hd_complaints *complaints, const char *words);

#endif
