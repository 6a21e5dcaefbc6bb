/* Commands that change how herald runs. */
#include "core/heraldctl/ctl.h"

#include <stdio.h>

#include "core/base/buf.h"
#include "core/heraldctl/client.h"
#include "core/heraldctl/text.h"

#define TEXT_MAX (8u << 20)

static void print_changes(const json_t *answer, bool dry_run)
{
	const json_t *changes = json_object_get(answer, "changes");
	struct hd_buf text;
	json_t *change;
	size_t i;

	hd_buf_init(&text, TEXT_MAX);
	json_array_foreach(changes, i, change) {
		hd_buf_adds(&text, "  ");
		hd_text_add(&text, json_string_value(change));
		hd_buf_addc(&text, '\n');
	}
	if (json_array_size(changes) == 0)
		hd_buf_adds(&text, "  nothing changed\n");
	hd_buf_addf(&text,
		    dry_run ? "good: configuration %.8s would be in "
			      "force -> heraldctl reload\n"
			    : "configuration %.8s is in force\n",
		    hd_text_of(answer, "id"));
	hd_ctl_print(&text);
}

/* The complaints are people's text already: only made safe. */
static void print_complaints(const json_t *answer)
{
	const json_t *all = json_object_get(answer, "text");
	struct hd_buf text;

	hd_buf_init(&text, TEXT_MAX);
	hd_text_add_lines(&text, "", json_string_value(all),
			  json_string_length(all));
	fputs(hd_buf_text(&text), stderr);
	hd_buf_fini(&text);
}

enum hd_exit hd_cmd_reload(struct hd_ctl *ctl)
{
	bool dry_run = hd_ctl_option(ctl, "dry-run") != NULL;
	enum hd_exit status;
	struct hd_ask ask;
	json_t *answer;
	bool ok;

	hd_ask_init(&ask, "reload", NULL);
	hd_ask_member(&ask, "dry_run", NULL);
	hd_ask_query(&ask, "dry_run", dry_run ? "1" : NULL);
	status = hd_client_ask(ctl, &ask, &answer);
	if (status != HD_EXIT_GOOD)
		return status;
	ok = json_is_true(json_object_get(answer, "ok"));
	if (ctl->json)
		hd_ctl_print_json(answer);
	else if (ok)
		print_changes(answer, dry_run);
	if (!ctl->json)
		print_complaints(answer);
	if (!ok)
		hd_ctl_complain("heraldctl check",
				dry_run ? "the configuration is wrong"
					: "not reloaded, the old configuration "
					  "stays");
	json_decref(answer);
	return ok ? HD_EXIT_GOOD : HD_EXIT_WRONG;
}
