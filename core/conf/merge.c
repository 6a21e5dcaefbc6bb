#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/digest.h"
#include "core/conf/complaint.h"
#include "core/conf/guess.h"
#include "core/conf/load_impl.h"
#include "core/conf/node.h"
#include "core/conf/value.h"

/* Where a section's entries stand, and how they are named. */
static const struct {
	const char *name, *top, *below; /* below NULL: `top` itself */
	bool list;			/* items with a `name`, else members */
} sections[HD_CONF_SECTIONS] = {
	[HD_CONF_CONNECTORS] = { "connectors", "connectors", NULL, false },
	[HD_CONF_LISTS] = { "lists", "lists", NULL, false },
	[HD_CONF_TIMES] = { "times", "times", NULL, false },
	[HD_CONF_SCORES] = { "scores", "scores", NULL, false },
	[HD_CONF_PROTECT] = { "safety.protect", "safety", "protect", true },
	[HD_CONF_ACTIONS] = { "safety.actions", "safety", "actions", false },
	[HD_CONF_PIPELINES] = { "pipelines", "pipelines", NULL, true },
};

/* All that may stand in the main file. */
static const char *const main_sections[] = {
	"version", "herald", "control", "alarms", "listen",    "connectors",
	"lists",   "times",  "scores",	"safety", "pipelines", "risk_levels",
};
#define MAIN_SECTIONS (sizeof(main_sections) / sizeof(main_sections[0]))

const char *hd_conf_section_name(enum hd_conf_section section)
{
	return sections[section].name;
}

static const char *entry_name(const struct hd_node *entry)
{
	const char *name = hd_node_name(entry);

	return name ? name : hd_node_get_text(entry, "name");
}

static void append(struct hd_conf_entries *entries, const struct hd_node *entry)
{
	if (entries->count == entries->cap) {
		entries->cap = entries->cap ? entries->cap * 2 : 16;
		entries->items = hd_realloc_array(entries->items, entries->cap,
						  sizeof(*entries->items));
	}
	entries->items[entries->count++] = entry;
	/* The dictionary knows no const; nobody writes through it. */
	hd_dict_put(&entries->by_name, entry_name(entry), (void *)entry);
}

/* The name of a list's item: required, and a name. */
static int check_item_name(const struct hd_node *item, const char *section,
			   struct hd_complaints *complaints)
{
	const struct hd_node *name = hd_node_get(item, "name");
	const char *text;
	size_t n;

	if (hd_node_type(item) != HD_NODE_MAP) {
		hd_complain(complaints, hd_node_place(item),
			    "an entry of %s is a mapping, not %s", section,
			    hd_node_kind(item));
		return hd_complain_remedy(complaints,
					  "write '- name: NAME' and its keys "
					  "below");
	}
	text = hd_node_text(name, &n);
	if (!text) {
		hd_complain(complaints, hd_node_place(item),
			    "an entry of %s has no name", section);
		return hd_complain_remedy(complaints,
					  "give it one: 'name: ...'");
	}
	if (hd_value_is_name(text, n))
		return 0;
	hd_complain(complaints, hd_node_place(name), "'%s' is no name", text);
	return hd_complain_remedy(complaints,
				  "names are made of a-z, 0-9 and _, and begin "
				  "with a letter");
}

/* Members are named by their keys; those of safety.actions are two names with
 * a dot between. */
static int check_member_name(const struct hd_node *member,
			     enum hd_conf_section section,
			     struct hd_complaints *complaints)
{
	const char *name = hd_node_name(member);
	const char *dot = strchr(name, '.');
	bool sound;

	if (section == HD_CONF_ACTIONS)
		sound = dot && hd_value_is_name(name, (size_t)(dot - name)) &&
			hd_value_is_name(dot + 1, strlen(dot + 1));
	else
		sound = hd_value_is_name(name, strlen(name));
	if (sound)
		return 0;
	hd_complain(complaints, hd_node_key_place(member), "'%s' is no name",
		    name);
	return hd_complain_remedy(
		complaints,
		section == HD_CONF_ACTIONS
			? "write CONNECTOR.ACTION, as in "
			  "'ad_ops.disable_account'"
			: "names are made of a-z, 0-9 and _, and begin with a "
			  "letter");
}

