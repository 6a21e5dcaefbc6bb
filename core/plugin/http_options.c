#include "core/plugin/http_options.h"

#include <string.h>

#include "core/conf/complaint.h"
#include "core/conf/node.h"
#include "core/net/http_token.h"
#include "core/plugin/options.h"

const struct hd_key hd_oauth2_keys[] = {
	{ .name = "url",
	  .type = HERALD_URL,
	  .flags = HERALD_REQUIRED,
	  .values = "https|http",
	  .offset = HD_KEY_NOWHERE },
	{ .name = "client_id",
	  .type = HERALD_STRING,
	  .flags = HERALD_REQUIRED,
	  .offset = HD_KEY_NOWHERE },
	{ .name = "secret",
	  .type = HERALD_STRING,
	  .flags = HERALD_REQUIRED | HERALD_SECRET,
	  .offset = HD_KEY_NOWHERE },
	{ .name = "scope", .type = HERALD_STRING, .offset = HD_KEY_NOWHERE },
	{ .name = "audience", .type = HERALD_STRING, .offset = HD_KEY_NOWHERE },
	{ .name = "auth",
	  .type = HERALD_ENUM,
	  .values = "header|body",
	  .offset = HD_KEY_NOWHERE },
	{ .name = NULL },
};

static int needs(const struct hd_node *section, const char *name,
		 const char *other, const char *remedy,
		 const struct hd_check *check)
{
	const struct hd_node *node = hd_node_get(section, name);

	if (!node || hd_node_get(section, other))
		return 0;
	hd_complain(check->complaints, hd_node_place(node), "'%s' without '%s'",
		    name, other);
	return hd_complain_remedy(check->complaints, "%s", remedy);
}

int hd_http_options_check(const struct hd_node *section,
			  const struct hd_check *check)
{
	int rc = 0;

	if (needs(section, "no_proxy", "proxy",
		  "set 'proxy', or remove the line: without one nothing goes "
		  "through a proxy",
		  check) < 0)
		rc = -1;
	if (needs(section, "proxy_user", "proxy", "set 'proxy'", check) < 0)
		rc = -1;
	if (needs(section, "proxy_user", "proxy_secret",
		  "add 'proxy_secret: {file: PATH}'", check) < 0)
		rc = -1;
	if (needs(section, "proxy_secret", "proxy_user",
		  "add 'proxy_user: NAME'", check) < 0)
		rc = -1;
	return rc;
}

bool hd_oauth2_of(const struct hd_options *o, struct hd_http_token_options *out)
{
	memset(out, 0, sizeof(*out));
	if (hd_options_count(o, "oauth2_url") == 0)
		return false;
	out->url = hd_options_text(o, "oauth2_url", 0).p;
	out->client_id = hd_options_text(o, "oauth2_client_id", 0).p;
	out->secret = hd_options_secret(o, "oauth2_secret", 0);
	out->scope = hd_options_text(o, "oauth2_scope", 0).p;
	out->audience = hd_options_text(o, "oauth2_audience", 0).p;
	out->in_body = hd_options_number(o, "oauth2_auth") == 1;
	return true;
}
