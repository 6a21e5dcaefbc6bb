/* The table.  Three things make it longer than a list of names:
 *
 * - a field may hold one text or, where the search gathered several, a list;
 * - `src`, `dest` and `dvc` hold an address or a host's name;
 * - "unknown", "-" and "" are what CIM fills in where nothing is known.
 *
 * A row whose field is absent does not apply, and of the rows with one `set`
 * the first that applies wins: so the more telling field stands first.
 */
#include "splunk_in/map.h"

#include <stddef.h>

/* clang-format off */

/* What a field says, if anything. */
#define NOTHING "[\"\", \"-\", \"unknown\", \"N/A\"]"
#define SAID(x) "type(" x ") == string && !(" x " in " NOTHING ")"
#define IS_LIST(x) "type(" x ") == list"

/* One text, or each of a list. */
#define TEXT(set, field, help) \
	{ set, "row." field, SAID("row." field), help }, \
	{ set, "row." field ".filter(x, " SAID("x") ")", \
	  IS_LIST("row." field), help }
#define ADDRESS(set, field, more, help) \
	{ set, "row." field, "is_ip(row." field ")" more, help }, \
	{ set, "row." field ".filter(x, is_ip(x))", \
	  IS_LIST("row." field) " && row." field ".exists(x, is_ip(x))" more, \
	  help }
#define HOST(set, field, more, help) \
	{ set, "row." field, \
	  SAID("row." field) " && !is_ip(row." field ")" more, help }, \
	{ set, "row." field ".filter(x, " SAID("x") " && !is_ip(x))", \
	  IS_LIST("row." field) " && row." field ".exists(x, " \
	  SAID("x") " && !is_ip(x))" more, help }
#define USER(set, field, more, help) \
	{ set, "account(row." field ").name", SAID("row." field) more, help }, \
	{ set, "row." field ".map(x, " SAID("x") ", account(x).name)", \
	  IS_LIST("row." field) more, help }

/* There is one device: the first of several. */
#define DEVICE_ADDRESS(field) \
	{ "device.ip", "row." field, "is_ip(row." field ")", NULL }, \
	{ "device.ip", "row." field ".filter(x, is_ip(x))[0]", \
	  IS_LIST("row." field) " && row." field ".exists(x, is_ip(x))", NULL }
#define DEVICE_HOST(field) \
	{ "device.hostname", "row." field, \
	  SAID("row." field) " && !is_ip(row." field ")", NULL }, \
	{ "device.hostname", \
	  "row." field ".filter(x, " SAID("x") " && !is_ip(x))[0]", \
	  IS_LIST("row." field) " && row." field ".exists(x, " \
	  SAID("x") " && !is_ip(x))", NULL }

/* Which detection it is: a search that forwards notables must never make
 * different detections look alike. */
#define IS_NOTABLE "(row.index == \"notable\" || " \
	"row.event_id.contains(\"@@notable@@\"))"
#define DETECTION(set) \
	{ set, "row.search_name", SAID("row.search_name"), \
	  "the search that the row names" }, \
	{ set, "row.source", IS_NOTABLE " && " SAID("row.source"), \
	  "a notable's correlation search" }, \
	{ set, "search_name", SAID("search_name"), \
	  "the search that sent the alert" }, \
	{ set, "row.rule_name", SAID("row.rule_name"), NULL }

#define LEVELS "{\"informational\": 1, \"info\": 1, \"low\": 2, " \
	"\"medium\": 3, \"high\": 4, \"critical\": 5, \"fatal\": 6}"
#define SEVERITY(field) \
	{ "severity_id", LEVELS "[lower(row." field ")]", \
	  "type(row." field ") == string && lower(row." field ") in " LEVELS, \
	  "an unknown word is 0" }, \
	{ "severity_id", \
	  "\"critical\" in row." field " ? 5 : \"high\" in row." field \
	  " ? 4 : \"medium\" in row." field " ? 3 : \"low\" in row." field \
	  " ? 2 : 1", IS_LIST("row." field), "the highest of several" }

#define VERDICTS "{\"allowed\": 1, \"blocked\": 2, \"quarantined\": 3}"

#define FROM_SOMEWHERE \
	" && (has(row.src) || has(row.src_ip) || has(row.src_host))"
#define IS_MAIL " && has(row.recipient)"
#define IS_NO_MAIL " && !has(row.recipient)"
#define ABOUT_USER " && row.risk_object_type == \"user\""

#define THREATS "{\"ip\": 2, \"ip_address\": 2, \"src\": 2, \"domain\": 1, " \
	"\"hostname\": 1, \"url\": 6, \"file_hash\": 8, \"hash\": 8, " \
	"\"file_name\": 7, \"email\": 5, \"process_name\": 9, " \
	"\"command\": 13, \"user\": 4}"

