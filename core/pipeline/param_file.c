#include "core/pipeline/param_file.h"

#include <stdlib.h>
#include <string.h>

#include <herald/plugin.h>

#include "core/base/err.h"
#include "core/base/utf8.h"
#include "core/conf/complaint.h"
#include "core/conf/file.h"
#include "core/conf/node.h"
#include "core/conf/value.h"
#include "core/pipeline/program.h"

#define FILE_MAX (1u << 20)

bool hd_param_is_file(const struct hd_node *node)
{
	return hd_node_type(node) == HD_NODE_MAP && hd_node_count(node) == 1 &&
	       hd_node_get(node, "file");
}

static char *complain(struct hd_build *b, const struct hd_node *node,
		      const char *path, const char *why)
{
	hd_complain(b->complaints, hd_node_place(node), "%s: %s", path, why);
	return NULL;
}

static char *read_text(struct hd_build *b, const struct hd_node *node,
		       const char *path)
{
	struct hd_err err = { 0 };
	size_t n = 0;
	char *text = hd_file_read(path, FILE_MAX, &n, &err);
	const char *why = NULL;

	if (!text) {
		complain(b, node, path, err.text);
		hd_complain_remedy(b->complaints,
				   "make the file, readable for the user "
				   "herald");
		return NULL;
	}
	if (memchr(text, '\0', n))
		why = "it holds a byte 0";
	else if (!hd_utf8_valid(text, n))
		why = "it is not in UTF-8";
	if (!why)
		return text;
	free(text);
	return complain(b, node, path, why);
}

static void trim_end(char *text)
{
	size_t n = strlen(text);

	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		text[--n] = '\0';
}

struct hd_template *hd_param_file_compile(struct hd_build *b,
					  const struct hd_node *node,
					  enum hd_escape escape, char **source)
{
	const struct hd_node *file = hd_node_get(node, "file");
	struct hd_expr_names names = hd_build_names(b);
	struct hd_template *t;
	struct hd_value value;

	*source = NULL;
	if (hd_value_check(HERALD_PATH, NULL, file, &b->check, &value) < 0)
		return NULL;
	*source = read_text(b, file, hd_node_text(file, NULL));
	if (!*source)
		return NULL;
	if (escape == HD_ESCAPE_HEADER)
		trim_end(*source);
	t = hd_template_compile_file(b->program->env, &names, file,
				     hd_node_text(file, NULL), *source, escape,
				     b->complaints);
	if (t)
		return t;
	free(*source);
	*source = NULL;
	return NULL;
}
