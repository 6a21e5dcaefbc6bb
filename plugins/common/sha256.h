/* sha256.h - SHA-256 as hex text
 *
 * For identifiers that must be a pure function of what they name.  In a library
 * of its own (PLUGIN_DIGEST), so that only plugins that want it need OpenSSL.
 */
#ifndef HERALD_PLUGINS_SHA256_H
#define HERALD_PLUGINS_SHA256_H

#include <stdbool.h>

#include <herald/plugin.h>

#define HP_SHA256_HEX 65 /* with '\0' */

/* Lower-case hex of the digest; false if the library refuses. [any] */
bool hp_sha256_hex(herald_str text, char out[HP_SHA256_HEX]);

#endif
