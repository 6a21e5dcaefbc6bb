#include "ad_respond/change.h"

#include <inttypes.h>

#include "common/ad_time.h"
#include "common/text.h"
#include "common/uac.h"

static const char *const attributes[] = { "userAccountControl", "pwdLastSet" };

const char *ad_change_attribute(enum ad_action action)
{
	return attributes[action == AD_FORCE_PASSWORD];
}

bool ad_change_make(struct ad_change *change, enum ad_action action,
		    const char *guid, herald_str now)
{
	int64_t before, after = 0;

	if (!hp_number64(now, &before))
		return false;
	if (action == AD_DISABLE)
		after = before | HP_UAC_DISABLED;
	else if (action == AD_ENABLE)
		after = before & ~(int64_t)HP_UAC_DISABLED;
	*change = (struct ad_change){ .attribute = ad_change_attribute(
					      action) };
	snprintf(change->guid, sizeof(change->guid), "%s", guid);
	snprintf(change->before, sizeof(change->before), "%" PRId64, before);
	snprintf(change->after, sizeof(change->after), "%" PRId64, after);
	return true;
}

void ad_change_write(const struct ad_change *change, struct hp_json *memo)
{
	hp_json_put(memo, "/guid", herald_cstr(change->guid));
	hp_json_put(memo, "/attribute", herald_cstr(change->attribute));
	hp_json_put(memo, "/before", herald_cstr(change->before));
	hp_json_put(memo, "/after", herald_cstr(change->after));
}

static bool read_value(struct hp_json *memo, const char *path,
		       char out[AD_VALUE_SIZE])
{
	herald_str text = hp_json_text(memo, path, "");
	int64_t number;

	if (!hp_number64(text, &number) || text.n >= AD_VALUE_SIZE)
		return false;
	memcpy(out, text.p, text.n);
	out[text.n] = '\0';
	return true;
}

bool ad_change_read(struct ad_change *change, struct hp_json *memo)
{
	herald_str guid = hp_json_text(memo, "/guid", "");
	herald_str attribute = hp_json_text(memo, "/attribute", "");

	*change = (struct ad_change){ .attribute = NULL };
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		if (hp_str_is(attribute, attributes[i]))
			change->attribute = attributes[i];
	if (!change->attribute || !hp_guid_is_text(guid))
		return false;
	memcpy(change->guid, guid.p, sizeof(change->guid) - 1);
	return read_value(memo, "/before", change->before) &&
	       read_value(memo, "/after", change->after);
}

void ad_change_turn(struct ad_change *change)
{
	char kept[AD_VALUE_SIZE];

	memcpy(kept, change->before, sizeof(kept));
	memcpy(change->before, change->after, sizeof(kept));
	memcpy(change->after, kept, sizeof(kept));
}

enum ad_standing ad_change_stands(const struct ad_change *change,
				  herald_str now)
{
	if (hp_str_is(now, change->after))
		return AD_DONE;
	return hp_str_is(now, change->before) ? AD_OPEN : AD_MOVED_ON;
}
