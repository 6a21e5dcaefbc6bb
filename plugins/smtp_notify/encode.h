/* encode.h - texts, made fit for a mail
 *
 * Whatever stands in them: a header value stays one header, a body stays a
 * body.  Lines end with CR LF and have at most 76 bytes.
 */
#ifndef HERALD_SMTP_ENCODE_H
#define HERALD_SMTP_ENCODE_H

#include <herald/plugin.h>

#include "common/text.h"

/* Appends "Name: value" and a line end.  Control bytes become blanks; what is
 * not printable ASCII, could be read as an encoded word, or has no blank to
 * fold at, is written in encoded words (RFC 2047). [any] */
void smtp_encode_header(struct hp_text *out, const char *name,
			herald_str value);

/* Appends "Name: "TEXT" <address>" (TEXT quoted or encoded; empty: the address
 * alone). [any] */
void smtp_encode_mailbox(struct hp_text *out, const char *name, herald_str text,
			 herald_str address);

/* Appends the text as quoted-printable (RFC 2045), ended by a line end.  CR,
 * LF and CR LF are line ends; a dot at the beginning of a line is encoded, so
 * that none is ever alone there. [any] */
void smtp_encode_body(struct hp_text *out, herald_str text);

#endif
