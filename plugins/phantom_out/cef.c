#include "phantom_out/cef.h"

#include <string.h>

#include "common/text.h"

#define ARTIFACTS_MAX 100
#define VALUES_MAX 2000 /* remembered, to see what is left over */
#define OBSERVABLES_MAX 500
#define TEXT_MAX 8192 /* bytes of one value */

/* From a place below an evidence (or the record) to a name of CEF, and what
 * SOAR calls its kind.  Of those with one name the first that is there wins. */
struct row {
	const char *place, *key, *contains;
};

static const struct row evidence_rows[] = {
	{ "/src_endpoint/ip", "sourceAddress", "ip" },
	{ "/src_endpoint/hostname", "sourceHostName", "host name" },
	{ "/src_endpoint/port", "sourcePort", "port" },
	{ "/src_endpoint/mac", "sourceMacAddress", "mac address" },
	{ "/dst_endpoint/ip", "destinationAddress", "ip" },
	{ "/dst_endpoint/hostname", "destinationHostName", "host name" },
	{ "/dst_endpoint/port", "destinationPort", "port" },
	{ "/dst_endpoint/mac", "destinationMacAddress", "mac address" },
	{ "/user/name", "destinationUserName", "user name" },
	{ "/user/uid", "destinationUserId", NULL },
	{ "/user/domain", "destinationNtDomain", "domain" },
	{ "/user/email_addr", "destinationUserEmail", "email" },
	{ "/actor/user/name", "sourceUserName", "user name" },
	{ "/actor/user/uid", "sourceUserId", NULL },
	/* where Splunk's own app puts src_user */
	{ "/actor/user/name", "sourceUserId", "user name" },
	{ "/actor/user/domain", "sourceNtDomain", "domain" },
	{ "/actor/user/email_addr", "sourceUserEmail", "email" },
	{ "/process/name", "destinationProcessName", "process name" },
	{ "/process/pid", "destinationProcessId", "pid" },
	{ "/process/cmd_line", "commandLine", NULL },
	{ "/file/name", "fileName", "file name" },
	{ "/file/path", "filePath", "file path" },
	{ "/file/size", "fileSize", NULL },
	{ "/file/hashes/0/value", "fileHash", "hash" },
	{ "/process/file/hashes/0/value", "fileHash", "hash" },
	{ "/url/url_string", "requestURL", "url" },
	{ "/http_request/user_agent", "requestClientApplication", NULL },
	{ "/query/hostname", "destinationDnsDomain", "domain" },
	{ "/connection_info/protocol_name", "transportProtocol", NULL },
	{ "/email/from", "fromEmail", "email" },
	{ "/email/to/0", "toEmail", "email" },
	{ "/email/subject", "emailSubject", NULL },
	{ NULL, NULL, NULL },
};

/* Of the finding itself: told with the first evidence. */
static const struct row finding_rows[] = {
	{ "/disposition", "act", NULL },
	{ NULL, NULL, NULL },
};

static const struct row device_rows[] = {
	{ "/hostname", "destinationHostName", "host name" },
	{ "/ip", "destinationAddress", "ip" },
	{ "/mac", "destinationMacAddress", "mac address" },
	{ "/domain", "destinationDnsDomain", "domain" },
	{ "/uid", "deviceExternalId", NULL },
	{ "/owner/name", "destinationUserName", "user name" },
	{ NULL, NULL, NULL },
};

/* By type_id of an observable. */
static const struct {
	int64_t type_id;
	struct row row; /* place: part of its name, NULL for any */
} observable_rows[] = {
	{ 1, { "src_endpoint", "sourceHostName", "host name" } },
	{ 1, { "query", "destinationDnsDomain", "domain" } },
	{ 1, { NULL, "destinationHostName", "host name" } },
	{ 2, { "src_endpoint", "sourceAddress", "ip" } },
	{ 2, { NULL, "destinationAddress", "ip" } },
	{ 3, { NULL, "deviceMacAddress", "mac address" } },
	{ 4, { NULL, "destinationUserName", "user name" } },
	{ 5, { "from", "fromEmail", "email" } },
	{ 5, { NULL, "toEmail", "email" } },
	{ 6, { NULL, "requestURL", "url" } },
	{ 7, { NULL, "fileName", "file name" } },
	{ 8, { NULL, "fileHash", "hash" } },
	{ 9, { NULL, "destinationProcessName", "process name" } },
	{ 45, { NULL, "filePath", "file path" } },
};

/* All that is being built. */
struct making {
	const struct phantom_artifacts *a;
	struct hp_json *record, *out;
	size_t count;		       /* of artifacts */
	herald_str values[VALUES_MAX]; /* in them; borrowed from record */
	size_t value_count;
};

static bool is_told(const struct making *m, herald_str value)
{
	for (size_t i = 0; i < m->value_count; i++) {
		if (hp_str_same(m->values[i], value))
			return true;
	}
	return false;
}

