#include "core/heraldd/listeners.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/digest.h"
#include "core/base/err.h"
#include "core/base/log.h"
#include "core/base/secret.h"
#include "core/conf/complaint.h"
#include "core/conf/settings.h"
#include "core/heraldd/daemon.h"
#include "core/net/listener.h"

struct hd_listener *hd_listeners_find(struct hd_daemon *d, const char *name)
{
	/* the newest: during a reload the former one of that name is there too
	 */
	for (size_t i = d->listener_count; i-- > 0;)
		if (!d->listeners[i].closing &&
		    strcmp(d->listeners[i].name, name) == 0)
			return d->listeners[i].listener;
	return NULL;
}

static struct hd_secret *open_key(const struct hd_listen_settings *s,
				  struct hd_err *err)
{
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_check check = { complaints, true };
	struct hd_secret *key = hd_secret_ref_open(&s->key, true, &check);

	if (!key)
		hd_err_set(err, EACCES, "listen.%s: %s", s->name,
			   hd_complaints_count(complaints) != 0
				   ? hd_complaints_get(complaints, 0)->text
				   : "no TLS key");
	hd_complaints_free(complaints);
	return key;
}

static int open_one(struct hd_daemon *d, const struct hd_listen_settings *s,
		    struct hd_err *err)
{
	struct hd_listener_options options = { 0 };
	struct hd_secret *key = NULL;
	struct hd_daemon_listener *slot;
	struct hd_listener *listener;

	options.name = s->name;
	options.address = s->address;
	options.connections = (unsigned)s->limits.connections;
	options.per_address = (unsigned)s->limits.per_address;
	options.header_ms = (unsigned)s->limits.header_ms;
	options.body_ms = (unsigned)s->limits.body_ms;
	options.idle_ms = (unsigned)s->limits.idle_ms;
	if (s->tls) {
		key = open_key(s, err);
		if (!key)
			return -1;
		options.tls_cert = s->cert;
		options.tls_key = hd_secret_get(key, NULL);
	}
	listener = hd_listener_new(&d->loop, &options, err);
	hd_secret_unref(key);
	if (!listener)
		return hd_err_wrap(err, "listen.%s", s->name);
	d->listeners = hd_realloc_array(d->listeners, d->listener_count + 1,
					sizeof(*d->listeners));
	slot = &d->listeners[d->listener_count++];
	slot->name = hd_strdup(s->name);
	slot->address = hd_strdup(s->address);
	slot->limits = s->limits;
	slot->tls = hd_strdup(s->tls ? s->cert : "");
	slot->listener = listener;
	slot->serving = slot->closing = false;
	return 0;
}

static struct hd_daemon_listener *same(struct hd_daemon *d,
				       const struct hd_listen_settings *s)
{
	for (size_t i = 0; i < d->listener_count; i++) {
		struct hd_daemon_listener *l = &d->listeners[i];

		if (!l->closing && strcmp(l->name, s->name) == 0 &&
		    strcmp(l->address, s->address) == 0 &&
		    strcmp(l->tls, s->tls ? s->cert : "") == 0)
			return l;
	}
	return NULL;
}

int hd_listeners_open(struct hd_daemon *d, const struct hd_settings *settings,
		      struct hd_err *err)
{
	for (size_t i = 0; i < settings->listen_count; i++) {
		const struct hd_listen_settings *s = &settings->listen[i];
		const struct hd_daemon_listener *known = same(d, s);

		if (!known && open_one(d, s, err) < 0)
			return -1;
		if (known &&
		    memcmp(&known->limits, &s->limits, sizeof(s->limits)) != 0)
			hd_notice("listen.%s: changed limits hold from the "
				  "next start on",
				  s->name);
	}
	return 0;
}

int hd_listeners_start(struct hd_daemon *d, struct hd_err *err)
{
	for (size_t i = 0; i < d->listener_count; i++) {
		struct hd_daemon_listener *l = &d->listeners[i];

		if (l->closing || l->serving)
			continue;
		if (hd_listener_start(l->listener, err) < 0)
			return -1;
		l->serving = true;
		hd_notice("listening on %s (%s)", hd_listener_url(l->listener),
			  l->name);
	}
	return 0;
}

static void close_one(struct hd_daemon *d, size_t i)
{
	hd_listener_stop(d->listeners[i].listener);
	hd_listener_free(d->listeners[i].listener);
	free(d->listeners[i].name);
	free(d->listeners[i].address);
	free(d->listeners[i].tls);
	d->listeners[i] = d->listeners[--d->listener_count];
}

static bool is_wanted(struct hd_daemon *d, size_t i,
		      const struct hd_settings *settings)
{
	for (size_t k = 0; k < settings->listen_count; k++)
		if (same(d, &settings->listen[k]) == &d->listeners[i])
			return true;
	return false;
}

void hd_listeners_close_others(struct hd_daemon *d,
			       const struct hd_settings *settings)
{
	for (size_t i = 0; i < d->listener_count; i++) {
		if (d->listeners[i].closing || is_wanted(d, i, settings))
			continue;
		hd_listener_stop(d->listeners[i].listener);
		d->listeners[i].closing = true;
	}
	hd_listeners_tidy(d);
}

void hd_listeners_tidy(struct hd_daemon *d)
{
	if (d->stopping_connectors != 0)
		return;
	for (size_t i = d->listener_count; i-- > 0;)
		if (d->listeners[i].closing)
			close_one(d, i);
		else
			hd_listener_routes_forget(d->listeners[i].listener);
}

void hd_listeners_stop(struct hd_daemon *d)
{
	for (size_t i = 0; i < d->listener_count; i++)
		hd_listener_stop(d->listeners[i].listener);
}

void hd_listeners_free(struct hd_daemon *d)
{
	while (d->listener_count != 0)
		close_one(d, d->listener_count - 1);
	free(d->listeners);
	d->listeners = NULL;
}
