/* json_text.h - JSON text to jansson's tree and back
 *
 * Stricter and several times faster than jansson's own reader (which takes a
 * repeated key silently and refuses 2^63 with the whole document).  One pass:
 * RFC 8259 grammar, depth, UTF-8, repeated keys, exact numbers.
 *
 * What cannot be held exactly is told apart from what is no JSON at all, since
 * the first is kept for a person (quarantine) and the second is refused.
 * Attackers choose bytes: with `mend`, a NUL (\u0000), broken UTF-8, lone
 * surrogates and raw NUL bytes inside strings become U+FFFD, and strings over
 * `max_text` bytes are cut at a character; that is noted, never refused.
 * Without it they are BAD, and `max_text` says nothing.  The first trouble met
 * decides: what stands behind a repeated key is not looked at.
 */
#ifndef HD_BASE_JSON_TEXT_H
#define HD_BASE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

struct hd_buf;

#define HD_JSON_DEPTH 64       /* arrays and objects inside each other */
#define HD_JSON_OWN_DEPTH 257  /* likewise, of what is written here */
#define HD_JSON_KEY_MAX 1024   /* bytes of a member's name, decoded */
#define HD_JSON_TEXT_MAX 65536 /* bytes of a string, decoded, when mending */

enum hd_json_status {
	HD_JSON_OK,
	HD_JSON_MENDED,	   /* whole, but some text was replaced or cut */
	HD_JSON_BAD,	   /* not JSON (or, without `mend`, broken text) */
	HD_JSON_NOT_EXACT, /* repeated key, too deep, name too long, an integer
			    * outside int64, a real beyond a double's range */
	HD_JSON_MEMORY
};

struct hd_json_options {
	bool mend;
	bool prefix;	 /* stop after the first value: `used` tells where */
	bool own;	 /* hd_json_write() made it: as deep as that goes, and
			  * \u0000 stands for itself */
	size_t max_text; /* 0: no bound but the document's own size */
};

struct hd_json_report {
	enum hd_json_status status;
	size_t used;	/* bytes read, blanks around the value included; 0
			 * when there is none */
	size_t offset;	/* of the trouble */
	char why[160];	/* "repeated key 'user'", "" when status is OK */
	char path[160]; /* JSON Pointer of the trouble, cut when long */
};

/* Reads `n` bytes.  Returns a new reference, or NULL with status BAD,
 * NOT_EXACT or MEMORY; `report` (may be NULL) is always filled.  Reals that
 * have more digits than a double are rounded to nearest.  Numbers without
 * fraction and exponent are integers, all others reals. [any] */
json_t *hd_json_read(const char *text, size_t n,
		     const struct hd_json_options *options,
		     struct hd_json_report *report);

/* Reads back what hd_json_write() made: options with `own`. [any] */
json_t *hd_json_read_own(const char *text, size_t n,
			 struct hd_json_report *report);

/* Bytes of the first whole value in `text` with the blanks around it, or 0 if
 * none is whole.  Counts brackets and skips strings, nothing else: where a
 * reader has refused one of several values, it finds the next. [any] */
size_t hd_json_span(const char *text, size_t n);

enum {
	HD_JSON_SORTED = 1, /* members in bytewise order: canonical text */
	HD_JSON_INDENT = 2, /* for people: two blanks a level */
	HD_JSON_ASCII = 4   /* other characters as \uXXXX */
};

/* Appends the text of `value`: no blanks, members in their order, reals in the
 * shortest form that reads back exactly, broken UTF-8 as U+FFFD.  The buffer is
 * failed when the text is longer than it may be, or the tree deeper than
 * HD_JSON_OWN_DEPTH. [any] */
void hd_json_write(struct hd_buf *out, const json_t *value, unsigned flags);

/* Appends `text` as a JSON string, quotes included. [any] */
void hd_json_write_string(struct hd_buf *out, const char *text, size_t n,
			  unsigned flags);

/* Set a member, a name and a text that are known to be sound UTF-8. [any] */
void hd_json_put_text(json_t *object, const char *name, const char *text);
void hd_json_put_int(json_t *object, const char *name, int64_t value);

/* The member at a JSON Pointer (RFC 6901), borrowed from `root`; NULL if there
 * is none. [any] */
json_t *hd_json_at(const json_t *root, const char *pointer);

#endif
