/* asked.h - what was asked about an alert, and what came back
 *
 * Every question of every enrich step with its answer, missing ones too: it is
 * what `enrich` and *unknown* mean in expressions, what the journal keeps for
 * explain, and what restores both for an expression that is evaluated later.
 */
#ifndef HD_PIPELINE_ASKED_H
#define HD_PIPELINE_ASKED_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

#include "core/expr/expr.h"
#include "core/lookup/answer.h"
#include "core/record/record.h"

struct hd_question_asked {
	char *connector;
	enum hd_kind kind;
	char *value;
	char *enrichment;	  /* herald_key.kind: "threat_intel"; or NULL */
	char *fills;		  /* "user,device"; NULL: nothing */
	unsigned order;		  /* of the connector in its step */
	struct hd_answer *answer; /* NULL while it waits */
	bool merged;
};

struct hd_asked {
	struct hd_question_asked *items;
	size_t count, cap;
	json_t *enrich; /* {"misp": [{value,data,reputation,status}]} */
	struct hd_missing *missing;
	size_t missing_count;
};

void hd_asked_init(struct hd_asked *asked);
void hd_asked_fini(struct hd_asked *asked);

/* True if the connector was asked about the value before. */
bool hd_asked_has(const struct hd_asked *asked, const char *connector,
		  enum hd_kind kind, const char *value);

/* Adds a question; returns its index. */
size_t hd_asked_add(struct hd_asked *asked, const char *connector,
		    enum hd_kind kind, const char *value,
		    const char *enrichment, const char *fills, unsigned order);

/* A step asked this connector, if only about nothing: `enrich.NAME` is there.
 */
void hd_asked_mention(struct hd_asked *asked, const char *connector);

/* Merges the answers from index `from` on into the record, in the order of
 * (connector in the step, type, value), whoever came first; rebuilds `enrich`
 * and `missing`. */
void hd_asked_merge(struct hd_asked *asked, size_t from, json_t *record);

/* As the journal keeps it: an array.  New reference. */
json_t *hd_asked_json(const struct hd_asked *asked);

/* From that array: for expressions evaluated later. */
void hd_asked_restore(struct hd_asked *asked, const json_t *answers);

#endif
