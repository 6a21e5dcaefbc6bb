/* doubt.h - what loads, and does not do what its author meant
 *
 * Warnings, never errors: a condition that holds for no alert, a threshold that
 * no sum of contributions reaches, an attribute that nobody fills, a pipeline
 * behind one that takes all of its alerts.
 */
#ifndef HD_PIPELINE_DOUBT_H
#define HD_PIPELINE_DOUBT_H

struct hd_build;
struct hd_expr;
struct hd_node;

/* Of a condition at `node`, with what the build has seen so far. [loop] */
void hd_doubt_condition(const struct hd_build *b, const struct hd_node *node,
			const struct hd_expr *expr);

/* Of all pipelines, once they are built. [loop] */
void hd_doubt_pipelines(const struct hd_build *b);

#endif