static struct hd_place name_place(const struct hd_node *entry)
{
	return hd_node_name(entry) ? hd_node_key_place(entry)
				   : hd_node_place(hd_node_get(entry, "name"));
}

static void add_entry(struct hd_conf *conf, enum hd_conf_section section,
		      const struct hd_node *entry,
		      struct hd_complaints *complaints)
{
	const struct hd_node *first;
	struct hd_place place;
	int rc = sections[section].list
			 ? check_item_name(entry, sections[section].name,
					   complaints)
			 : check_member_name(entry, section, complaints);

	if (rc < 0)
		return;
	first = hd_conf_find(conf, section, entry_name(entry));
	if (!first) {
		append(&conf->sections[section], entry);
		return;
	}
	place = name_place(first);
	hd_complain(complaints, name_place(entry),
		    "'%s' of %s is defined a second time; the first is in "
		    "%s:%u:%u",
		    entry_name(entry), sections[section].name,
		    hd_source_name(place.source), place.line, place.col);
	hd_complain_remedy(complaints, "remove or rename one of the two");
}

static void add_section(struct hd_conf *conf, enum hd_conf_section section,
			const struct hd_node *root,
			struct hd_complaints *complaints)
{
	const struct hd_node *node = hd_node_get(root, sections[section].top);
	enum hd_node_type want = sections[section].list ? HD_NODE_SEQ
							: HD_NODE_MAP;
	size_t i;

	if (sections[section].below)
		node = hd_node_get(node, sections[section].below);
	if (hd_node_type(node) == HD_NODE_NULL)
		return;
	if (hd_node_type(node) != want) {
		hd_complain(complaints, hd_node_place(node), "%s is %s, not %s",
			    sections[section].name,
			    want == HD_NODE_SEQ ? "a list" : "a mapping",
			    hd_node_kind(node));
		hd_complain_remedy(
			complaints, "%s",
			want == HD_NODE_SEQ
				? "begin each entry with '- name: "
				  "NAME'"
				: "write 'name: {...}' for each entry");
		return;
	}
	for (i = 0; i < hd_node_count(node); i++)
		add_entry(conf, section, hd_node_item(node, i), complaints);
}

static bool is_section(const char *key)
{
	size_t i;

	for (i = 0; i < MAIN_SECTIONS; i++) {
		if (strcmp(main_sections[i], key) == 0)
			return true;
	}
	return false;
}

static void refuse_section(const struct hd_node *node,
			   struct hd_complaints *complaints)
{
	const char *key = hd_node_name(node);
	struct hd_guess guess;
	size_t i;

	hd_guess_init(&guess, key);
	for (i = 0; i < MAIN_SECTIONS; i++)
		hd_guess_offer(&guess, main_sections[i]);
	if (guess.best)
		hd_complain(complaints, hd_node_key_place(node),
			    "unknown section '%s'; did you mean '%s'?", key,
			    guess.best);
	else
		hd_complain(complaints, hd_node_key_place(node),
			    "unknown section '%s'", key);
	hd_complain_remedy(complaints,
			   "the sections are version, herald, control, alarms, "
			   "listen, connectors, lists, times, risk_levels, "
			   "safety, scores, pipelines");
}

static void check_main_keys(const struct hd_node *root,
			    struct hd_complaints *complaints)
{
	size_t i;

	for (i = 0; i < hd_node_count(root); i++) {
		if (!is_section(hd_node_key(root, i)))
			refuse_section(hd_node_item(root, i), complaints);
	}
}

static bool may_be_in_conf_d(const char *key, const char *below)
{
	size_t i;

	for (i = 0; i < HD_CONF_SECTIONS; i++) {
		if (strcmp(sections[i].top, key) != 0)
			continue;
		if (!below || !sections[i].below ||
		    strcmp(sections[i].below, below) == 0)
			return true;
	}
	return false;
}

static void refuse_in_conf_d(const struct hd_node *node, const char *key,
			     const struct hd_conf *conf,
			     struct hd_complaints *complaints)
{
	hd_complain(complaints, hd_node_key_place(node),
		    "'%s' cannot stand in a file of conf.d", key);
	hd_complain_remedy(complaints,
			   "move it to %s; here may be connectors, lists, "
			   "times, scores, safety.protect, safety.actions and "
			   "pipelines",
			   hd_source_name(conf->files[0].source));
}

