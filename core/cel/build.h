/* build.h - a text that grows in the arena
 *
 * Appending after the arena is full or the evaluation stopped does nothing;
 * hd_cel_build_done() then gives the error.
 */
#ifndef HD_CEL_BUILD_H
#define HD_CEL_BUILD_H

#include "core/cel/cel.h"

struct hd_cel_build {
	struct hd_cel_call *call;
	char *p;
	size_t n, cap;
	bool failed;
};

void hd_cel_build_add(struct hd_cel_build *b, const char *p, size_t n);
void hd_cel_build_adds(struct hd_cel_build *b, const char *text);
void hd_cel_build_addc(struct hd_cel_build *b, char c);

/* The string, or the error. */
struct hd_cel_value hd_cel_build_done(struct hd_cel_build *b);

#endif
