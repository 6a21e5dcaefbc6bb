#include "core/conf/load.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/err.h"
#include "core/conf/complaint.h"
#include "core/conf/file.h"
#include "core/conf/load_impl.h"
#include "core/conf/node_impl.h"

struct names {
	char **items;
	size_t count;
};

static struct hd_source *open_source(const char *path, unsigned rank,
				     struct hd_err *err)
{
	struct hd_source *source;
	size_t n;
	char *text = hd_file_read(path, HD_CONF_FILE_MAX, &n, err);

	if (!text)
		return NULL;
	source = hd_source_new(path, text, n, rank);
	free(text);
	return source;
}

/* A complaint about a file that is no source (yet). */
static void complain_of_file(struct hd_complaints *complaints, const char *path,
			     unsigned rank, const char *text,
			     const char *remedy)
{
	struct hd_source *source = hd_source_new(path, "", 0, rank);
	struct hd_place place = { source, 0, 0 };

	hd_complain(complaints, place, "%s", text);
	hd_complain_remedy(complaints, "%s", remedy);
	hd_source_free(source);
}

/* `source` may be NULL: it could not be read.  Returns 0 or -1. */
static int add_file(struct hd_conf *conf, struct hd_source *source,
		    struct hd_complaints *complaints)
{
	struct hd_conf_file *file = &conf->files[conf->files_count];

	file->root = hd_yaml_read(source, complaints);
	file->source = source;
	conf->files_count++;
	return file->root ? 0 : -1;
}

static int add_path(struct hd_conf *conf, const char *path,
		    struct hd_complaints *complaints)
{
	unsigned rank = (unsigned)conf->files_count;
	struct hd_err err = { 0, "" };
	struct hd_source *source = open_source(path, rank, &err);

	if (source)
		return add_file(conf, source, complaints);
	complain_of_file(complaints, path, rank, err.text,
			 rank == 0 ? "give the file by -c; it must be readable "
				     "for the user herald"
				   : "make it readable for the user herald, or "
				     "remove it");
	return -1;
}

/* What editors and packages leave behind does not end in .yaml, or begins
 * with a dot. */
static bool is_ours(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > 5 && strcmp(name + n - 5, ".yaml") == 0;
}

static int by_bytes(const void *left, const void *right)
{
	const char *const *a = left, *const *b = right;

	return strcmp(*a, *b);
}

static void names_add(struct names *names, const char *folder, const char *name)
{
	names->items = hd_realloc_array(names->items, names->count + 1,
					sizeof(*names->items));
	names->items[names->count++] = hd_strf("%s/%s", folder, name);
}

static void names_fini(struct names *names)
{
	size_t i;

	for (i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
}

/* The files of conf.d, sorted.  A folder that is missing holds none. */
static int list_folder(const char *folder, struct names *names,
		       struct hd_complaints *complaints)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	struct hd_err err = { 0, "" };

	if (!dir && errno == ENOENT)
		return 0;
	if (!dir) {
		hd_err_sys(&err, errno, "open folder");
		complain_of_file(complaints, folder, 1, err.text,
				 "make it readable for the user herald");
		return -1;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (is_ours(entry->d_name))
			names_add(names, folder, entry->d_name);
	}
	closedir(dir);
	if (names->count > 0)
		qsort(names->items, names->count, sizeof(*names->items),
		      by_bytes);
	if (names->count < HD_CONF_FILES_MAX)
		return 0;
	complain_of_file(complaints, folder, 1, "more files than 255",
			 "merge some of them");
	return -1;
}

static char *folder_of(const char *main_path)
{
	const char *slash = strrchr(main_path, '/');

	if (!slash)
		return hd_strdup("conf.d");
	return hd_strf("%.*s/conf.d", (int)(slash - main_path), main_path);
}

static struct hd_conf *new_conf(size_t files)
{
	struct hd_conf *conf = hd_alloc(sizeof(*conf));
	size_t i;

	conf->refs = 1;
	for (i = 0; i < HD_CONF_SECTIONS; i++)
		hd_dict_init(&conf->sections[i].by_name);
	conf->files = hd_alloc_array(files, sizeof(*conf->files));
	return conf;
}

/* Merges what was read, if all of it was. */
static struct hd_conf *finish(struct hd_conf *conf, int rc,
			      struct hd_complaints *complaints)
{
	if (rc < 0) {
		hd_conf_unref(conf);
		return NULL;
	}
	hd_conf_merge(conf, complaints);
	hd_conf_identify(conf);
	return conf;
}

struct hd_conf *hd_conf_load(const char *main_path,
			     struct hd_complaints *complaints)
{
	struct names names = { NULL, 0 };
	char *folder = folder_of(main_path);
	struct hd_conf *conf = NULL;
	int rc = list_folder(folder, &names, complaints);
	size_t i;

	if (names.count < HD_CONF_FILES_MAX) {
		conf = new_conf(names.count + 1);
		if (add_path(conf, main_path, complaints) < 0)
			rc = -1;
		for (i = 0; i < names.count; i++) {
			if (add_path(conf, names.items[i], complaints) < 0)
				rc = -1;
		}
		conf = finish(conf, rc, complaints);
	}
	names_fini(&names);
	free(folder);
	return conf;
}

struct hd_conf *hd_conf_load_texts(const struct hd_conf_text *texts,
				   size_t count,
				   struct hd_complaints *complaints)
{
	struct hd_conf *conf = new_conf(count);
	size_t i;
	int rc = 0;

	for (i = 0; i < count; i++) {
		if (texts[i].n > HD_CONF_FILE_MAX) {
			complain_of_file(complaints, texts[i].name, (unsigned)i,
					 "over 4 MiB", "divide it");
			rc = -1;
		} else if (add_file(conf,
				    hd_source_new(texts[i].name, texts[i].text,
						  texts[i].n, (unsigned)i),
				    complaints) < 0) {
			rc = -1;
		}
	}
	return finish(conf, rc, complaints);
}

struct hd_conf *hd_conf_ref(struct hd_conf *conf)
{
	__atomic_add_fetch(&conf->refs, 1, __ATOMIC_RELAXED);
	return conf;
}

void hd_conf_unref(struct hd_conf *conf)
{
	size_t i;

	if (!conf || __atomic_sub_fetch(&conf->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (i = 0; i < HD_CONF_SECTIONS; i++) {
		hd_dict_fini(&conf->sections[i].by_name);
		free(conf->sections[i].items);
	}
	for (i = 0; i < conf->files_count; i++) {
		hd_node_free(conf->files[i].root);
		hd_source_free(conf->files[i].source);
	}
	free(conf->files);
	free(conf);
}
