#include "core/base/health.h"

#include <pthread.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/clock.h"
#include "core/base/utf8.h"

/* Guards the array. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct hd_health_part *parts; /* by name */
static size_t part_count;

static void copy_cut(const char *text, char *out, size_t size)
{
	size_t n = hd_utf8_cut(text, strlen(text), size - 1);

	memcpy(out, text, n);
	out[n] = '\0';
}

/* Where the part is, or where it would be. */
static size_t find(const char *name, bool *found)
{
	char cut[HD_HEALTH_NAME];
	size_t i = 0;

	copy_cut(name, cut, sizeof(cut));
	while (i < part_count && strcmp(parts[i].name, cut) < 0)
		i++;
	*found = i < part_count && strcmp(parts[i].name, cut) == 0;
	return i;
}

static void insert(size_t at, const char *name)
{
	parts = hd_realloc_array(parts, part_count + 1, sizeof(*parts));
	memmove(&parts[at + 1], &parts[at], (part_count - at) * sizeof(*parts));
	part_count++;
	memset(&parts[at], 0, sizeof(parts[at]));
	copy_cut(name, parts[at].name, sizeof(parts[at].name));
	parts[at].how = HD_HEALTH_OK;
	parts[at].since_utc_ms = hd_utc_ms();
}

bool hd_health_set(const char *name, enum hd_health how, const char *why)
{
	bool changed;
	bool found;
	size_t i;

	pthread_mutex_lock(&lock);
	i = find(name, &found);
	if (!found)
		insert(i, name);
	changed = parts[i].how != how;
	if (changed)
		parts[i].since_utc_ms = hd_utc_ms();
	parts[i].how = how;
	copy_cut(why ? why : "", parts[i].why, sizeof(parts[i].why));
	pthread_mutex_unlock(&lock);
	return changed;
}

void hd_health_forget(const char *name)
{
	bool found;
	size_t i;

	pthread_mutex_lock(&lock);
	i = find(name, &found);
	if (found) {
		part_count--;
		memmove(&parts[i], &parts[i + 1],
			(part_count - i) * sizeof(*parts));
	}
	pthread_mutex_unlock(&lock);
}

struct hd_health_part *hd_health_all(size_t *count)
{
	struct hd_health_part *copy;

	pthread_mutex_lock(&lock);
	copy = hd_alloc_array(part_count, sizeof(*copy));
	if (part_count > 0)
		memcpy(copy, parts, part_count * sizeof(*copy));
	*count = part_count;
	pthread_mutex_unlock(&lock);
	return copy;
}

bool hd_health_of(const char *name, struct hd_health_part *out)
{
	bool found;
	size_t i;

	pthread_mutex_lock(&lock);
	i = find(name, &found);
	if (found)
		*out = parts[i];
	pthread_mutex_unlock(&lock);
	return found;
}

enum hd_health hd_health_worst(void)
{
	enum hd_health worst = HD_HEALTH_OK;
	size_t i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < part_count; i++)
		if (parts[i].how > worst)
			worst = parts[i].how;
	pthread_mutex_unlock(&lock);
	return worst;
}

const char *hd_health_word(enum hd_health how)
{
	static const char *const words[] = { [HD_HEALTH_OK] = "ok",
					     [HD_HEALTH_DEGRADED] = "degraded",
					     [HD_HEALTH_FAILED] = "failed" };

	return words[how];
}
