/* Making peers: what is the same for all requests of a connector. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/base/secret.h"
#include "core/net/http_impl.h"
#include "core/net/http_token.h"

#define PEER_IN_FLIGHT 16
#define PEER_WAITING 10000
#define TIMEOUT_MS 30000
#define NO_PROXY_MAX 65536

static unsigned or_default(unsigned value, unsigned def)
{
	return value != 0 ? value : def;
}

void hd_http_peer_fini(struct hd_http_peer *peer)
{
	struct hd_http_setting *setting = &peer->setting;
	size_t i;

	for (i = 0; i < setting->origin_count; i++)
		hd_url_fini(&setting->origins[i]);
	hd_tls_policy_fini(&setting->tls);
	hd_secret_unref(setting->proxy_secret);
	free(setting->origins);
	free(setting->name);
	free(setting->proxy);
	free(setting->proxy_user);
	free(setting->no_proxy);
	free(peer);
}

static int take_origins(struct hd_http_setting *setting,
			const char *const *origins, struct hd_err *err)
{
	size_t n = 0;

	while (origins && origins[n])
		n++;
	setting->origins = hd_alloc_array(n + 1, sizeof(*setting->origins));
	while (setting->origin_count < n) {
		if (hd_url_parse(&setting->origins[setting->origin_count],
				 origins[setting->origin_count], err) < 0)
			return -1;
		setting->origin_count++;
	}
	return 0;
}

/* libcurl wants one text; a comma or a blank in an item would make two. */
static int take_no_proxy(struct hd_http_setting *setting,
			 const char *const *hosts, struct hd_err *err)
{
	struct hd_buf text;

	hd_buf_init(&text, NO_PROXY_MAX);
	for (; hosts && *hosts; hosts++) {
		if (!**hosts || strpbrk(*hosts, ", \t\r\n")) {
			hd_buf_fini(&text);
			return hd_err_set(err, EINVAL,
					  "no_proxy: '%s' is no name, address "
					  "or network",
					  *hosts);
		}
		if (text.n != 0)
			hd_buf_addc(&text, ',');
		hd_buf_adds(&text, *hosts);
	}
	setting->no_proxy = hd_buf_steal(&text);
	return 0;
}

static int take_proxy(struct hd_http_setting *setting,
		      const struct hd_http_peer_options *o, struct hd_err *err)
{
	struct hd_url url;

	setting->proxy = hd_strdup(o->proxy ? o->proxy : "");
	if (!setting->proxy[0])
		return 0;
	if (o->public_only)
		return hd_err_set(err, EINVAL,
				  "public addresses only, but through a proxy: "
				  "that is then the proxy's to see to");
	if (hd_url_parse(&url, setting->proxy, err) < 0)
		return hd_err_wrap(err, "proxy");
	hd_url_fini(&url);
	setting->proxy_user = hd_strdup(o->proxy_user);
	setting->proxy_secret = hd_secret_ref(o->proxy_secret);
	return take_no_proxy(setting, o->no_proxy, err);
}

static int take_token(struct hd_http_peer *peer,
		      const struct hd_http_peer_options *o, struct hd_err *err)
{
	if (!o->oauth2)
		return 0;
	peer->token = hd_http_token_new(peer->client, o->oauth2, o,
					hd_http_on_token, peer, err);
	peer->setting.bearer = true;
	return peer->token ? 0 : -1;
}

struct hd_http_peer *hd_http_peer_new(struct hd_http_client *client,
				      const struct hd_http_peer_options *o,
				      struct hd_err *err)
{
	struct hd_http_peer *peer = hd_alloc(sizeof(*peer));

	peer->client = client;
	TAILQ_INIT(&peer->flying);
	TAILQ_INIT(&peer->waiting);
	TAILQ_INIT(&peer->tokenless);
	TAILQ_INSERT_TAIL(&client->peers, peer, link);
	peer->setting.name = hd_strdup(o->name ? o->name : "NAME");
	peer->setting.user_agent = client->user_agent;
	peer->setting.public_only = o->public_only;
	hd_tls_policy_copy(&peer->setting.tls, o->tls);
	peer->max_in_flight = or_default(o->max_in_flight, PEER_IN_FLIGHT);
	peer->max_waiting = or_default(o->max_waiting, PEER_WAITING);
	peer->timeout_ms = or_default(o->timeout_ms, TIMEOUT_MS);
	if (take_origins(&peer->setting, o->origins, err) < 0 ||
	    take_proxy(&peer->setting, o, err) < 0 ||
	    hd_tls_policy_check(&peer->setting.tls, err) < 0 ||
	    take_token(peer, o, err) < 0) {
		TAILQ_REMOVE(&client->peers, peer, link);
		hd_http_peer_fini(peer);
		return NULL;
	}
	return peer;
}
