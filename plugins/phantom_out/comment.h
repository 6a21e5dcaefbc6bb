/* comment.h - add_comment: a text into the log of a case
 *
 * A comment has no identifier, so the last line is one: "[herald-" and a digest
 * of the intention.  A run looks for it before it writes.
 */
#ifndef HERALD_PHANTOM_COMMENT_H
#define HERALD_PHANTOM_COMMENT_H

struct flow;

/* HERALD_RUN. [loop] */
void phantom_comment_run(struct flow *f);

#endif
