/* message.h - the text of one mail, for one recipient
 *
 * The header says that a machine wrote it and that no machine shall answer.
 * Message-ID is a digest of connector, intention and recipient: a repetition
 * has the same one, and most mail stores fold the two.
 */
#ifndef HERALD_SMTP_MESSAGE_H
#define HERALD_SMTP_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <herald/plugin.h>

#include "common/text.h"

#define SMTP_MESSAGE_MAX (4u << 20) /* bytes */
#define SMTP_ID_MAX 512		    /* with '\0' */

/* Addresses are sound (address.h); texts may hold anything. */
struct smtp_message {
	herald_str instance, idem; /* for Message-ID */
	herald_str from, from_name, reply_to;
	const herald_str *to, *copy;
	size_t to_count, copy_count;
	herald_str subject, body, html; /* html may be absent */
	herald_str alert;
	int64_t utc_ms;
};

/* "<DIGEST.INSTANCE@DOMAIN>" of the mail to `recipient`.  False if the digest
 * cannot be made. [any] */
bool smtp_message_id(const struct smtp_message *m, herald_str recipient,
		     char out[SMTP_ID_MAX]);

/* Appends the whole mail.  False, with `out` of no use, if it is too long or
 * something is lacking. [any] */
bool smtp_message_write(struct hp_text *out, const struct smtp_message *m,
			herald_str recipient);

#endif
