/* Splunk's fields follow its Common Information Model: all values are text or
 * lists of text, and what a row lacks makes a line below not apply.  A field
 * that can hold a name or an address, or one value or several, needs a line
 * for each; lists go to one entry of evidences[] a value.
 *
 * `row` is the result row; sid, search_name and results_link stand beside it
 * in what the webhook sends. */
#include "splunk_in/map.h"

/* ---- pieces of conditions ---- */

/* CIM's notables carry the rule in `source`; elsewhere it is a file or port. */
#define IS_NOTABLE                                    \
	"row.?index.orValue(\"\") == \"notable\" || " \
	"has(row.notable_type) || has(row.rule_id)"
#define IS_LIST(field) "type(row." field ") == list"
#define IS_TEXT(field) "type(row." field ") == string"
#define ALL_IP(field) IS_LIST(field) " && row." field ".all(x, is_ip(x))"
#define ALL_NAMES(field) IS_LIST(field) " && row." field ".all(x, !is_ip(x))"
#define ONE_IP(field) "is_ip(row." field ")"
#define ONE_NAME(field) IS_TEXT(field) " && !is_ip(row." field ")"
#define MIXED(field)                                          \
	IS_LIST(field)                                        \
	" && row." field ".exists(x, is_ip(x)) && row." field \
	".exists(x, !is_ip(x))"

/* "blocked" and the like: of a connection or attempt that has a source. */
#define HAS_PEER                                                    \
	"(has(row.src) || has(row.src_ip) || has(row.src_host) || " \
	"has(row.dest_port))"

/* "DOMAIN\name" is split; a mail address or a plain name stays whole. */
#define NAME_OF(x) x ".contains(\"\\\\\") ? account(" x ").name : " x
#define DOMAIN_OF(x) "account(" x ").domain"
#define HAS_DOMAIN(x) x ".contains(\"\\\\\")"

#define SEVERITY_OF(field)                                                \
	"{\"informational\": 1, \"low\": 2, \"medium\": 3, \"high\": 4, " \
	"\"critical\": 5}[?lower(row." field ")].orValue(0)"

/* Sysmon writes MD5=...,SHA256=...,IMPHASH=...; the last is no digest of the
 * file. */
#define HASHES_OF(field)                                                    \
	"row." field ".split(\",\").filter(h, !h.startsWith(\"IMPHASH=\"))" \
	".map(h, h.substring(h.indexOf(\"=\") + 1))"

/* The same result by webhook and by pull is one finding, so the time is
 * brought to one form before the row is digested. */
#define ROW_OF_ONE_FORM                                         \
	"row.transformMap(k, v, k == \"_time\" && v != \"\" ? " \
	"string(epoch_ms(v)) : v)"

#define ALWAYS NULL

