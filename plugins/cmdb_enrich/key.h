/* key.h - names and addresses in the one form in which they are compared */
#ifndef HERALD_CMDB_KEY_H
#define HERALD_CMDB_KEY_H

#include <stdbool.h>

#include <herald/plugin.h>

#include "cmdb_enrich/address.h"

/* What is looked up by. */
enum cmdb_kind { CMDB_BY_HOST, CMDB_BY_IP, CMDB_BY_MAC, CMDB_KINDS };

#define CMDB_KEY_MAX 256

/* The first byte says of what kind it is. */
struct cmdb_key {
	char text[CMDB_KEY_MAX];
	size_t n;
};

/* A host's name, short or full: lower case, without a last dot.  False if it is
 * empty or too long; so for the others. [any] */
bool cmdb_key_host(herald_str name, struct cmdb_key *out);

/* The first part of a full name. [any] */
bool cmdb_key_short(herald_str fqdn, struct cmdb_key *out);

/* Below one of the domains (NULL-ended, may be NULL). [any] */
bool cmdb_name_is_own(herald_str name, const char *const *domains);

/* Six bytes in hex, however they are separated. [any] */
bool cmdb_key_mac(herald_str mac, struct cmdb_key *out);

/* A single address. [any] */
void cmdb_key_ip(const struct cmdb_network *address, struct cmdb_key *out);

/* Borrowed from `key`. [any] */
herald_str cmdb_key_str(const struct cmdb_key *key);

#endif
