/* schema.h - OCSF 1.6.0 as tables
 *
 * Generated at build time by schema_gen from
 * core/record/ocsf/detection_finding.schema.json (class 2004 with the profiles
 * host, incident, security_control).  Read-only.
 */
#ifndef HD_RECORD_SCHEMA_H
#define HD_RECORD_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hd_ocsf_type {
	HD_OCSF_STRING,
	HD_OCSF_INT,
	HD_OCSF_REAL,
	HD_OCSF_BOOL,
	HD_OCSF_OBJECT, /* `object` tells which */
	HD_OCSF_OPEN	/* any JSON: enrichments[].data */
};

struct hd_ocsf_caption {
	int64_t value;
	const char *caption; /* "Probably Malicious" */
};

struct hd_ocsf_attribute {
	const char *name;
	enum hd_ocsf_type type;
	bool array, required;
	uint16_t object;     /* index into hd_ocsf_objects */
	const char *sibling; /* text twin of an _id, or NULL */
	const struct hd_ocsf_caption *captions; /* enum, or NULL */
	size_t caption_count;
	const char *const *words; /* enum of texts, ends with NULL; or NULL */
	size_t max_chars;	  /* of a string; 0: no bound */
	int64_t min, max;	  /* of an integer */
};

struct hd_ocsf_object {
	const char *name; /* "finding_info"; [0] is "detection_finding" */
	const struct hd_ocsf_attribute *attributes; /* sorted by name */
	size_t count;
	const char *const *any_of; /* at least one of these; NULL: no rule */
	const char *const *one_of; /* exactly one of these; NULL: no rule */
	bool open;		   /* takes any member: unmapped */
};

extern const struct hd_ocsf_object hd_ocsf_objects[];
extern const size_t hd_ocsf_object_count;

/* The attribute `name` of an object, or NULL. [any] */
const struct hd_ocsf_attribute *
hd_ocsf_attribute(const struct hd_ocsf_object *object, const char *name);

/* The same for a name of `n` bytes that need not end with '\0'. [any] */
const struct hd_ocsf_attribute *
hd_ocsf_attribute_n(const struct hd_ocsf_object *object, const char *name,
		    size_t n);

/* The attribute at a dotted path from the root ("evidences.user.name"), or
 * NULL; *failed (may be NULL) gets the object in which the first unknown name
 * was looked for. [any] */
const struct hd_ocsf_attribute *
hd_ocsf_path(const char *path, const struct hd_ocsf_object **failed);

/* The object an attribute holds; NULL for other types. [any] */
const struct hd_ocsf_object *
hd_ocsf_held(const struct hd_ocsf_attribute *attribute);

/* The object called `name` ("user"), or NULL. [any] */
const struct hd_ocsf_object *hd_ocsf_object(const char *name);

/* The caption of an enum value, or NULL. [any] */
const char *hd_ocsf_caption(const struct hd_ocsf_attribute *attribute,
			    int64_t value);

#endif
