/* Is there room for more alerts, and who waits for it. */
#include "core/pipeline/engine_impl.h"

#include "core/plugin/instance.h"

#define HIGH_SEVERITY 4

const char *hd_intake_closed(const struct hd_engine *engine)
{
	const struct hd_limits *limits =
		&engine->program->settings->herald.limits;

	if (engine->failed)
		return "the journal failed";
	if (engine->stopping)
		return "herald stops";
	if (engine->disk_full)
		return "the disk is full";
	if (engine->receiving >= (size_t)limits->requests)
		return "too many requests wait for the journal";
	if (engine->backlog >= (size_t)limits->backlog)
		return "too many alerts wait to be decided";
	return NULL;
}

/* The last tenth of backlog and disk is for high severity. */
bool hd_intake_has_room(const struct hd_engine *engine, int severity)
{
	size_t backlog =
		(size_t)engine->program->settings->herald.limits.backlog;

	if (severity >= HIGH_SEVERITY && severity != 99)
		return true;
	return engine->backlog < backlog - backlog / 10 && !engine->disk_low;
}

/* Tells those that saw BUSY that there is room again. */
void hd_intake_room(struct hd_engine *engine)
{
	struct hd_dict waiting = engine->waiting;
	const char *name;
	size_t at = 0;

	if (hd_dict_count(&waiting) == 0 || hd_intake_closed(engine))
		return;
	hd_dict_init(&engine->waiting);
	while (hd_dict_next(&waiting, &at, &name)) {
		struct hd_instance *instance =
			engine->env.connector(engine->env.ud, name);

		if (instance)
			hd_instance_room(instance);
	}
	hd_dict_fini(&waiting);
}
