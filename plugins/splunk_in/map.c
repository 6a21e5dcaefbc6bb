/* Splunk's fields follow its Common Information Model: all values are text or
 * lists of text, and what a row lacks makes a line below not apply; so does a
 * line that comes to nothing ("").  A field that can hold a name or an address,
 * one value or several, needs a line for each; of a list each value goes to one
 * entry of evidences[], so a value that says nothing keeps its place as "".
 *
 * `row` is the result row; sid, search_name and results_link stand beside it
 * in what the webhook sends; time, host, source, sourcetype and fields in what
 * comes over HEC. */
#include "splunk_in/map.h"

#include <stddef.h>

/* clang-format off */

/* ---- pieces of expressions ---- */

#define IS_TEXT(field) "type(row." field ") == string"
#define IS_LIST(field) "type(row." field ") == list"

/* What CIM fills in where nothing is known. */
#define NOTHING "[\"-\", \"unknown\", \"n/a\", \"N/A\"]"
#define SAYS_NOTHING(x) "type(" x ") != string || " x " in " NOTHING
#define SAID(x) "(" SAYS_NOTHING(x) " ? \"\" : " x ")"
#define EACH(field) "row." field ".map(x, " SAID("x") ")"

#define ONE_IP(field) "is_ip(row." field ")"
#define ONE_NAME(field) IS_TEXT(field) " && !is_ip(row." field ")"
#define ALL_IP(field) IS_LIST(field) " && row." field ".all(x, is_ip(x))"
#define ALL_NAMES(field) IS_LIST(field) " && row." field ".all(x, !is_ip(x))"
#define MIXED(field) \
    IS_LIST(field) " && row." field ".exists(x, is_ip(x)) && " \
    "row." field ".exists(x, !is_ip(x))"

/* "DOMAIN\name" is split; a mail address or a plain name stays whole. */
#define HAS_DOMAIN(x) x ".contains(\"\\\\\")"
#define NAME_OF(x) \
    "(" SAYS_NOTHING(x) " ? \"\" : " HAS_DOMAIN(x) " ? account(" x ").name : " x ")"
#define DOMAIN_OF(x) \
    "(" SAYS_NOTHING(x) " || !" HAS_DOMAIN(x) " ? \"\" : account(" x ").domain)"

/* A search that forwards notables must never make different detections look
 * alike.  A notable carries its rule in `source`; elsewhere that is a file or
 * port. */
#define IS_NOTABLE \
    "row.?index.orValue(\"\") == \"notable\" || has(row.notable_type) || has(row.rule_id)"

/* Of a connection or attempt that has a source. */
#define HAS_PEER \
    "(has(row.src) || has(row.src_ip) || has(row.src_host) || has(row.dest_port))"

#define IS_MAIL "has(row.recipient)"

#define LEVELS \
    "{\"informational\": 1, \"low\": 2, \"medium\": 3, \"high\": 4, \"critical\": 5}"
#define LEVEL_OF(field) LEVELS "[?lower(row." field ")].orValue(0)"
#define HIGHEST_OF(field) \
    "\"critical\" in row." field " ? 5 : \"high\" in row." field " ? 4 : " \
    "\"medium\" in row." field " ? 3 : \"low\" in row." field " ? 2 : 0"

#define VERDICT_OF(field) \
    "{\"allowed\": 1, \"blocked\": 2, \"quarantined\": 3}[?lower(row." field ")].orValue(99)"

/* Sysmon writes MD5=...,SHA256=...,IMPHASH=...; the last is no digest of the
 * file. */
#define HASHES_OF(field) \
    "row." field ".split(\",\").filter(h, !h.startsWith(\"IMPHASH=\"))" \
    ".map(h, h.substring(h.indexOf(\"=\") + 1))"

/* The same result by webhook, HEC and pull is one finding, so that the row is
 * brought to one form before it is digested: what Splunk adds for itself and
 * what is empty does not count, nor the order of several values (the search
 * makes it anew each time), nor the form of the time.  A time that cannot be
 * read counts as it is written. */
#define INTERNAL \
    "[\"_bkt\", \"_cd\", \"_indextime\", \"_serial\", \"_si\", \"_sourcetype\", \"_kv\", " \
    "\"_mkv_child\", \"_eventtype_color\", \"punct\", \"linecount\", \"timestartpos\", " \
    "\"timeendpos\", \"splunk_server_group\"]"
#define SAYS_SOMETHING(x) x " != null && " x " != \"\""
#define ROW_AS(time) \
    "row.transformMap(k, v, !(k in " INTERNAL ") && !k.startsWith(\"__mv_\") && " \
    SAYS_SOMETHING("v") " && v != [], k == \"_time\" ? " time " : type(v) == list ? " \
    "sorted(v.filter(x, " SAYS_SOMETHING("x") ")) : v)"
#define ROW_OF_ONE_FORM ROW_AS("string(epoch_ms(v))")
#define ROW_AS_WRITTEN ROW_AS("v")

