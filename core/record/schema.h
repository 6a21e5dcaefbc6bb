/* schema.h - OCSF 1.6.0 as tables
 *
 * Generated at build time from core/record/ocsf/detection_finding.schema.json
 * (class 2004 with the profiles host, incident, security_control).  Read-only.
 */
#ifndef HD_RECORD_SCHEMA_H
#define HD_RECORD_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hd_ocsf_type {
	HD_OCSF_STRING, HD_OCSF_INT, HD_OCSF_REAL, HD_OCSF_BOOL,
	HD_OCSF_OBJECT, /* `object` tells which */
	HD_OCSF_OPEN	/* any JSON: unmapped, data */
};

struct hd_ocsf_caption {
	int64_t value;
	const char *caption; /* "Probably Malicious" */
};

struct hd_ocsf_attribute {
	const char *name;
	enum hd_ocsf_type type;
	bool array, required;
	uint16_t object;	/* index into hd_ocsf_objects */
	const char *sibling;	/* text twin of an _id, or NULL */
	const struct hd_ocsf_caption *captions; /* enum, or NULL */
	size_t caption_count;
};

struct hd_ocsf_object {
	const char *name; /* "finding_info"; [0] is "detection_finding" */
	const struct hd_ocsf_attribute *attributes; /* sorted by name */
	size_t count;
};

extern const struct hd_ocsf_object hd_ocsf_objects[];
extern const size_t hd_ocsf_object_count;

/* The attribute `name` of an object, or NULL. [any] */
const struct hd_ocsf_attribute *
hd_ocsf_attribute(const struct hd_ocsf_object *object, const char *name);

/* The attribute at a dotted path from the root, or NULL; *failed (may be NULL)
 * gets the object in which the first unknown name was looked for. [any] */
const struct hd_ocsf_attribute *
hd_ocsf_path(const char *path, const struct hd_ocsf_object **failed);

/* The caption of an enum value, or NULL. [any] */
const char *hd_ocsf_caption(const struct hd_ocsf_attribute *attribute,
			    int64_t value);

#endif
