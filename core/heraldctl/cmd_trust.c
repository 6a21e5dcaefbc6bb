/* Whom a connector is to believe: as ssh asks about a host's key. */
#include "core/heraldctl/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/heraldctl/cert.h"
#include "core/heraldctl/client.h"
#include "core/heraldctl/text.h"

#define TEXT_MAX 65536

/* ---- what was seen ---- */

static void add_line(struct hd_buf *out, const char *title, const char *text)
{
	hd_buf_addf(out, "%-12s ", title);
	hd_text_add(out, text);
	hd_buf_addc(out, '\n');
}

static void show(const char *url, const struct hd_cert *c)
{
	struct hd_buf text;

	hd_buf_init(&text, TEXT_MAX);
	add_line(&text, "address", url);
	add_line(&text, "subject", c->subject);
	add_line(&text, "names", c->names[0] ? c->names : "none");
	add_line(&text, "issuer", c->issuer);
	add_line(&text, "from", c->from);
	add_line(&text, "until", c->until);
	add_line(&text, "SHA-256", c->fingerprint);
	add_line(&text, "public key", c->pin);
	if (!c->current)
		hd_buf_adds(&text, "! it is not between its dates\n");
	if (!c->fits)
		hd_buf_adds(&text, "! it was not made for this host\n");
	if (c->vouched)
		hd_buf_adds(&text,
			    "an authority of this system vouches for it: "
			    "it is believed without more\n");
	hd_ctl_print(&text);
}

static json_t *cert_json(const char *name, const char *url,
			 const struct hd_cert *c)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, "
			 "s:b, s:b}",
			 "name", name, "url", url, "subject", c->subject,
			 "names", c->names, "issuer", c->issuer, "not_before",
			 c->from, "not_after", c->until, "fingerprint",
			 c->fingerprint, "pin", c->pin, "current", c->current,
			 "fits", c->fits, "vouched", c->vouched);
}

/* ---- the question ---- */

/* Once; whoever pipes something in must say --yes. */
static bool is_believed(struct hd_ctl *ctl)
{
	char line[16];

	if (hd_ctl_option(ctl, "yes"))
		return true;
	if (!ctl->json && isatty(STDIN_FILENO)) {
		fputs("is this what its owner says it is? (yes/no) ", stderr);
		if (fgets(line, sizeof(line), stdin) &&
		    strcmp(line, "yes\n") == 0)
			return true;
	}
	hd_ctl_complain("compare the SHA-256, then heraldctl trust NAME --yes",
			"nothing was written");
	return false;
}

/* ---- the file ---- */

/* "/etc/herald/misp.pem".  The caller frees it; NULL having complained. */
static char *file_of(struct hd_ctl *ctl, const json_t *about)
{
	const char *out = hd_ctl_option(ctl, "out");
	const char *conf = hd_text_of(about, "configuration");
	const char *slash = strrchr(conf, '/');

	if (out)
		return hd_strdup(out);
	if (conf[0] == '/')
		return hd_strf("%.*s/%s.pem", (int)(slash - conf), conf,
			       hd_text_of(about, "name"));
	hd_ctl_complain("heraldctl trust NAME --out FILE",
			"where the configuration is is not known: %s", conf);
	return NULL;
}

/* Was another one believed before?  As ssh does with a host's key: that is no
 * matter of a yes. */
static bool holds_another(const char *path, const char *pem)
{
	char held[TEXT_MAX];
	FILE *file = fopen(path, "re");
	size_t n;

	if (!file)
		return false;
	n = fread(held, 1, sizeof(held), file);
	fclose(file);
	if (n == strlen(pem) && memcmp(held, pem, n) == 0)
		return false;
	hd_ctl_complain("find out why it changed; then remove that file, and "
			"heraldctl trust NAME again",
			"%s holds another certificate", path);
	return true;
}

static enum hd_exit write_pem(const char *path, const char *pem)
{
	char *part = hd_strf("%s.XXXXXX", path);
	int fd = mkostemp(part, O_CLOEXEC);
	ssize_t n = (ssize_t)strlen(pem);
	enum hd_exit status = HD_EXIT_GOOD;

