/* story.h - what a message says where nobody wrote a text for it
 *
 * The alert in a few lines.  Values of the alert stand there as they are, but
 * for addresses of the web: mail programs make links of those.
 */
#ifndef HERALD_PLUGINS_STORY_H
#define HERALD_PLUGINS_STORY_H

#include "common/json.h"
#include "common/text.h"

/* Appends one line: "[high] TITLE: USER", or what `message` says beyond the
 * title. [any] */
void hp_story_line(struct hp_text *out, struct hp_json *record);

/* Appends a title and the facts, a line each. [any] */
void hp_story_text(struct hp_text *out, struct hp_json *record);

#endif