const herald_map splunk_map[] = {
    /* which alert it is */
    { "finding_info.uid", "row.event_id", SAID("row.event_id"), "stable at the source" },
    { "finding_info.uid",
      "digest([sid, row.transformMap(k, v, k == \"_time\" ? dyn(epoch_ms(v)) : v)])",
      "has(row._time)", "several rows share a sid; the time is written in different ways" },
    { "finding_info.uid", "digest([sid, row])", NULL, NULL },
    { "finding_info.src_url", "results_link", SAID("results_link"), NULL },

    /* what it says */
    DETECTION("metadata.event_code"),
    DETECTION("finding_info.analytic.name"),
    { "finding_info.analytic.type_id", "1", SAID("search_name"), "a rule" },
    TEXT("finding_info.title", "rule_title", NULL),
    TEXT("finding_info.title", "signature", NULL),
    TEXT("finding_info.title", "rule_name", NULL),
    { "finding_info.title", "search_name", SAID("search_name"), NULL },
    TEXT("finding_info.desc", "rule_description", NULL),
    TEXT("finding_info.desc", "description", NULL),
    SEVERITY("urgency"),
    SEVERITY("severity"),
    { "disposition_id", VERDICTS "[lower(row.action)]",
      "type(row.action) == string && lower(row.action) in " VERDICTS, NULL },
    { "disposition_id", "99", SAID("row.action"), "the source's own word" },
    { "disposition", "row.action",
      SAID("row.action") " && !(lower(row.action) in " VERDICTS ")", NULL },
    { "finding_info.attacks.technique.uid", "row[\"annotations.mitre_attack\"]", NULL,
      "Enterprise Security's annotations" },
    { "finding_info.attacks.technique.uid", "row.mitre_technique_id", NULL, NULL },
    TEXT("metadata.product.name", "vendor_product", NULL),

    /* when */
    { "time", "epoch_ms(row._time)", NULL, "epoch seconds or ISO 8601" },
    { "metadata.original_time", "string(row._time)", NULL, NULL },
    { "start_time", "epoch_ms(row.firstTime)", SAID("row.firstTime"), NULL },
    { "end_time", "epoch_ms(row.lastTime)", SAID("row.lastTime"), NULL },
    { "finding_info.related_events_count", "row.count", SAID("row.count"),
      "`count` of the record is herald's own" },

    /* who */
    USER("evidences.user.name", "user", "", "DOMAIN\\name is split"),
    { "evidences.user.domain", "account(row.user).domain", SAID("row.user"), NULL },
    USER("evidences.user.name", "risk_object", ABOUT_USER, NULL),
    TEXT("evidences.user.uid", "user_id", NULL),
    USER("evidences.actor.user.name", "src_user", IS_NO_MAIL, NULL),

    /* from where */
    ADDRESS("evidences.src_endpoint.ip", "src_ip", "", NULL),
    ADDRESS("evidences.src_endpoint.ip", "src", "", NULL),
    HOST("evidences.src_endpoint.hostname", "src_host", "", NULL),
    HOST("evidences.src_endpoint.hostname", "src", "", NULL),
    { "evidences.src_endpoint.port", "row.src_port", NULL, NULL },
    { "evidences.src_endpoint.mac", "row.src_mac", NULL, NULL },

    /* to where */
    DEVICE_ADDRESS("dest_ip"),
    DEVICE_ADDRESS("dest"),
    DEVICE_ADDRESS("dvc_ip"),
    DEVICE_ADDRESS("dvc"),
    DEVICE_HOST("dest_host"),
    DEVICE_HOST("dest"),
    DEVICE_HOST("dvc"),
    { "device.hostname", "row.risk_object",
      "row.risk_object_type == \"system\" && !is_ip(row.risk_object)", NULL },
    { "device.ip", "row.risk_object",
      "row.risk_object_type == \"system\" && is_ip(row.risk_object)", NULL },
    { "device.mac", "row.dest_mac", SAID("row.dest_mac"), NULL },
    ADDRESS("evidences.dst_endpoint.ip", "dest_ip", FROM_SOMEWHERE, NULL),
    ADDRESS("evidences.dst_endpoint.ip", "dest", FROM_SOMEWHERE, NULL),
    HOST("evidences.dst_endpoint.hostname", "dest_host", FROM_SOMEWHERE, NULL),
    HOST("evidences.dst_endpoint.hostname", "dest", FROM_SOMEWHERE, NULL),
    { "evidences.dst_endpoint.port", "row.dest_port", NULL, NULL },
    TEXT("evidences.connection_info.protocol_name", "transport", NULL),

    /* with what */
    TEXT("evidences.process.cmd_line", "process", "in CIM the whole command line"),
    TEXT("evidences.process.name", "process_name", NULL),
    { "evidences.process.pid", "row.process_id", NULL, NULL },
    TEXT("evidences.process.parent_process.name", "parent_process_name", NULL),
    TEXT("evidences.process.file.hashes.value", "process_hash", NULL),
    TEXT("evidences.file.name", "file_name", NULL),
    TEXT("evidences.file.path", "file_path", NULL),
    TEXT("evidences.file.hashes.value", "file_hash", NULL),
    TEXT("evidences.url.url_string", "url", NULL),
    TEXT("evidences.http_request.user_agent", "http_user_agent", NULL),
    TEXT("evidences.query.hostname", "query", NULL),

    /* mail */
    TEXT("evidences.email.to", "recipient", NULL),
    { "evidences.email.from", "row.src_user", SAID("row.src_user") IS_MAIL,
      "in CIM Email the sender" },
    { "evidences.email.subject", "row.subject", SAID("row.subject") IS_MAIL, NULL },
    { "evidences.email.message_uid", "row.message_id", SAID("row.message_id") IS_MAIL, NULL },

    /* risk notables */
    { "observables",
      "[{\"name\": \"threat_object\", \"type_id\": " THREATS "[row.threat_object_type], "
      "\"value\": row.threat_object}]",
      SAID("row.threat_object") " && row.threat_object_type in " THREATS, NULL },
};
