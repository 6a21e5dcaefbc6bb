/* params.h - the parameters of an action, as an entry of `respond` gives them
 *
 * Typed by the action's own declaration.  What is constant is checked when the
 * configuration is read, the rest when the alert is decided, before a plugin
 * sees it: an address is an address, a mailbox is one mailbox.
 */
#ifndef HD_PIPELINE_PARAMS_H
#define HD_PIPELINE_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

#include "core/expr/expr.h"

struct hd_build;
struct hd_module;
struct hd_node;
struct hd_params;

/* Of the mapping `with` (NULL: empty).  `place` is where the entry stands, for
 * what is missing.  Always a value; what is wrong was complained of. [loop] */
struct hd_params *hd_params_build(struct hd_build *b,
				  const struct hd_module *module,
				  uint32_t action, const struct hd_node *with,
				  const struct hd_node *place);
void hd_params_free(struct hd_params *params);

/* All values as one JSON object, defaults filled in.  Texts for people are
 * always made; any other parameter that is not known, or is not of its type,
 * refuses the action: NULL and `why`.  New reference. [loop] */
json_t *hd_params_render(const struct hd_params *params,
			 const struct hd_expr_scope *scope, char *why,
			 size_t why_size);

/* Calls fn for every path that the templates read. [any] */
void hd_params_paths(const struct hd_params *params,
		     void (*fn)(void *ud, const char *path), void *ud);

/* {NAME: TEXT or [TEXT, ...]}: the templates as written, and back. */
json_t *hd_params_source(const struct hd_params *params);
struct hd_params *hd_params_from_source(struct hd_expr_env *env,
					const struct hd_expr_names *names,
					const struct hd_module *module,
					uint32_t action, const json_t *source);

#endif
