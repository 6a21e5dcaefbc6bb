/* load.h - the files of a configuration, merged
 *
 * One main file and the `*.yaml` of the folder conf.d beside it, in bytewise
 * order of their names; the folder may be missing.  Each is its own YAML
 * document.  A file of conf.d may hold connectors, lists, times, scores,
 * safety.protect, safety.actions and pipelines; they are merged by name, and
 * a name that is defined twice is refused with both places.
 *
 * The YAML that we take is a subset: no second document, alias, anchor, merge
 * key, tag, NUL or repeated key; files of at most 4 MiB, lines of at most
 * 64 KiB, nesting of at most 60.
 *
 * Expressions that YAML would mangle (quoting.h) are complained of and then
 * read as they were meant, so that one run finds all of them.
 */
#ifndef HD_CONF_LOAD_H
#define HD_CONF_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/conf/source.h"

#define HD_CONF_FILE_MAX (4u << 20)
#define HD_CONF_LINE_MAX (64u << 10)
#define HD_CONF_FILES_MAX 256
#define HD_CONF_ID_SIZE 65

struct hd_complaints;
struct hd_conf;
struct hd_node;

/* A file given as text: for tests, and for texts kept in the journal. */
struct hd_conf_text {
	const char *name, *text;
	size_t n;
};

/* What is merged by name. */
enum hd_conf_section {
	HD_CONF_CONNECTORS,
	HD_CONF_LISTS,
	HD_CONF_TIMES,
	HD_CONF_SCORES,
	HD_CONF_PROTECT,  /* safety.protect: named by `name` */
	HD_CONF_ACTIONS,  /* safety.actions: CONNECTOR.ACTION */
	HD_CONF_PIPELINES /* named by `name`; `default` is moved to the end */
};
#define HD_CONF_SECTIONS 7

/* Reads all files.  NULL if one cannot be read or is no YAML (the other files
 * are read all the same, for their complaints); else the configuration, and
 * it is sound so far if there are no errors among `complaints`.  The caller
 * holds the one reference. [any] */
struct hd_conf *hd_conf_load(const char *main_path,
			     struct hd_complaints *complaints);

/* The same of texts, the first of which is the main file. [any] */
struct hd_conf *hd_conf_load_texts(const struct hd_conf_text *texts,
				   size_t count,
				   struct hd_complaints *complaints);

/* Counted; the last unref frees everything.  NULL is fine. [any] */
struct hd_conf *hd_conf_ref(struct hd_conf *conf);
void hd_conf_unref(struct hd_conf *conf);

/* Hex SHA-256 of all names and texts in order. [any] */
const char *hd_conf_id(const struct hd_conf *conf);

/* The files, the main one first.  Borrowed from `conf`. [any] */
size_t hd_conf_files(const struct hd_conf *conf);
const struct hd_source *hd_conf_file(const struct hd_conf *conf, size_t index);

/* The mapping that is the main file. [any] */
const struct hd_node *hd_conf_main(const struct hd_conf *conf);

/* The entries of a merged section, in order: main file, then conf.d.  The
 * name of an entry is hd_conf_name.  Borrowed from `conf`. [any] */
size_t hd_conf_count(const struct hd_conf *conf, enum hd_conf_section section);
const struct hd_node *hd_conf_entry(const struct hd_conf *conf,
				    enum hd_conf_section section, size_t index);
const char *hd_conf_name(const struct hd_conf *conf,
			 enum hd_conf_section section, size_t index);
const struct hd_node *hd_conf_find(const struct hd_conf *conf,
				   enum hd_conf_section section,
				   const char *name);

/* "connectors", "safety.actions", ... [any] */
const char *hd_conf_section_name(enum hd_conf_section section);

/* The name of the same section's entry that is most like `name`, for "did you
 * mean"; NULL if none is. [any] */
const char *hd_conf_like(const struct hd_conf *conf,
			 enum hd_conf_section section, const char *name);

#endif
