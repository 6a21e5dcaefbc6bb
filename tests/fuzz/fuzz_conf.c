/* A main file, then up to two of conf.d, each after a byte 0x00. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/conf/complaint.h"
#include "core/conf/list.h"
#include "core/conf/load.h"
#include "core/conf/node.h"
#include "core/conf/settings.h"

#define FILES 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void visit(const struct hd_node *node)
{
	size_t i, n;
	const char *text = hd_node_text(node, &n);
	struct hd_place place = hd_node_place(node);

	free(hd_node_path(node));
	if (place.line == 0 || place.col == 0)
		abort();
	for (i = 0; text && i <= n; i += 1 + n / 8) {
		place = hd_node_place_at(node, i);
		if (place.line == 0 || place.col == 0)
			abort();
	}
	for (i = 0; i < hd_node_count(node); i++)
		visit(hd_node_item(node, i));
}

static void check(const struct hd_conf *conf, struct hd_complaints *complaints)
{
	struct hd_settings *settings = hd_settings_read(conf, complaints);
	struct hd_check with = { .complaints = complaints };
	size_t i;

	for (i = 0; i < settings->lists_count; i++) {
		/* Files of the machine are no input. */
		if (hd_node_get(settings->lists[i].node, "file"))
			continue;
		hd_list_free(hd_list_read(settings->lists[i].name,
					  settings->lists[i].node, &with));
	}
	hd_settings_free(settings);
	visit(hd_conf_main(conf));
	json_decref(hd_node_json(hd_conf_main(conf)));
}

static size_t split(const char *data, size_t size,
		    struct hd_conf_text texts[FILES])
{
	static const char *const names[FILES] = { "herald.yaml", "conf.d/a",
						  "conf.d/b" };
	size_t count = 0;
	const char *end;

	while (count < FILES) {
		end = count + 1 < FILES ? memchr(data, '\0', size) : NULL;
		texts[count].name = names[count];
		texts[count].text = data;
		texts[count].n = end ? (size_t)(end - data) : size;
		count++;
		if (!end)
			break;
		size -= (size_t)(end + 1 - data);
		data = end + 1;
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hd_complaints *complaints = hd_complaints_new();
	struct hd_conf_text texts[FILES];
	size_t count = split((const char *)data, size, texts);
	struct hd_conf *conf = hd_conf_load_texts(texts, count, complaints);
	struct hd_buf out;

	if (conf)
		check(conf, complaints);
	else if (hd_complaints_errors(complaints) == 0)
		abort();
	hd_conf_unref(conf);
	hd_buf_init(&out, 4 << 20);
	hd_complaints_print(complaints, &out);
	hd_buf_fini(&out);
	json_decref(hd_complaints_json(complaints));
	hd_complaints_free(complaints);
	return 0;
}
