/* The table.  It promises little on purpose: a field that means the same
 * everywhere stands here, the others are a matter of `map`.  So `id`, `uid` and
 * `event_id` are no identifiers of an alert: they may be those of a rule, a
 * user or a kind of event, and an alert that is taken for another one is lost.
 * Without an identifier the content is one: the same again is a redelivery. */
#include "http_in/map.h"

#include <stddef.h>

#define IS_MAP(x) "type(row." x ") == map && "
#define SAID(x) "type(" x ") == string && " x " != \"\""
#define SAID_OR_NUMBER(x) "type(" x ") in [int, string] && " x " != \"\""
#define TEXT(set, field)                                    \
	{                                                   \
		set, "row." field, SAID("row." field), NULL \
	}
#define USER(set, field)                                                     \
	{                                                                    \
		set, "account(row." field ").name", SAID("row." field), NULL \
	}
#define ADDRESS(set, field)                                     \
	{                                                       \
		set, "row." field, "is_ip(row." field ")", NULL \
	}
#define HOST(set, field)                                                     \
	{                                                                    \
		set, "row." field,                                           \
			SAID("row." field) " && !is_ip(row." field ")", NULL \
	}

/* The same, of a member: in flat names the parent is a text. */
#define TEXT_IN(set, parent, field)                                        \
	{                                                                  \
		set, "row." parent "." field,                              \
			IS_MAP(parent) SAID("row." parent "." field), NULL \
	}
#define TEXT_BELOW(set, above, parent, field)                            \
	{                                                                \
		set, "row." above "." parent "." field,                  \
			IS_MAP(above) IS_MAP(above "." parent)           \
				SAID("row." above "." parent "." field), \
			NULL                                             \
	}
#define USER_IN(set, parent, field)                                        \
	{                                                                  \
		set, "account(row." parent "." field ").name",             \
			IS_MAP(parent) SAID("row." parent "." field), NULL \
	}
#define ADDRESS_IN(set, parent, field)                                         \
	{                                                                      \
		set, "row." parent "." field,                                  \
			IS_MAP(parent) "is_ip(row." parent "." field ")", NULL \
	}
#define HOST_IN(set, parent, field)                                      \
	{                                                                \
		set, "row." parent "." field,                            \
			IS_MAP(parent)                                   \
				SAID("row." parent                       \
				     "." field) " && !is_ip(row." parent \
						"." field ")",           \
			NULL                                             \
	}

#define TIME(field)                                                         \
	{ "time", "epoch_ms(row" field ")",                                 \
	  "type(row" field ") in [int, double, string]", NULL },            \
	{                                                                   \
		"metadata.original_time", "string(row" field ")",           \
			"type(row" field ") in [int, double, string]", NULL \
	}
#define SAME_BYTES(field)                                                    \
	{                                                                    \
		"finding_info.uid", "digest(row)", "has(row" field ")", NULL \
	}

#define LEVELS                                                          \
	"{\"informational\": 1, \"info\": 1, \"low\": 2, "              \
	"\"warning\": 3, \"medium\": 3, \"moderate\": 3, \"high\": 4, " \
	"\"error\": 4, \"critical\": 5, \"fatal\": 6}"
#define SEVERITY(field)                                                     \
	{                                                                   \
		"severity_id", LEVELS "[lower(row." field ")]",             \
			"type(row." field ") == string && lower(row." field \
			") in " LEVELS,                                     \
			"an unknown word is 0"                              \
	}

/* clang-format off */
const herald_map http_in_map[HTTP_IN_MAP_ROWS] = {
    /* which alert it is */
    { "finding_info.uid", "string(row.alert_id)", SAID_OR_NUMBER("row.alert_id"), NULL },
    { "finding_info.uid", "string(row.alert_uid)", SAID_OR_NUMBER("row.alert_uid"), NULL },
    { "finding_info.uid", "digest(row)", NULL, "the same content again is a redelivery" },
    TEXT("finding_info.src_url", "alert_url"),
    TEXT("finding_info.src_url", "link"),

    /* what it says */
    TEXT_IN("metadata.event_code", "rule", "name"),
    TEXT("metadata.event_code", "rule_name"),
    TEXT("metadata.event_code", "rule"),
    TEXT("metadata.event_code", "alert_name"),
    TEXT_IN("metadata.event_code", "rule", "description"),
    TEXT("metadata.event_code", "name"),
    TEXT("metadata.event_code", "title"),
    TEXT("finding_info.title", "title"),
    TEXT_IN("finding_info.title", "rule", "description"),
    TEXT("finding_info.title", "alert_name"),
    TEXT_IN("finding_info.title", "rule", "name"),
    TEXT("finding_info.title", "rule_name"),
    TEXT("finding_info.title", "rule"),
    TEXT("finding_info.title", "name"),
    TEXT("finding_info.title", "message"),
    TEXT("finding_info.desc", "description"),
    TEXT("finding_info.desc", "message"),
    SEVERITY("severity"), SEVERITY("level"), SEVERITY("priority"),
    TEXT("metadata.product.name", "product"),
    TEXT("metadata.product.vendor_name", "vendor"),

    /* when */
    TIME(".timestamp"), TIME(".time"), TIME("[\"@timestamp\"]"),

    /* who */
    USER("evidences.user.name", "user"),
    USER_IN("evidences.user.name", "user", "name"),
    USER("evidences.user.name", "username"),
    USER("evidences.user.name", "user_name"),

    /* from where, to where */
    ADDRESS("evidences.src_endpoint.ip", "src_ip"),
    ADDRESS("evidences.src_endpoint.ip", "source_ip"),
    ADDRESS_IN("evidences.src_endpoint.ip", "source", "ip"),
    ADDRESS("evidences.src_endpoint.ip", "client_ip"),
    ADDRESS("evidences.dst_endpoint.ip", "dest_ip"),
    ADDRESS("evidences.dst_endpoint.ip", "dst_ip"),
    ADDRESS_IN("evidences.dst_endpoint.ip", "destination", "ip"),
    HOST("device.hostname", "hostname"),
    HOST_IN("device.hostname", "host", "name"),
    HOST("device.hostname", "host"),
    HOST_IN("device.hostname", "agent", "name"),
    ADDRESS("device.ip", "host_ip"),
    ADDRESS("device.ip", "host"),
    ADDRESS_IN("device.ip", "agent", "ip"),

    /* with what */
    TEXT_IN("evidences.process.cmd_line", "process", "command_line"),
    TEXT_IN("evidences.process.name", "process", "name"),
    TEXT_IN("evidences.file.name", "file", "name"),
    TEXT_IN("evidences.file.path", "file", "path"),
    TEXT("evidences.file.hashes.value", "file_hash"),
    TEXT_BELOW("evidences.file.hashes.value", "file", "hash", "sha256"),
    TEXT("evidences.file.hashes.value", "sha256"),
    TEXT("evidences.url.url_string", "url"),
    TEXT_IN("evidences.url.url_string", "url", "full"),
    TEXT_BELOW("evidences.query.hostname", "dns", "question", "name"),
};
