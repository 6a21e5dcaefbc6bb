#include "vt_enrich/report.h"

#include <inttypes.h>

#include "common/text.h"

#define STATS "/data/attributes/last_analysis_stats"
#define GUI "https://www.virustotal.com/gui/"
#define LINE_MAX 512

int vt_score(const struct vt_counts *counts)
{
	if (counts->malicious >= 20)
		return 10;
	if (counts->malicious >= 10)
		return 9;
	if (counts->malicious >= 3)
		return 8;
	if (counts->malicious >= 2)
		return 7;
	/* One engine alone is as often wrong as right. */
	if (counts->malicious + counts->suspicious >= 1)
		return 6;
	return counts->harmless >= 1 ? 3 : 0;
}

static int64_t count(struct hp_json *body, const char *name)
{
	int64_t n = hp_json_int(body, STATS, name, 0);

	if (n < 0)
		return 0;
	return n < 100000 ? n : 100000;
}

static void put_counts(struct hp_json *out, const struct vt_counts *c)
{
	int64_t all = c->malicious + c->suspicious + c->harmless +
		      c->undetected;

	hp_json_put_int(out, "/data/malicious", c->malicious);
	hp_json_put_int(out, "/data/suspicious", c->suspicious);
	hp_json_put_int(out, "/data/harmless", c->harmless);
	hp_json_put_int(out, "/data/undetected", c->undetected);
	hp_json_put_int(out, "/data/engines", all);
	if (all > 0)
		hp_json_put_int(out, "/data/percent", c->malicious * 100 / all);
	hp_json_put_int(out, "/reputation/base_score", c->malicious);
	hp_json_put_int(out, "/reputation/score_id", vt_score(c));
}

static void put_words(struct hp_json *out, const struct vt_counts *c)
{
	int64_t all = c->malicious + c->suspicious + c->harmless +
		      c->undetected;
	struct hp_text line;

	hp_text_init(&line, LINE_MAX);
	if (all == 0)
		hp_text_add(&line, HERALD_S("known, never scanned"));
	else
		hp_text_addf(&line,
			     "malicious to %" PRId64 " of %" PRId64 " engines",
			     c->malicious, all);
	if (c->suspicious > 0)
		hp_text_addf(&line, ", suspicious to %" PRId64, c->suspicious);
	hp_json_put(out, "/desc", hp_text_str(&line));
	hp_text_fini(&line);
}

/* An identifier goes into an address for people only if it needs no escaping.
 */
static bool is_plain(herald_str id)
{
	for (size_t i = 0; i < id.n; i++) {
		char c = id.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '.' && c != ':' &&
		    c != '-' && c != '_')
			return false;
	}
	return id.n > 0;
}

static void put_link(struct hp_json *body, const char *gui, struct hp_json *out)
{
	herald_str id = hp_json_text(body, "/data/id", "");
	struct hp_text link;

	if (!is_plain(id))
		return;
	hp_text_init(&link, LINE_MAX);
	hp_text_addf(&link, GUI "%s/%.*s", gui, (int)id.n, id.p);
	if (!link.cut)
		hp_json_put(out, "/link", hp_text_str(&link));
	hp_text_fini(&link);
}

/* What describes the object, of all kinds.  The threat's name is that of the
 * most engines. */
static const struct {
	const char *from, *to;
} attributes[] = {
	{ "/reputation", "/data/votes" },
	{ "/tags", "/data/tags" },
	{ "/last_analysis_date", "/data/last_analysis_date" },
	{ "/first_submission_date", "/data/first_submission_date" },
	{ "/as_owner", "/data/as_owner" },
	{ "/asn", "/data/asn" },
	{ "/network", "/data/network" },
	{ "/country", "/data/country" },
	{ "/registrar", "/data/registrar" },
	{ "/creation_date", "/data/creation_date" },
	{ "/categories", "/data/categories" },
	{ "/meaningful_name", "/data/name" },
	{ "/type_description", "/data/type_description" },
	{ "/size", "/data/size" },
	{ "/md5", "/data/md5" },
	{ "/sha1", "/data/sha1" },
	{ "/sha256", "/data/sha256" },
	{ "/popular_threat_classification/suggested_threat_label",
	  "/data/threat" },
	{ "/last_final_url", "/data/last_final_url" },
	{ "/title", "/data/title" },
};

bool vt_report_read(struct hp_json *body, const char *gui, struct hp_json *out)
{
	static const char at[] = "/data/attributes";
	const struct vt_counts counts = {
		.malicious = count(body, "/malicious"),
		.suspicious = count(body, "/suspicious"),
		.harmless = count(body, "/harmless"),
		.undetected = count(body, "/undetected"),
	};

	if (hp_json_type(body, at, "") != HERALD_JSON_OBJECT)
		return false;
	hp_json_put_copy(out, "/data/id", body, "/data/id", "");
	hp_json_put_copy(out, "/data/type", body, "/data/type", "");
	put_counts(out, &counts);
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		hp_json_put_copy(out, attributes[i].to, body, at,
				 attributes[i].from);
	put_words(out, &counts);
	put_link(body, gui, out);
	return true;
}
