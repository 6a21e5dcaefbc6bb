/* guess_type.h - which kind of observable a bare text is
 *
 * For the parts of the record only.
 */
#ifndef HD_RECORD_GUESS_TYPE_H
#define HD_RECORD_GUESS_TYPE_H

/* observables[].type_id: 2 for an address, 6 for a URL, 8 for a hash, 5 for a
 * mail address, 3 for a MAC address, 1 for a name with a dot, else 0. [any] */
int hd_guess_type(const char *value);

#endif
