#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/conf/complaint.h"
#include "core/conf/load.h"
#include "core/conf/node_impl.h"
#include "core/conf/quoting.h"
#include "core/conf/yaml_impl.h"

enum outcome { OUTCOME_TREE, OUTCOME_AGAIN, OUTCOME_FAILED };

size_t hd_yaml_origin(const struct hd_yaml *yaml, size_t offset)
{
	size_t i, start, inside;
	size_t grown = 0; /* of all edits before */

	for (i = 0; i < yaml->edits_count; i++) {
		const struct hd_yaml_edit *edit = &yaml->edits[i];

		start = edit->start + grown;
		if (offset < start)
			break;
		if (offset < start + edit->n) {
			inside = offset > start ? offset - start - 1 : 0;
			return inside < edit->end - edit->start
				       ? edit->start + inside
				       : edit->end;
		}
		grown += edit->n - (edit->end - edit->start);
	}
	return offset - grown;
}

struct hd_place hd_yaml_place(const struct hd_yaml *yaml, size_t offset)
{
	return hd_source_place(yaml->source, hd_yaml_origin(yaml, offset));
}

/* Keeps the edits in order.  False if the new one meets another. */
static bool add_edit(struct hd_yaml *yaml, struct hd_yaml_edit edit)
{
	size_t i = yaml->edits_count;

	if (i == HD_YAML_EDITS_MAX || edit.start >= edit.end)
		return false;
	while (i > 0 && yaml->edits[i - 1].start > edit.start)
		i--;
	if ((i > 0 && yaml->edits[i - 1].end > edit.start) ||
	    (i < yaml->edits_count && yaml->edits[i].start < edit.end))
		return false;
	memmove(&yaml->edits[i + 1], &yaml->edits[i],
		(yaml->edits_count - i) * sizeof(edit));
	yaml->edits[i] = edit;
	yaml->edits_count++;
	return true;
}

static void complain_of(struct hd_yaml *yaml, const struct hd_mangled *mangled)
{
	size_t n;
	const char *text = hd_source_text(yaml->copy, &n);
	char *line = hd_quoting_line(text, n, mangled);
	const char *what = mangled->key_n == 0 || hd_quoting_is_expr_key(
							  text + mangled->key,
							  mangled->key_n)
				   ? "expression"
				   : "text";

	if (mangled->key_n > 0)
		hd_complain(yaml->complaints,
			    hd_yaml_place(yaml, mangled->start),
			    "the %s of '%.*s' must be quoted: %s", what,
			    (int)mangled->key_n, text + mangled->key,
			    mangled->reason);
	else
		hd_complain(yaml->complaints,
			    hd_yaml_place(yaml, mangled->start),
			    "this %s must be quoted: %s", what,
			    mangled->reason);
	hd_complain_remedy(yaml->complaints, "write: %s", line);
	free(line);
}

bool hd_yaml_mend(struct hd_yaml *yaml, const struct hd_mangled *mangled)
{
	size_t n;
	const char *text = hd_source_text(yaml->copy, &n);
	struct hd_yaml_edit edit = {
		.start = hd_yaml_origin(yaml, mangled->start),
		.end = hd_yaml_origin(yaml, mangled->end),
	};
	struct hd_buf out;
	char *quoted;

	if (edit.end - edit.start != mangled->end - mangled->start)
		return false;
	quoted = hd_quoting_quote(text + mangled->start,
				  mangled->end - mangled->start);
	edit.n = strlen(quoted);
	complain_of(yaml, mangled);
	if (!add_edit(yaml, edit)) {
		free(quoted);
		return false;
	}
	hd_buf_init(&out, 2 * HD_CONF_FILE_MAX);
	hd_buf_add(&out, text, mangled->start);
	hd_buf_adds(&out, quoted);
	hd_buf_add(&out, text + mangled->end, n - mangled->end);
	free(quoted);
	hd_source_free(yaml->copy);
	yaml->copy = hd_source_new(hd_source_name(yaml->source),
				   hd_buf_text(&out), out.n, 0);
	hd_buf_fini(&out);
	return true;
}

/* The parser stops at its first error: that one. */
static enum outcome failed(struct hd_yaml *yaml, struct fy_diag *diag)
{
	struct fy_diag_error *error;
	struct hd_mangled mangled;
	size_t n, offset, before = hd_complaints_errors(yaml->complaints);
	const char *text = hd_source_text(yaml->copy, &n);
	void *at = NULL;