const herald_map splunk_map[] = {
	{ "finding_info.uid", "row.event_id", ALWAYS, "a notable's own id" },
	{ "finding_info.uid", "digest([sid, " ROW_OF_ONE_FORM "])", ALWAYS,
	  "digest of sid and row: several rows share a sid" },
	{ "finding_info.uid", "digest(" ROW_OF_ONE_FORM ")", ALWAYS,
	  "where there is no sid" },
	{ "finding_info.src_url", "results_link", ALWAYS,
	  "link to the results" },
	{ "unmapped.splunk.sid", "sid", ALWAYS, "id of the search's run" },

	{ "metadata.event_code", "row.search_name", ALWAYS, "the detection" },
	{ "metadata.event_code", "row.source", IS_NOTABLE, NULL },
	{ "metadata.event_code", "search_name", ALWAYS,
	  "the search that sent it, which may forward notables of others" },
	{ "metadata.event_code", "row.rule_name", ALWAYS, NULL },
	{ "finding_info.analytic.name", "row.search_name", ALWAYS,
	  "the detection" },
	{ "finding_info.analytic.name", "row.source", IS_NOTABLE, NULL },
	{ "finding_info.analytic.name", "search_name", ALWAYS, NULL },
	{ "finding_info.analytic.name", "row.rule_name", ALWAYS, NULL },
	{ "finding_info.analytic.type_id", "1",
	  "has(row.search_name) || has(row.rule_name) || search_name != null",
	  "a rule" },
	{ "finding_info.title", "row.rule_title", ALWAYS, "headline" },
	{ "finding_info.title", "row.signature", ALWAYS, NULL },
	{ "finding_info.desc", "row.rule_description", ALWAYS, "text" },
	{ "finding_info.desc", "row.description", ALWAYS, NULL },
	{ "finding_info.related_events_count", "row.count", ALWAYS,
	  "Splunk's count; `count` is herald's" },
	{ "finding_info.attacks.technique.uid",
	  "row[\"annotations.mitre_attack\"]", ALWAYS, "MITRE ATT&CK" },
	{ "finding_info.attacks.technique.uid", "row.mitre_technique_id",
	  ALWAYS, NULL },
	{ "metadata.product.name", "row.vendor_product", ALWAYS,
	  "who raised it" },

	{ "time", "epoch_ms(row._time)", ALWAYS, "when it happened" },
	{ "metadata.original_time", "row._time", ALWAYS, NULL },
	{ "start_time", "epoch_ms(row.firstTime)", ALWAYS, NULL },
	{ "end_time", "epoch_ms(row.lastTime)", ALWAYS, NULL },

	{ "severity_id", SEVERITY_OF("urgency"), "row.urgency != \"\"",
	  "1 informational to 5 critical, 0 for any other word" },
	{ "severity_id", SEVERITY_OF("severity"), ALWAYS, NULL },
	{ "disposition_id",
	  "{\"allowed\": 1, \"blocked\": 2, \"quarantined\": 3}"
	  "[?lower(row.action)].orValue(99)",
	  "row.action != \"\"", "what a control did" },
	{ "disposition", "row.action", ALWAYS, NULL },

	{ "evidences.user.name", NAME_OF("row.user"), IS_TEXT("user"), "user" },
	{ "evidences.user.name", "row.user.map(u, " NAME_OF("u") ")",
	  IS_LIST("user"), NULL },
	{ "evidences.user.name", NAME_OF("row.risk_object"),
	  "row.risk_object_type == \"user\"", NULL },
	{ "evidences.user.domain", DOMAIN_OF("row.user"),
	  IS_TEXT("user") " && " HAS_DOMAIN("row.user"), NULL },
	{ "evidences.user.domain",
	  "row.user.map(u, " HAS_DOMAIN("u") " ? " DOMAIN_OF("u") " : \"\")",
	  IS_LIST("user"), NULL },
	{ "evidences.actor.user.name", NAME_OF("row.src_user"),
	  IS_TEXT("src_user") " && !has(row.recipient)", "who did it" },
	{ "evidences.actor.user.name", "row.src_user.map(u, " NAME_OF("u") ")",
	  IS_LIST("src_user") " && !has(row.recipient)", NULL },
	{ "evidences.actor.user.domain", DOMAIN_OF("row.src_user"),
	  IS_TEXT("src_user") " && !has(row.recipient) && " HAS_DOMAIN(
		  "row.src_user"),
	  NULL },

	{ "evidences.src_endpoint.ip", "row.src_ip", ALWAYS, "source" },
	{ "evidences.src_endpoint.ip", "row.src", ONE_IP("src"), NULL },
	{ "evidences.src_endpoint.ip", "row.src", ALL_IP("src"), NULL },
	{ "evidences.src_endpoint.ip", "row.src.filter(x, is_ip(x))",
	  MIXED("src"), NULL },
	{ "unmapped.splunk.src", "row.src", MIXED("src"),
	  "names among addresses: which belongs to which is not said" },
	{ "evidences.src_endpoint.hostname", "row.src_host", ALWAYS, NULL },
	{ "evidences.src_endpoint.hostname", "row.src", ONE_NAME("src"), NULL },
	{ "evidences.src_endpoint.hostname", "row.src", ALL_NAMES("src"),
	  NULL },
	{ "evidences.src_endpoint.port", "row.src_port", ALWAYS, NULL },

	{ "device.ip", "row.dest_ip", ALWAYS, "affected host" },
	{ "device.ip", "row.dest", ONE_IP("dest"), NULL },
	{ "device.ip", "row.dest.filter(x, is_ip(x))", IS_LIST("dest"), NULL },
	{ "device.ip", "row.dvc", "!has(row.dest) && " ONE_IP("dvc"), NULL },
	{ "device.hostname", "row.dest_host", ALWAYS, NULL },
	{ "device.hostname", "row.dest", ONE_NAME("dest"), NULL },
	{ "device.hostname", "row.dest.filter(x, !is_ip(x))", IS_LIST("dest"),
	  NULL },
	{ "device.hostname", "row.dvc", "!has(row.dest) && " ONE_NAME("dvc"),
	  NULL },
	{ "device.hostname", "row.risk_object",
	  "row.risk_object_type == \"system\" && !is_ip(row.risk_object)",
	  NULL },
	{ "device.ip", "row.risk_object",
	  "row.risk_object_type == \"system\" && is_ip(row.risk_object)",
	  NULL },

	{ "evidences.dst_endpoint.ip", "row.dest_ip", HAS_PEER,
	  "the other end of a connection" },
	{ "evidences.dst_endpoint.ip", "row.dest",
	  HAS_PEER " && " ONE_IP("dest"), NULL },
	{ "evidences.dst_endpoint.ip", "row.dest",
	  HAS_PEER " && " ALL_IP("dest"), NULL },
	{ "evidences.dst_endpoint.hostname", "row.dest_host", HAS_PEER, NULL },
	{ "evidences.dst_endpoint.hostname", "row.dest",
	  HAS_PEER " && " ONE_NAME("dest"), NULL },
	{ "evidences.dst_endpoint.hostname", "row.dest",
	  HAS_PEER " && " ALL_NAMES("dest"), NULL },
	{ "evidences.dst_endpoint.port", "row.dest_port", ALWAYS, NULL },
	{ "evidences.connection_info.protocol_name", "row.transport", ALWAYS,
	  NULL },

	{ "evidences.process.cmd_line", "row.process", ALWAYS, "process" },
	{ "evidences.process.name", "row.process_name", ALWAYS, NULL },
	{ "evidences.process.pid", "row.process_id", ALWAYS, NULL },
	{ "evidences.process.parent_process.name", "row.parent_process_name",
	  ALWAYS, NULL },
	{ "evidences.process.file.hashes.value", HASHES_OF("process_hash"),
	  IS_TEXT("process_hash"), NULL },
	{ "evidences.process.file.hashes.value", "row.process_hash",
	  IS_LIST("process_hash"), NULL },
	{ "evidences.file.name", "row.file_name", ALWAYS, "file" },
	{ "evidences.file.path", "row.file_path", ALWAYS, NULL },
	{ "evidences.file.hashes.value", HASHES_OF("file_hash"),
	  IS_TEXT("file_hash"), "the kind of digest follows from its length" },
	{ "evidences.file.hashes.value", "row.file_hash", IS_LIST("file_hash"),
	  NULL },

	{ "evidences.url.url_string", "row.url", ALWAYS, "web" },
	{ "evidences.http_request.user_agent", "row.http_user_agent", ALWAYS,
	  NULL },
	{ "evidences.query.hostname", "row.query", ALWAYS, "DNS" },
	{ "evidences.email.from", "row.src_user", "has(row.recipient)",
	  "CIM Email" },
	{ "evidences.email.to", "row.recipient", ALWAYS, NULL },
	{ "evidences.email.subject", "row.subject", ALWAYS, NULL },
	{ "evidences.email.message_uid", "row.message_id", ALWAYS, NULL },
	{ "observables.value", "row.threat_object", ALWAYS,
	  "what a threat list matched" },
};

const uint32_t splunk_map_count = sizeof(splunk_map) / sizeof(splunk_map[0]);
