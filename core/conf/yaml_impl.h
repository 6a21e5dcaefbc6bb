/* yaml_impl.h - between the files that turn YAML into our tree
 *
 * yaml.c runs the parser, yaml_tree.c copies and checks what it made,
 * yaml_error.c says what was wrong with the text.
 *
 * The text is parsed as often as it takes: each expression that was mangled
 * (quoting.h) is complained of and quoted in a copy, until nothing is left to
 * mend.  Offsets in the copy are turned back into those of the file, so all
 * places stay those that people see.
 */
#ifndef HD_CONF_YAML_IMPL_H
#define HD_CONF_YAML_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <libfyaml.h>

#include "core/conf/source.h"

#define HD_YAML_EDITS_MAX 100

struct hd_complaints;
struct hd_mangled;
struct hd_node;

/* Bytes start..end of the file became `n` bytes of the copy. */
struct hd_yaml_edit {
	size_t start, end, n;
};

struct hd_yaml {
	const struct hd_source *source; /* the file */
	struct hd_source *copy;		/* what is parsed */
	struct hd_complaints *complaints;
	struct hd_yaml_edit edits[HD_YAML_EDITS_MAX]; /* by start */
	size_t edits_count;
	size_t nodes;
};

/* The offset in the file of an offset in the copy. */
size_t hd_yaml_origin(const struct hd_yaml *yaml, size_t offset);

/* Its place in the file. */
struct hd_place hd_yaml_place(const struct hd_yaml *yaml, size_t offset);

/* Complains of a mangled value of the copy and quotes it there.  False if no
 * more can be mended. */
bool hd_yaml_mend(struct hd_yaml *yaml, const struct hd_mangled *mangled);

/* True if a value of the document was mangled silently, or by a tag, an anchor
 * or an alias: it has been mended, and the copy must be parsed again. */
bool hd_yaml_mend_tree(struct hd_yaml *yaml, struct fy_node *root);

/* Copies the document; complains of all that we do not take.  NULL if there
 * was anything.  The caller frees it. */
struct hd_node *hd_yaml_tree(struct hd_yaml *yaml, struct fy_node *root);

/* What can be seen without a parser: NUL, broken UTF-8, over-long lines,
 * nothing at all.  Returns 0 or -1. */
int hd_yaml_check_text(struct hd_yaml *yaml);

/* Turns the parser's error into a complaint of ours. */
void hd_yaml_complain(struct hd_yaml *yaml, const struct fy_diag_error *error);

#endif