	error = fy_diag_errors_iterate(diag, &at);
	if (error && error->line > 0) {
		offset = hd_source_offset(yaml->copy, (unsigned)error->line, 1);
		if (hd_quoting_find(text, n, offset, &mangled) &&
		    hd_yaml_mend(yaml, &mangled))
			return OUTCOME_AGAIN;
	}
	/* Too many to mend: the complaint about this one is enough. */
	if (hd_complaints_errors(yaml->complaints) == before)
		hd_yaml_complain(yaml, error);
	return OUTCOME_FAILED;
}

/* A file holds one document; what comes behind it would be left out. */
static enum outcome check_end(struct hd_yaml *yaml, struct fy_parser *parser,
			      struct fy_diag *diag)
{
	struct fy_document *more = fy_parse_load_document(parser);
	const struct fy_mark *mark;

	if (!more)
		return fy_parser_get_stream_error(parser) ? failed(yaml, diag)
							  : OUTCOME_TREE;
	mark = fy_document_state_start_mark(
		fy_document_get_document_state(more));
	hd_complain(yaml->complaints,
		    hd_yaml_place(yaml, mark ? mark->input_pos : 0),
		    "a second document begins here");
	hd_complain_remedy(yaml->complaints,
			   "remove the line '---', or make it a file of its "
			   "own in conf.d");
	fy_parse_document_destroy(parser, more);
	return OUTCOME_FAILED;
}

static enum outcome read_document(struct hd_yaml *yaml,
				  struct fy_parser *parser,
				  struct fy_diag *diag, struct hd_node **tree)
{
	struct fy_document *document = fy_parse_load_document(parser);
	struct fy_node *root = document ? fy_document_root(document) : NULL;
	enum outcome outcome;

	if (!document && fy_parser_get_stream_error(parser))
		return failed(yaml, diag);
	if (!root) {
		hd_complain(yaml->complaints, hd_source_place(yaml->source, 0),
			    "the file holds nothing");
		hd_complain_remedy(yaml->complaints,
				   "the main file begins with 'version: 1'; a "
				   "file of conf.d may be removed");
		outcome = OUTCOME_FAILED;
	} else if (hd_yaml_mend_tree(yaml, root)) {
		outcome = OUTCOME_AGAIN;
	} else {
		outcome = check_end(yaml, parser, diag);
		if (outcome == OUTCOME_TREE)
			*tree = hd_yaml_tree(yaml, root);
		if (outcome == OUTCOME_TREE && !*tree)
			outcome = OUTCOME_FAILED;
	}
	if (document)
		fy_parse_document_destroy(parser, document);
	return outcome;
}

static void no_output(struct fy_diag *diag, void *user, const char *p, size_t n)
{
	(void)diag;
	(void)user;
	(void)p;
	(void)n;
}

static enum outcome parse(struct hd_yaml *yaml, struct hd_node **tree)
{
	struct fy_diag_cfg diag_options;
	struct fy_parse_cfg options = { 0 };
	struct fy_parser *parser;
	struct fy_diag *diag;
	enum outcome outcome = OUTCOME_FAILED;
	size_t n;
	const char *text = hd_source_text(yaml->copy, &n);

	fy_diag_cfg_default(&diag_options);
	diag_options.fp = NULL;
	diag_options.output_fn = no_output;
	diag_options.colorize = false;
	diag = fy_diag_create(&diag_options);
	fy_diag_set_collect_errors(diag, true);
	/* Repeated keys are refused by ourselves, all of them, with both
	 * places. */
	options.flags = FYPCF_ALLOW_DUPLICATE_KEYS | FYPCF_JSON_NONE;
	options.diag = diag;
	parser = fy_parser_create(&options);
	if (parser && fy_parser_set_string(parser, text, n) == 0)
		outcome = read_document(yaml, parser, diag, tree);
	else
		hd_complain(yaml->complaints, hd_source_place(yaml->source, 0),
			    "the YAML parser cannot be started");
	fy_parser_destroy(parser);
	fy_diag_destroy(diag);
	return outcome;
}

struct hd_node *hd_yaml_read(const struct hd_source *source,
			     struct hd_complaints *complaints)
{
	struct hd_yaml *yaml = hd_alloc(sizeof(*yaml));
	struct hd_node *tree = NULL;
	size_t n;
	const char *text = hd_source_text(source, &n);

	yaml->source = source;
	yaml->complaints = complaints;
	yaml->copy = hd_source_new(hd_source_name(source), text, n, 0);
	if (hd_yaml_check_text(yaml) == 0) {
		while (parse(yaml, &tree) == OUTCOME_AGAIN)
			;
	}
	hd_source_free(yaml->copy);
	free(yaml);
	return tree;
}
