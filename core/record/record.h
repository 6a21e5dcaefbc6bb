/* record.h - the alert record: one OCSF 1.6.0 Detection Finding
 *
 * A jansson tree that belongs to one thread.  What herald stores and sends
 * validates against the schema: whoever writes into a record does it through
 * this part, which knows the type of every attribute.  What has no place in
 * the schema, or the wrong type for its place, goes below `unmapped`, so that
 * no alert is lost for a field.  The bytes as received are kept beside the
 * record, never in it.
 */
#ifndef HD_RECORD_RECORD_H
#define HD_RECORD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

struct hd_err;

/* Sets the attribute at the dotted `path` ("evidences.user.name", no indices):
 * parents are made; inside an array attribute a single value goes to the first
 * entry, and the i-th value of a list to the i-th entry of the innermost array
 * (made as needed: "evidences.user.name" with two users makes two evidences,
 * "evidences.email.urls.url_string" two urls of one mail).  Where the last
 * attribute itself is an array, all values are appended to it (without
 * repeats).  Values are converted where that is exact: numeric text to an
 * integer, numbers to text, "true"/"1" to bool.  What cannot be converted goes
 * to unmapped.herald.<path with _>, and false is returned.  null, "" and empty
 * lists set nothing.  An attribute that has a value keeps it (first wins); of a
 * list where there is room for one value the first is taken and the whole kept
 * below unmapped.herald as well.  Below "unmapped." any value goes anywhere.
 * Arrays take 4096 entries.  `value` is borrowed. [loop] */
bool hd_record_set(json_t *record, const char *path, json_t *value);

/* True for what says something: not null, not "", not a list of nothing. [any]
 */
bool hd_record_says(const json_t *value);

/* Puts `value` (borrowed) below unmapped.<source>.<name>. [loop] */
void hd_record_set_unmapped(json_t *record, const char *source,
			    const char *name, json_t *value);

struct hd_record_origin {
	const char *id; /* herald's id of the alert: metadata.uid */
	const char
		*connector; /* metadata.log_name is not used: for labels only */
	const char *product; /* default of metadata.product.name */
	const char *vendor;
	int64_t received_ms; /* UTC; `time` where the source gives none */
	bool mended;	     /* adds the label "mended" */
};

/* Completes a freshly mapped finding, or a foreign one after hd_record_tidy():
 * classification, metadata, required
 * attributes that OCSF asks for (device.type_id 0, file.type_id, process.uid
 * a digest, file.name from path or hash, user.name from the mail address),
 * captions beside every _id that the schema knows, finding_info.uid (hex
 * digest of `uid_seed` when the map gave none, of itself when it is longer than
 * 1024 bytes), observables.  What still does
 * not fit goes to unmapped.herald.<path with _>.  The result validates.
 * [loop] */
void hd_record_complete(json_t *record, const struct hd_record_origin *origin,
			const char *uid_seed, size_t uid_seed_n);

/* Moves what the schema does not know out of a foreign finding (a source that
 * emits OCSF itself) into `unmapped`, converts what is of the wrong type, drops
 * nulls.  [loop] */
void hd_record_tidy(json_t *record);

/* Rebuilds observables[] from the typed places, without repeats, keeping
 * reputations of values that stay, and entries that stand for no place of the
 * record (from a map or an enricher). [loop] */
void hd_record_index(json_t *record);

/* One kind of value that can be looked up. */
enum hd_kind {
	HD_KIND_HOST,
	HD_KIND_DOMAIN,
	HD_KIND_IP,
	HD_KIND_MAC,
	HD_KIND_USER,
	HD_KIND_EMAIL,
	HD_KIND_URL,
	HD_KIND_MD5,
	HD_KIND_SHA1,
	HD_KIND_SHA256,
	HD_KIND_SHA512,
	HD_KIND_COUNT
};

/* "ip" to HD_KIND_IP; -1 for an unknown word.  `hash` stands for all four
 * digests: *mask gets a bit a kind. [any] */
int hd_kind_parse(const char *word, unsigned *mask);
const char *hd_kind_name(enum hd_kind kind);

/* The observable's value in the one form in which it is looked up and compared:
 * lower-case names without the last dot, canonical addresses, lower-case hex of
 * the right length, DOMAIN\ and blanks cut from users.  Returns the length in
 * `out` (at most size-1 bytes, '\0' behind), or 0 when it is not such a value.
 * [any] */
size_t hd_kind_normalize(enum hd_kind kind, const char *text, size_t n,
			 char *out, size_t size);

/* Calls fn for every observable of these kinds (a bit for each) that can be
 * looked up, in their order: the kind (a dotted hostname is called twice: host
 * and domain), the normalized value, and the observable itself (borrowed).
 * [loop] */
typedef void (*hd_observable_fn)(void *ud, enum hd_kind kind, const char *value,
				 size_t n, json_t *observable);
void hd_record_observables(json_t *record, unsigned kinds, hd_observable_fn fn,
			   void *ud);

/* The object a short name of the language stands for: user, src, dst, process,
 * file, url, email, query, actor (first evidences[] entry that has it) or
 * device.  Borrowed; NULL if absent. [loop] */
json_t *hd_record_view(json_t *record, const char *name);

/* The same in two steps, for who asks often: the number of a short name (-1 if
 * it is none), and its object. [loop] */
int hd_record_view_find(const char *name);
json_t *hd_record_view_at(json_t *record, int number);

/* Worst reputation.score_id (99 does not count) of the observables that stand
 * in the view `name`; *base gets its base_score.  -1 if there is none. [loop]
 */
int hd_record_view_reputation(json_t *record, const char *name, double *base);

/* One answer of one lookup, as it is merged. */
struct hd_addition {
	const char *connector; /* provider */
	const char *type;      /* observable type asked: "ip" */
	const char *value;     /* normalized */
	const char *kind;      /* enrichments[].type: "threat_intel" */
	const char *fills;     /* "user,device" or NULL */
	json_t *result;	       /* the plugin's object: data, reputation, desc,
				* link, user, device, location, resources,
				* labels, observables; borrowed */
	int64_t created_ms;    /* UTC */
};

/* Merges answers into the record in the order given (the caller sorts:
 * connector in the step, type, value).  Nothing that the record has is
 * overwritten; `reputation` goes to observables of the value (the worst one
 * counts), `user` completes each user whose observable it is, `device` and
 * `location` the endpoint that holds the value (and `device` if the value came
 * from there); every answer becomes one entry of enrichments[].  A result with
 * the wrong shape is reported in `why` (the answer is then a bad reply), never
 * half merged.  Returns 0 or -1. [loop] */
int hd_record_merge(json_t *record, const struct hd_addition *addition,
		    struct hd_err *why);

/* Checks the whole record against the schema; -1 with the JSON path and the
 * reason of the first fault. [loop] */
int hd_record_validate(const json_t *record, struct hd_err *why);

#endif