static void check_conf_d_keys(const struct hd_conf *conf,
			      const struct hd_node *root,
			      struct hd_complaints *complaints)
{
	const struct hd_node *safety = hd_node_get(root, "safety");
	const char *key;
	size_t i;

	for (i = 0; (key = hd_node_key(root, i)) != NULL; i++) {
		if (!may_be_in_conf_d(key, NULL))
			refuse_in_conf_d(hd_node_item(root, i), key, conf,
					 complaints);
	}
	for (i = 0; (key = hd_node_key(safety, i)) != NULL; i++) {
		char path[256];

		snprintf(path, sizeof(path), "safety.%s", key);
		if (!may_be_in_conf_d("safety", key))
			refuse_in_conf_d(hd_node_item(safety, i), path, conf,
					 complaints);
	}
}

/* The pipeline `default` takes what no other took: it comes last wherever it
 * stands. */
static void move_default_last(struct hd_conf_entries *entries)
{
	const struct hd_node *found = NULL;
	size_t i, k = 0;

	for (i = 0; i < entries->count; i++) {
		if (strcmp(entry_name(entries->items[i]), "default") == 0)
			found = entries->items[i];
		else
			entries->items[k++] = entries->items[i];
	}
	if (found)
		entries->items[k] = found;
}

void hd_conf_merge(struct hd_conf *conf, struct hd_complaints *complaints)
{
	size_t file, section;

	check_main_keys(conf->files[0].root, complaints);
	for (file = 0; file < conf->files_count; file++) {
		if (file > 0)
			check_conf_d_keys(conf, conf->files[file].root,
					  complaints);
		for (section = 0; section < HD_CONF_SECTIONS; section++)
			add_section(conf, (enum hd_conf_section)section,
				    conf->files[file].root, complaints);
	}
	move_default_last(&conf->sections[HD_CONF_PIPELINES]);
}

void hd_conf_identify(struct hd_conf *conf)
{
	struct hd_piece *pieces = hd_alloc_array(2 * conf->files_count,
						 sizeof(*pieces));
	uint8_t digest[HD_SHA256_SIZE];
	size_t i;

	for (i = 0; i < conf->files_count; i++) {
		const struct hd_source *source = conf->files[i].source;
		struct hd_piece *piece = &pieces[2 * i];

		piece[0].p = hd_source_name(source);
		piece[0].n = strlen(hd_source_name(source));
		piece[1].p = hd_source_text(source, &piece[1].n);
	}
	hd_sha256_pieces(pieces, 2 * conf->files_count, digest);
	hd_hex(digest, sizeof(digest), conf->id);
	free(pieces);
}

const char *hd_conf_id(const struct hd_conf *conf)
{
	return conf->id;
}

size_t hd_conf_files(const struct hd_conf *conf)
{
	return conf->files_count;
}

const struct hd_source *hd_conf_file(const struct hd_conf *conf, size_t index)
{
	return index < conf->files_count ? conf->files[index].source : NULL;
}

const struct hd_node *hd_conf_main(const struct hd_conf *conf)
{
	return conf->files[0].root;
}

size_t hd_conf_count(const struct hd_conf *conf, enum hd_conf_section section)
{
	return conf->sections[section].count;
}

const struct hd_node *hd_conf_entry(const struct hd_conf *conf,
				    enum hd_conf_section section, size_t index)
{
	if (index >= conf->sections[section].count)
		return NULL;
	return conf->sections[section].items[index];
}

const char *hd_conf_name(const struct hd_conf *conf,
			 enum hd_conf_section section, size_t index)
{
	return entry_name(hd_conf_entry(conf, section, index));
}

const struct hd_node *hd_conf_find(const struct hd_conf *conf,
				   enum hd_conf_section section,
				   const char *name)
{
	return hd_dict_get(&conf->sections[section].by_name, name);
}

const char *hd_conf_like(const struct hd_conf *conf,
			 enum hd_conf_section section, const char *name)
{
	struct hd_guess guess;
	size_t i;

	hd_guess_init(&guess, name);
	for (i = 0; i < hd_conf_count(conf, section); i++)
		hd_guess_offer(&guess, hd_conf_name(conf, section, i));
	return guess.best;
}
