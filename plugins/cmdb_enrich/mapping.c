#include "cmdb_enrich/mapping.h"

#include "common/text.h"

/* Our own words, and those of ServiceNow's busines_criticality. */
static const struct {
	const char *word;
	int id;
} words[] = {
	{ "low", 1 },
	{ "medium", 2 },
	{ "high", 3 },
	{ "critical", 4 },
	{ "4 - not critical", 1 },
	{ "3 - less critical", 2 },
	{ "2 - somewhat critical", 3 },
	{ "1 - most critical", 4 },
};

static struct cmdb_field *find(struct cmdb_mapping *m, const char *name)
{
	for (size_t i = 0; i < m->field_count; i++) {
		if (strcmp(m->fields[i].name, name) == 0)
			return &m->fields[i];
	}
	return NULL;
}

static bool set(struct cmdb_mapping *m, const char *name, const char *path)
{
	struct cmdb_field *field = find(m, name);

	if (!field && m->field_count == CMDB_FIELDS_MAX)
		return false;
	if (!field)
		field = &m->fields[m->field_count++];
	*field = (struct cmdb_field){ name, path };
	return true;
}

static void drop_empty(struct cmdb_mapping *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->field_count; i++) {
		if (m->fields[i].path[0])
			m->fields[n++] = m->fields[i];
	}
	m->field_count = n;
}

static bool read_fields(struct cmdb_mapping *m, const herald_host *h)
{
	const char *name;

	for (uint32_t i = 0; (name = h->option_key(h, "fields", i).p); i++) {
		if (!set(m, name, h->option(h, "fields", i).p)) {
			h->reject(h, "fields",
				  HERALD_S("there are more than 64 fields"));
			return false;
		}
	}
	drop_empty(m);
	return true;
}

static bool read_levels(struct cmdb_mapping *m, const herald_host *h)
{
	const char *word;

	for (uint32_t i = 0; (word = h->option_key(h, "levels", i).p); i++) {
		herald_str level = h->option(h, "levels", i);

		if (m->level_count == CMDB_LEVELS_MAX) {
			h->reject(h, "levels",
				  HERALD_S("there are more than 64 words"));
			return false;
		}
		m->levels[m->level_count].word = word;
		m->levels[m->level_count++].id = cmdb_mapping_level(m, level);
	}
	return true;
}

bool cmdb_mapping_init(struct cmdb_mapping *m, const herald_host *h,
		       const struct cmdb_field *defaults)
{
	for (; defaults->name; defaults++)
		set(m, defaults->name, defaults->path);
	return read_fields(m, h) && read_levels(m, h);
}

const char *cmdb_mapping_path(const struct cmdb_mapping *m, const char *name)
{
	for (size_t i = 0; i < m->field_count; i++) {
		if (strcmp(m->fields[i].name, name) == 0)
			return m->fields[i].path;
	}
	return NULL;
}

const char *cmdb_mapping_name(const struct cmdb_mapping *m, herald_str path)
{
	for (size_t i = 0; i < m->field_count; i++) {
		if (hp_str_same(herald_cstr(m->fields[i].path), path))
			return m->fields[i].name;
	}
	return NULL;
}

int cmdb_mapping_level(const struct cmdb_mapping *m, herald_str word)
{
	for (size_t i = 0; i < m->level_count; i++) {
		if (hp_str_same(word, herald_cstr(m->levels[i].word)))
			return m->levels[i].id;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (hp_str_same(word, herald_cstr(words[i].word)))
			return words[i].id;
	}
	return 0;
}
