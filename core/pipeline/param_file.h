/* param_file.h - texts for people that stand in files of their own
 *
 * A parameter whose type is TEMPLATE may be given as {file: PATH}: a letter of
 * two pages has no place between the rules.  The file is read when the
 * configuration is, as UTF-8 of at most 1 MiB, and is a template like any
 * other: what is wrong with it is told as FILE:LINE:COLUMN.  Where the text
 * goes into a header, the line ends at its end are left out.
 */
#ifndef HD_PIPELINE_PARAM_FILE_H
#define HD_PIPELINE_PARAM_FILE_H

#include <stdbool.h>

#include "core/expr/template.h"

struct hd_build;
struct hd_node;

/* True for a mapping with the only member `file`. [any] */
bool hd_param_is_file(const struct hd_node *node);

/* The template and, in *source, its text: the caller frees both.  NULL after
 * complaints. [loop] */
struct hd_template *hd_param_file_compile(struct hd_build *b,
					  const struct hd_node *node,
					  enum hd_escape escape, char **source);

#endif
