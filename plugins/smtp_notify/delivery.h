/* delivery.h - carrying out one `send`
 *
 * One transaction a recipient.  What cannot succeed now is told as passing
 * trouble, with a memo of who has the mail; only when nobody is left to be
 * tried again, those without a known outcome make the whole *in doubt*, or
 * those that were refused make it *failed*.
 */
#ifndef HERALD_SMTP_DELIVERY_H
#define HERALD_SMTP_DELIVERY_H

#include <herald/plugin.h>

/* Completes the call. [worker] */
void smtp_deliver(const herald_host *h, const herald_call *call);

#endif
