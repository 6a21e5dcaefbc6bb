/* story.h - what a mail says where nobody wrote a text for it
 *
 * The alert in a few lines.  Values of the alert stand there as they are, but
 * for addresses of the web: mail programs make links of those.
 */
#ifndef HERALD_SMTP_STORY_H
#define HERALD_SMTP_STORY_H

#include "common/json.h"
#include "common/text.h"

/* Appends a subject: "[high] TITLE: USER". [any] */
void smtp_story_subject(struct hp_text *out, struct hp_json *record);

/* Appends a body. [any] */
void smtp_story_body(struct hp_text *out, struct hp_json *record);

#endif
