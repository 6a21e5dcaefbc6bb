/* How an instance is: what the plugin tells by health(), and what its requests
 * show.  Only changes are told upwards. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/plugin/instance_impl.h"
#include "core/plugin/status.h"

#define FORBIDDEN_MANY 5 /* in a row: then it is no matter of one object */

static void set(struct hd_instance *i, uint32_t *status, char **why,
		int64_t *since_ms, uint32_t new_status, const char *new_why)
{
	bool changed = HERALD_CLASS(*status) != HERALD_CLASS(new_status);

	if (!changed && *status == new_status && *why &&
	    strcmp(*why, new_why) == 0)
		return;
	if (changed)
		*since_ms = hd_utc_ms();
	*status = new_status;
	free(*why);
	*why = hd_strdup(new_why);
	if (!changed)
		return;
	if (new_status == HERALD_OK)
		hd_instance_log(i, HD_LOG_NOTICE, "is well again");
	else
		hd_instance_log(i, HD_LOG_WARNING, "%s: %s",
				hd_status_words(new_status), new_why);
	if (i->env->changed)
		i->env->changed(i->env->ud, i);
}

void hd_health_told(struct hd_instance *i, uint32_t status, const char *why)
{
	set(i, &i->told_status, &i->told_why, &i->told_since_ms, status, why);
}

/* Does a request that ended so say that the instance is in trouble?  What it
 * was asked wrongly, and what was given up, does not.  An effect that is not
 * known means an answer that did not come. */
static bool is_trouble(const struct hd_instance *i, uint32_t status)
{
	if (HERALD_CLASS(status) == HD_CLASS_PASSING ||
	    HERALD_CLASS(status) == HD_CLASS_IN_DOUBT)
		return true;
	return status == HERALD_BAD_CONFIG ||
	       (status == HERALD_FORBIDDEN &&
		i->forbidden_in_a_row >= FORBIDDEN_MANY);
}

/* What one request ended with. */
void hd_health_seen(struct hd_instance *i, uint32_t status, const char *why)
{
	if (i->stopped || i->life >= HD_LIFE_HALTED)
		return;
	if (status == HERALD_FORBIDDEN)
		i->forbidden_in_a_row++;
	else if (hd_status_is_sound(status))
		i->forbidden_in_a_row = 0;

	if (HERALD_CLASS(status) == HD_CLASS_AUTH) {
		hd_instance_halt(i, why);
		return;
	}
	if (hd_status_is_sound(status) ||
	    HERALD_CLASS(status) == HD_CLASS_PENDING)
		set(i, &i->seen_status, &i->seen_why, &i->seen_since_ms,
		    HERALD_OK, "");
	else if (is_trouble(i, status))
		set(i, &i->seen_status, &i->seen_why, &i->seen_since_ms, status,
		    why);
}

void hd_instance_halt(struct hd_instance *i, const char *because)
{
	free(i->stopped);
	i->stopped = hd_strdup(because);
	i->stopped_since_ms = hd_utc_ms();
	if (!i->failed)
		hd_instance_log(i, HD_LOG_ERROR,
				"is not used any more: %s -> heraldctl "
				"connector %s start, once it is mended",
				because, i->name);
	else
		hd_instance_log(i, HD_LOG_ERROR,
				"failed: %s -> heraldctl reload, "
				"once it is mended",
				because);
	if (i->env->changed)
		i->env->changed(i->env->ud, i);
}

void hd_instance_resume(struct hd_instance *i)
{
	if (!i->stopped || i->failed)
		return;
	free(i->stopped);
	i->stopped = NULL;
	hd_instance_log(i, HD_LOG_NOTICE, "is used again");
	if (i->env->changed)
		i->env->changed(i->env->ud, i);
}

const char *hd_instance_stopped(const struct hd_instance *i)
{
	return i->stopped;
}

uint32_t hd_instance_health(const struct hd_instance *i, const char **why,
			    int64_t *since_ms)
{
	const char *text = "";
	int64_t since = i->created_ms;
	uint32_t status = HERALD_OK;

	if (i->stopped) {
		status = i->failed ? HERALD_FAILED : HERALD_AUTH;
		text = i->stopped;
		since = i->stopped_since_ms;
	} else if (i->told_status != HERALD_OK) {
		status = i->told_status;
		text = i->told_why;
		since = i->told_since_ms;
	} else if (i->seen_status != HERALD_OK) {
		status = i->seen_status;
		text = i->seen_why;
		since = i->seen_since_ms;
	} else if (i->told_since_ms || i->seen_since_ms) {
		since = i->told_since_ms > i->seen_since_ms ? i->told_since_ms
							    : i->seen_since_ms;
	}
	if (why)
		*why = text ? text : "";
	if (since_ms)
		*since_ms = since;
	return status;
}

void hd_health_fini(struct hd_instance *i)
{
	free(i->stopped);
	free(i->told_why);
	free(i->seen_why);
}