	if (fd < 0 || write(fd, pem, (size_t)n) != n || fchmod(fd, 0644) < 0 ||
	    fsync(fd) < 0 || rename(part, path) < 0) {
		status = errno == EACCES || errno == EPERM ? HD_EXIT_NOT_ALLOWED
							   : HD_EXIT_WRONG;
		hd_ctl_complain(status == HD_EXIT_NOT_ALLOWED
					? "sudo heraldctl trust NAME"
					: "heraldctl trust NAME --out FILE",
				"%s: %s", path, strerror(errno));
		if (fd >= 0)
			unlink(part);
	}
	if (fd >= 0)
		close(fd);
	free(part);
	return status;
}

/* A certificate stands for its names and dates too; a key for itself alone. */
static void tell_lines(const char *name, const char *path,
		       const struct hd_cert *c)
{
	bool whole = c->fits && c->current;
	struct hd_buf text;

	hd_buf_init(&text, TEXT_MAX);
	hd_buf_addf(&text,
		    "%s is written; beside the connector's url, one of\n",
		    path);
	if (whole)
		hd_buf_addf(&text, "    tls: {ca_file: %s}\n", path);
	hd_buf_addf(&text, "    tls: {pin: '%s'}\n", c->pin);
	if (!whole)
		hd_buf_adds(&text, "(only by its key: names or dates do not "
				   "fit)\n");
	hd_buf_addf(&text, "-> heraldctl reload, heraldctl test-connector %s\n",
		    name);
	hd_ctl_print(&text);
}

static enum hd_exit believe(struct hd_ctl *ctl, const json_t *about,
			    const char *url, const struct hd_cert *c)
{
	const char *name = hd_text_of(about, "name");
	json_t *o = cert_json(name, url, c);
	enum hd_exit status = HD_EXIT_WRONG;
	char *path = file_of(ctl, about);

	if (!ctl->json)
		show(url, c);
	else if (!hd_ctl_option(ctl, "yes"))
		hd_ctl_print_json(o);
	if (path && !holds_another(path, c->pem) && is_believed(ctl))
		status = write_pem(path, c->pem);
	if (status == HD_EXIT_GOOD && ctl->json) {
		json_object_set_new(o, "file", json_string_nocheck(path));
		hd_ctl_print_json(o);
	} else if (status == HD_EXIT_GOOD) {
		tell_lines(name, path, c);
	}
	free(path);
	json_decref(o);
	return status;
}

/* ---- the connector ---- */

static bool has_tls(const char *url)
{
	return strncmp(url, "https:", 6) == 0 ||
	       strncmp(url, "smtp:", 5) == 0 || strncmp(url, "smtps:", 6) == 0;
}

static const char *pick_url(const json_t *about)
{
	json_t *url;
	size_t i;

	json_array_foreach(json_object_get(about, "urls"), i, url)
		if (has_tls(json_string_value(url)))
			return json_string_value(url);
	return NULL;
}

enum hd_exit hd_cmd_trust(struct hd_ctl *ctl)
{
	char why[HD_CERT_TEXT] = "";
	struct hd_cert cert;
	enum hd_exit status;
	struct hd_ask ask;
	const char *url, *host;
	json_t *about;

	hd_ask_init(&ask, "connectors", ctl->words[0], "address", NULL);
	status = hd_client_ask(ctl, &ask, &about);
	if (status != HD_EXIT_GOOD)
		return status;
	url = pick_url(about);
	host = json_string_value(
		json_object_get(json_object_get(about, "tls"), "server_name"));
	if (!url) {
		hd_ctl_complain("heraldctl plugin NAME",
				"connector %s speaks to no address with TLS",
				ctl->words[0]);
		status = HD_EXIT_WRONG;
	} else if (hd_cert_fetch(url, host, &cert, why) < 0) {
		hd_ctl_complain("heraldctl test-connector NAME", "%s: %s", url,
				why);
		status = HD_EXIT_WRONG;
	} else {
		status = believe(ctl, about, url, &cert);
		hd_cert_fini(&cert);
	}
	json_decref(about);
	return status;
}