/* A text without fields: the row {"_raw": TEXT}. */
#define IS_BARE IS_TEXT("_raw") " && size(row) == 1"
#define HEAD_OF(x) "(size(" x ") > 120 ? " x ".substring(0, 120) : " x ")"

#define ALWAYS NULL

/* ---- lines that come in pairs or more ---- */

#define DETECTION(set) \
    { set, "row.search_name", ALWAYS, "the detection" }, \
    { set, "row.source", IS_NOTABLE, NULL }, \
    { set, "search_name", ALWAYS, "the search that sent it" }, \
    { set, "row.rule_name", ALWAYS, NULL }
#define USER(set, field, when) \
    { set ".name", NAME_OF("row." field), IS_TEXT(field) when, NULL }, \
    { set ".name", "row." field ".map(x, " NAME_OF("x") ")", IS_LIST(field) when, NULL }, \
    { set ".domain", DOMAIN_OF("row." field), IS_TEXT(field) when, NULL }, \
    { set ".domain", "row." field ".map(x, " DOMAIN_OF("x") ")", IS_LIST(field) when, NULL }
#define ENDPOINT_ADDRESS(set, field, when) \
    { set ".ip", "row." field, ONE_IP(field) when, NULL }, \
    { set ".ip", "row." field, ALL_IP(field) when, NULL }, \
    { set ".ip", "row." field ".filter(x, is_ip(x))", MIXED(field) when, \
      "which name belongs to which address is not said" }
#define ENDPOINT_NAME(set, field, when) \
    { set ".hostname", SAID("row." field), ONE_NAME(field) when, NULL }, \
    { set ".hostname", EACH(field), ALL_NAMES(field) when, NULL }
#define DEVICE(field) \
    { "device.ip", "row." field, ONE_IP(field), NULL }, \
    { "device.ip", "row." field ".filter(x, is_ip(x))", IS_LIST(field), NULL }, \
    { "device.hostname", SAID("row." field), ONE_NAME(field), NULL }, \
    { "device.hostname", "row." field ".filter(x, !is_ip(x))", IS_LIST(field), NULL }

