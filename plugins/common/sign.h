/* sign.h - proving who sent a message: HMAC-SHA256, Standard Webhooks
 *
 * Standard Webhooks (standardwebhooks.com) sign "ID.TIMESTAMP.BODY" and send
 * "v1,BASE64" in the header webhook-signature.  A key that begins with "whsec_"
 * is base64 behind that word, any other one is taken as it is.  Needs
 * $(PLUGIN_SIGN).
 */
#ifndef HERALD_PLUGINS_SIGN_H
#define HERALD_PLUGINS_SIGN_H

#include <stdbool.h>
#include <stddef.h>

#include <herald/plugin.h>

#include "common/base64.h"

#define HP_HMAC_SIZE 32
#define HP_HMAC_HEX (2 * HP_HMAC_SIZE + 1)
#define HP_KEY_MAX 1024 /* bytes of a key */

/* "v1," and the digest, with '\0' */
#define HP_WEBHOOK_SIZE (3 + HP_BASE64_SIZE(HP_HMAC_SIZE))

/* The digest of all parts, one after the other.  False if the library refuses.
 * [any] */
bool hp_hmac_sha256(herald_str key, const herald_str *parts, size_t count,
		    unsigned char out[HP_HMAC_SIZE]);

/* The digest of `text` as lower-case hex. [any] */
bool hp_hmac_sha256_hex(herald_str key, herald_str text, char out[HP_HMAC_HEX]);

/* What webhook-signature says of this message.  False if the key is no sound
 * one. [any] */
bool hp_webhook_sign(herald_str key, herald_str id, herald_str timestamp,
		     herald_str body, char out[HP_WEBHOOK_SIZE]);

/* Equal; how long it takes tells nothing but the lengths. [any] */
bool hp_same_secretly(herald_str a, herald_str b);

#endif
