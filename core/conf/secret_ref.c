#include "core/conf/secret_ref.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/err.h"
#include "core/base/secret.h"
#include "core/conf/complaint.h"
#include "core/conf/node.h"

#define FORMS "{credential: NAME}, {file: PATH} or {env: NAME}"

static const struct {
	const char *key;
	enum hd_secret_from from;
} kinds[] = {
	{ "credential", HD_SECRET_CREDENTIAL },
	{ "file", HD_SECRET_FILE },
	{ "env", HD_SECRET_ENV },
};

static int refuse(const struct hd_node *node, const struct hd_check *check,
		  const char *why)
{
	char *path = hd_node_path(node);

	hd_complain(check->complaints, hd_node_place(node), "%s %s", path, why);
	free(path);
	return hd_complain_remedy(check->complaints, "write " FORMS);
}

/* A literal: for demonstrations only, and never without a word. */
static int read_literal(const struct hd_node *node,
			const struct hd_check *check, struct hd_secret_ref *out)
{
	const char *text = hd_node_text(node, NULL);
	char *path;

	if (!check->inline_secrets) {
		refuse(node, check, "is written out in the configuration");
		hd_complain_hide(check->complaints);
		return hd_complain_remedy(check->complaints,
					  "put it into a file and write {file: "
					  "PATH}, or {credential: NAME}; "
					  "'herald: {inline_secrets: true}' "
					  "admits it for a demonstration");
	}
	if (text[0] == '\0')
		return refuse(node, check, "is empty");
	path = hd_node_path(node);
	hd_complain_warning(check->complaints, hd_node_place(node),
			    "%s is written out in the configuration", path);
	hd_complain_hide(check->complaints);
	free(path);
	hd_complain_remedy(check->complaints,
			   "put it into a file before this is in earnest");
	out->from = HD_SECRET_INLINE;
	out->text = text;
	return 0;
}

/* A credential's name is a file's, of one component. */
static bool is_sound(enum hd_secret_from from, const char *text)
{
	if (from == HD_SECRET_FILE)
		return text[0] == '/';
	return text[0] != '\0' && text[0] != '.' && !strchr(text, '/') &&
	       !strchr(text, '=');
}

int hd_secret_ref_read(const struct hd_node *node, const struct hd_check *check,
		       struct hd_secret_ref *out)
{
	const char *key, *text;
	size_t i;

	memset(out, 0, sizeof(*out));
	out->node = node;
	if (hd_node_type(node) == HD_NODE_SCALAR)
		return read_literal(node, check, out);
	if (hd_node_type(node) != HD_NODE_MAP || hd_node_count(node) != 1)
		return refuse(node, check,
			      "says nowhere to take a secret from");
	key = hd_node_key(node, 0);
	text = hd_node_text(hd_node_item(node, 0), NULL);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(key, kinds[i].key) != 0)
			continue;
		if (!text || !is_sound(kinds[i].from, text))
			return refuse(node, check,
				      kinds[i].from == HD_SECRET_FILE
					      ? "has no absolute path"
					      : "has no sound name");
		out->from = kinds[i].from;
		out->text = text;
		return 0;
	}
	return refuse(node, check, "says nowhere to take a secret from");
}

static struct hd_secret *fetch(const struct hd_secret_ref *ref, bool whole,
			       struct hd_err *err)
{
	const char *text = ref->text;

	switch (ref->from) {
	case HD_SECRET_CREDENTIAL:
		return hd_secret_credential(text, whole, err);
	case HD_SECRET_FILE:
		return hd_secret_read(text, whole, err);
	case HD_SECRET_ENV:
		text = getenv(ref->text);
		if (!text || text[0] == '\0') {
			hd_err_set(err, ENOENT,
				   "the environment has no %s, or it is empty",
				   ref->text);
			return NULL;
		}
		break;
	case HD_SECRET_INLINE:
		break;
	case HD_SECRET_NONE:
		hd_err_set(err, EINVAL, "no secret is given");
		return NULL;
	}
	return hd_secret_text_new(text, strlen(text));
}

static const char *remedy_for(enum hd_secret_from from)
{
	switch (from) {
	case HD_SECRET_CREDENTIAL:
		return "put the secret into the service's credentials "
		       "(LoadCredential=), or write {file: PATH}";
	case HD_SECRET_FILE:
		return "give the file owner root, group herald and mode 0640 "
		       "or stricter, and the secret on its first line";
	default:
		return "set it before herald starts, or write {file: PATH}";
	}
}

struct hd_secret *hd_secret_ref_open(const struct hd_secret_ref *ref,
				     bool whole, const struct hd_check *check)
{
	struct hd_err err = { 0, "" };
	struct hd_secret *secret = fetch(ref, whole, &err);

	if (secret)
		return secret;
	hd_complain(check->complaints, hd_node_place(ref->node), "%s",
		    err.text);
	hd_complain_remedy(check->complaints, "%s", remedy_for(ref->from));
	return NULL;
}
