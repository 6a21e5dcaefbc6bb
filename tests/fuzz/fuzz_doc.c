/* fuzz_doc.c - documents of plugins, changed at any path
 *
 * The input is a script of lines: PATH TAB TYPE TEXT, TYPE one digit.  After
 * each change the document can be written and read again as the same tree, is
 * not too deep, and what was set at a path can be got there.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json_text.h"
#include "core/plugin/host_json.h"
#include "core/plugin/instance_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "does not hold: %s\n", what);
	abort();
}

static void check_text(const herald_host *h, herald_doc *d)
{
	herald_str text = h->json_text(d);
	uint32_t status;
	herald_doc *again = h->json_parse(h, text, &status);

	must(again != NULL, "what was made can be read");
	must(status == HERALD_OK, "what was made needs no mending");
	must(json_equal(hd_host_json_root(d), hd_host_json_root(again)),
	     "it is read as it was made");
	h->json_free(again);
}

/* One line of the script, ended by '\0'. */
static void step(const herald_host *h, herald_doc *d, char *line)
{
	char *tab = strchr(line, '\t');
	uint32_t type, status;
	bool is_append;

	if (!tab || tab[1] < '0' || tab[1] > '9')
		return;
	*tab = '\0';
	type = (uint32_t)(tab[1] - '0');
	status = h->json_set(d, line, type, herald_cstr(tab + 2));
	is_append = strchr(line, '-') != NULL;
	if (HERALD_CLASS(status) == 0 && type != HERALD_JSON_NONE && !is_append)
		must(h->json_get(d, line, NULL) == type,
		     "what was set can be got");
	for (size_t i = 0; i < h->json_size(d, line); i++)
		h->json_key(d, line, i);
	if (type == HERALD_JSON_NONE && *line)
		h->json_copy(d, tab + 2, d, line);
	check_text(h, d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static herald_host h;
	char *script = malloc(size + 1), *line = script;
	herald_doc *d;

	if (!h.json_set)
		hd_host_fill_json(&h);
	memcpy(script, data, size);
	script[size] = '\0';
	d = h.json_parse(&h, (herald_str){ NULL, 0 }, NULL);
	while (line) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		step(&h, d, line);
		line = end ? end + 1 : NULL;
	}
	h.json_free(d);
	free(script);
	return 0;
}
