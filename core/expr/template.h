/* template.h - text with ${expression}
 *
 * "$$" is a dollar sign.  Scalars are put in as CEL's string(x) would, lists
 * and maps as JSON text.  The place decides the escaping, and no template can
 * turn it off.
 */
#ifndef HD_EXPR_TEMPLATE_H
#define HD_EXPR_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/expr/expr.h"

struct hd_err;

enum hd_escape {
	HD_ESCAPE_TEXT,	  /* nothing */
	HD_ESCAPE_HEADER, /* mail header: control bytes become blanks */
	HD_ESCAPE_HTML,	  /* & < > " ' */
	HD_ESCAPE_JSON,	  /* inside a JSON string */
	HD_ESCAPE_URL,	  /* percent encoding of all but unreserved */
	HD_ESCAPE_LDAP	  /* RFC 4515 filter value */
};

/* "text|header|html|json|url|ldap" to the enum; -1 otherwise. [any] */
int hd_escape_parse(const char *word, enum hd_escape *out);

struct hd_template;

/* NULL after complaints.  The caller frees it with hd_template_free().
 * [loop] */
struct hd_template *hd_template_compile(struct hd_expr_env *env,
					const struct hd_expr_names *names,
					const struct hd_node *node,
					enum hd_escape escape,
					struct hd_complaints *complaints);

/* The same for text that stands in no file: the first complaint is told in
 * `err`. [loop] */
struct hd_template *hd_template_compile_text(struct hd_expr_env *env,
					     const struct hd_expr_names *names,
					     const char *text,
					     enum hd_escape escape,
					     struct hd_err *err);

/* The same for the text of the file `path`, which the scalar `node` names:
 * complaints stand there and begin with PATH:LINE:COLUMN. [loop] */
struct hd_template *hd_template_compile_file(struct hd_expr_env *env,
					     const struct hd_expr_names *names,
					     const struct hd_node *node,
					     const char *path, const char *text,
					     enum hd_escape escape,
					     struct hd_complaints *complaints);
void hd_template_free(struct hd_template *t);

/* True if it has no ${}: its text is the same for every alert. [any] */
bool hd_template_is_constant(const struct hd_template *t);
void hd_template_paths(const struct hd_template *t,
		       void (*fn)(void *ud, const char *path), void *ud);

/* Appends the text.  For people (`lenient`): an absent part reads
 * "(no user.name)", an unknown one "(not known: vt timed out)", an error
 * "(error)"; the worst outcome is returned, the text is whole.  Strict: the
 * first part that is not known ends it with ABSENT, NOT_SURE or ERROR and
 * `why`; what was appended is then of no use. [loop] */
enum hd_truth hd_template_render(const struct hd_template *t,
				 const struct hd_expr_scope *scope,
				 bool lenient, struct hd_buf *out,
				 struct hd_reason *why);

/* A template that is a single ${expr} keeps the value's type: JSON value of the
 * whole (a list stays a list); else a string.  Strict. [loop] */
enum hd_truth hd_template_value(const struct hd_template *t,
				const struct hd_expr_scope *scope, json_t **out,
				struct hd_reason *why);

#endif
