/* declare_check.h - the rules of plugin.h about single declarations
 *
 * Works on copies (declare.h): lists have our item size, texts are whole.
 */
#ifndef HD_PLUGIN_DECLARE_CHECK_H
#define HD_PLUGIN_DECLARE_CHECK_H

#include <herald/plugin.h>

struct hd_err;

/* Checks everything that the copied descriptor declares.  Returns 0, or -1 and
 * `err` with the place of the first fault. [any] */
int hd_declare_check(const herald_plugin *plugin, struct hd_err *err);

#endif