const herald_map splunk_map[] = {
    /* which alert it is */
    { "finding_info.uid", "row.event_id", ALWAYS, "a notable's own id" },
    { "finding_info.uid", "digest([sid, " ROW_OF_ONE_FORM "])", ALWAYS,
      "digest of sid and row: several rows share a sid" },
    { "finding_info.uid", "digest([sid, " ROW_AS_WRITTEN "])", ALWAYS,
      "where its time cannot be read" },
    { "finding_info.uid", "digest([epoch_ms(time), " ROW_AS_WRITTEN "])",
      "!has(row._time) && time != null", "over HEC: the time may stand beside the row" },
    { "finding_info.uid", "digest(" ROW_OF_ONE_FORM ")", ALWAYS, "where there is no sid" },
    { "finding_info.uid", "digest(" ROW_AS_WRITTEN ")", ALWAYS, NULL },
    { "finding_info.src_url", "results_link", ALWAYS, "link to the results" },
    { "unmapped.splunk.sid", "sid", ALWAYS, "id of the search's run" },

    /* what it says */
    DETECTION("metadata.event_code"),
    DETECTION("finding_info.analytic.name"),
    { "finding_info.analytic.type_id", "1",
      "has(row.search_name) || search_name != null", "a rule" },
    { "finding_info.title", "row.rule_title", ALWAYS, "headline" },
    { "finding_info.title", "row.signature", ALWAYS, NULL },
    { "finding_info.title", "row.search_name", ALWAYS, NULL },
    { "finding_info.title", "search_name", ALWAYS, NULL },
    { "finding_info.title", HEAD_OF("row._raw"), IS_BARE, "a line of text is its own title" },
    { "finding_info.desc", "row.rule_description", ALWAYS, "text" },
    { "finding_info.desc", "row.description", ALWAYS, NULL },
    { "finding_info.desc", "row._raw", IS_BARE, NULL },
    { "finding_info.related_events_count", "row.count", ALWAYS,
      "Splunk's count; `count` is herald's" },
    { "finding_info.attacks.technique.uid", "row[\"annotations.mitre_attack\"]", ALWAYS,
      "MITRE ATT&CK" },
    { "finding_info.attacks.technique.uid", "row.mitre_technique_id", ALWAYS, NULL },
    { "metadata.product.name", "row.vendor_product", ALWAYS, "who raised it" },
    { "severity_id", LEVEL_OF("urgency"), IS_TEXT("urgency") " && row.urgency != \"\"",
      "1 informational to 5 critical, 0 for any other word" },
    { "severity_id", HIGHEST_OF("urgency"), IS_LIST("urgency"), "the highest of several" },
    { "severity_id", LEVEL_OF("severity"), IS_TEXT("severity"), NULL },
    { "severity_id", HIGHEST_OF("severity"), IS_LIST("severity"), NULL },
    { "disposition_id", VERDICT_OF("action"), IS_TEXT("action") " && row.action != \"\"",
      "what a control did" },
    { "disposition", "row.action", IS_TEXT("action"), NULL },

    /* when */
    { "time", "epoch_ms(row._time)", ALWAYS, "when it happened" },
    { "time", "epoch_ms(time)", "time != null", "over HEC" },
    { "metadata.original_time", "row._time", ALWAYS, NULL },
    { "metadata.original_time", "string(time)", "time != null", NULL },
    { "start_time", "epoch_ms(row.firstTime)", "row.firstTime != \"\"", NULL },
    { "end_time", "epoch_ms(row.lastTime)", "row.lastTime != \"\"", NULL },

    /* who */
    USER("evidences.user", "user", ""),
    USER("evidences.user", "risk_object", " && row.risk_object_type == \"user\""),
    { "evidences.user.uid", "row.user_id", ALWAYS, NULL },
    USER("evidences.actor.user", "src_user", " && !" IS_MAIL),

    /* from where */
    { "evidences.src_endpoint.ip", "row.src_ip", ALWAYS, "source" },
    ENDPOINT_ADDRESS("evidences.src_endpoint", "src", ""),
    { "unmapped.splunk.src", "row.src", MIXED("src"), NULL },
    { "evidences.src_endpoint.hostname", "row.src_host", ALWAYS, NULL },
    ENDPOINT_NAME("evidences.src_endpoint", "src", ""),
    { "evidences.src_endpoint.port", "row.src_port", ALWAYS, NULL },
    { "evidences.src_endpoint.mac", "row.src_mac", ALWAYS, NULL },

    /* to where */
    { "device.ip", "row.dest_ip", ALWAYS, "affected host" },
    { "device.hostname", "row.dest_host", ALWAYS, NULL },
    DEVICE("dest"),
    { "device.ip", "row.dvc_ip", "!has(row.dest)", NULL },
    { "device.ip", "row.dvc", "!has(row.dest) && " ONE_IP("dvc"), NULL },
    { "device.hostname", SAID("row.dvc"), "!has(row.dest) && " ONE_NAME("dvc"), NULL },
    { "device.ip", "row.risk_object",
      "row.risk_object_type == \"system\" && is_ip(row.risk_object)", NULL },
    { "device.hostname", "row.risk_object",
      "row.risk_object_type == \"system\" && !is_ip(row.risk_object)", NULL },
    { "device.mac", "row.dest_mac", ALWAYS, NULL },
    { "evidences.dst_endpoint.ip", "row.dest_ip", HAS_PEER, "the other end of a connection" },
    ENDPOINT_ADDRESS("evidences.dst_endpoint", "dest", " && " HAS_PEER),
    { "evidences.dst_endpoint.hostname", "row.dest_host", HAS_PEER, NULL },
    ENDPOINT_NAME("evidences.dst_endpoint", "dest", " && " HAS_PEER),
    { "evidences.dst_endpoint.port", "row.dest_port", ALWAYS, NULL },
    { "evidences.connection_info.protocol_name", "row.transport", ALWAYS, NULL },

    /* with what */
    { "evidences.process.cmd_line", "row.process", ALWAYS, "process" },
    { "evidences.process.name", "row.process_name", ALWAYS, NULL },
    { "evidences.process.pid", "row.process_id", ALWAYS, NULL },
    { "evidences.process.parent_process.name", "row.parent_process_name", ALWAYS, NULL },
    { "evidences.process.file.hashes.value", HASHES_OF("process_hash"), IS_TEXT("process_hash"),
      NULL },
    { "evidences.process.file.hashes.value", "row.process_hash", IS_LIST("process_hash"), NULL },
    { "evidences.file.name", "row.file_name", ALWAYS, "file" },
    { "evidences.file.path", "row.file_path", ALWAYS, NULL },
    { "evidences.file.hashes.value", HASHES_OF("file_hash"), IS_TEXT("file_hash"),
      "the kind of digest follows from its length" },
    { "evidences.file.hashes.value", "row.file_hash", IS_LIST("file_hash"), NULL },
    { "evidences.url.url_string", "row.url", ALWAYS, "web" },
    { "evidences.http_request.user_agent", "row.http_user_agent", ALWAYS, NULL },
    { "evidences.query.hostname", "row.query", ALWAYS, "DNS" },

    /* mail */
    { "evidences.email.from", "row.src_user", IS_MAIL, "CIM Email" },
    { "evidences.email.to", "row.recipient", ALWAYS, NULL },
    { "evidences.email.subject", "row.subject", ALWAYS, NULL },
    { "evidences.email.message_uid", "row.message_id", ALWAYS, NULL },

    /* beside the row over HEC */
    { "metadata.log_name", "sourcetype", ALWAYS, "HEC's sourcetype" },
    { "metadata.log_provider", "source", ALWAYS, "HEC's source" },
    { "unmapped.splunk.host", "host", "!has(row.host)", NULL },
    { "unmapped.splunk.fields", "fields", "!has(row.fields)", "HEC's indexed fields" },

    { "observables.value", "row.threat_object", ALWAYS, "what a threat list matched" },
};
