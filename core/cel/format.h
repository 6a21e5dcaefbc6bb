/* format.h - string.format() */
#ifndef HD_CEL_FORMAT_H
#define HD_CEL_FORMAT_H

#include "core/cel/cel.h"

/* "text %s %d %.2f %e %x %X %o %b %%".format([...]). */
struct hd_cel_value hd_cel_format(struct hd_cel_call *call,
				  const struct hd_cel_value *args, size_t n);

#endif