static void put_value(struct making *m, const struct row *row, herald_str value)
{
	struct hp_path at;

	hp_json_put(m->out,
		    hp_path(&at, "/artifacts/%zu/cef/%s", m->count, row->key),
		    hp_str_head(value, TEXT_MAX));
	if (row->contains)
		hp_json_put(m->out,
			    hp_path(&at, "/artifacts/%zu/cef_types/%s/0",
				    m->count, row->key),
			    herald_cstr(row->contains));
	if (m->value_count < VALUES_MAX)
		m->values[m->value_count++] = value;
}

/* True if there is anything to tell. */
static bool put_rows(struct making *m, const struct row *rows, const char *base)
{
	struct hp_path at;
	bool any = false;

	for (; rows->key; rows++) {
		herald_str value = hp_json_text(m->record, base, rows->place);

		hp_path(&at, "/artifacts/%zu/cef/%s", m->count, rows->key);
		if (value.n == 0 ||
		    hp_json_type(m->out, at.text, "") != HERALD_JSON_NONE)
			continue;
		put_value(m, rows, value);
		any = true;
	}
	return any;
}

/* What every artifact has besides its cef; `suffix` tells it apart. */
static void end_artifact(struct making *m, const char *name, const char *label,
			 const char *suffix)
{
	struct hp_path base, at;
	char sdi[128];

	hp_path(&base, "/artifacts/%zu", m->count);
	snprintf(sdi, sizeof(sdi), "%s:%s", m->a->sdi, suffix);
	hp_json_put(m->out, hp_path(&at, "%s/name", base.text),
		    herald_cstr(name));
	hp_json_put(m->out, hp_path(&at, "%s/label", base.text),
		    herald_cstr(label));
	hp_json_put(m->out, hp_path(&at, "%s/severity", base.text),
		    herald_cstr(m->a->severity));
	hp_json_put(m->out,
		    hp_path(&at, "%s/source_data_identifier", base.text),
		    herald_cstr(sdi));
	hp_json_put(m->out, hp_path(&at, "%s/start_time", base.text),
		    herald_cstr(m->a->start_time));
	/* Where automation is wanted SOAR itself flags the last one. */
	if (!m->a->automation)
		hp_json_put_bool(m->out,
				 hp_path(&at, "%s/run_automation", base.text),
				 false);
	m->count++;
}

static void add_evidences(struct making *m)
{
	size_t n = hp_json_size(m->record, "/evidences", "");
	struct hp_path base, at;
	char suffix[24];

	for (size_t i = 0; i < n && m->count < ARTIFACTS_MAX; i++) {
		hp_path(&base, "/evidences/%zu", i);
		if (!put_rows(m, evidence_rows, base.text))
			continue;
		if (m->count == 0)
			put_rows(m, finding_rows, "");
		hp_json_put_copy(m->out,
				 hp_path(&at, "/artifacts/%zu/data", m->count),
				 m->record, base.text, "");
		snprintf(suffix, sizeof(suffix), "%zu", i);
		end_artifact(m, "Evidence", "event", suffix);
	}
}

static void add_device(struct making *m)
{
	struct hp_path at;

	if (m->count >= ARTIFACTS_MAX || !put_rows(m, device_rows, "/device"))
		return;
	hp_json_put_copy(m->out, hp_path(&at, "/artifacts/%zu/data", m->count),
			 m->record, "/device", "");
	end_artifact(m, "Device", "asset", "device");
}

static const struct row *row_of(int64_t type_id, const char *name)
{
	size_t n = sizeof(observable_rows) / sizeof(observable_rows[0]);

	for (size_t i = 0; i < n; i++) {
		const struct row *row = &observable_rows[i].row;

		if (observable_rows[i].type_id == type_id &&
		    (!row->place || strstr(name, row->place)))
			return row;
	}
	return NULL;
}

static void add_left_over(struct making *m)
{
	size_t n = hp_json_size(m->record, "/observables", "");
	struct hp_path base;
	char suffix[32];

	for (size_t i = 0; i < n && i < OBSERVABLES_MAX; i++) {
		const struct row *row;
		herald_str value;

		hp_path(&base, "/observables/%zu", i);
		value = hp_json_text(m->record, base.text, "/value");
		row = row_of(hp_json_int(m->record, base.text, "/type_id", 0),
			     hp_json_cstr(m->record, base.text, "/name"));
		if (!row || value.n == 0 || is_told(m, value) ||
		    m->count >= ARTIFACTS_MAX)
			continue;
		put_value(m, row, value);
		snprintf(suffix, sizeof(suffix), "observable-%zu", i);
		end_artifact(m, "Observable", "event", suffix);
	}
}

size_t phantom_cef_add(const struct phantom_artifacts *a,
		       struct hp_json *record, struct hp_json *container)
{
	struct making m = { .a = a, .record = record, .out = container };

	add_evidences(&m);
	add_device(&m);
	add_left_over(&m);
	return m.count;
}
