#include "phantom_out/comment.h"

#include <inttypes.h>

#include "phantom_out/flow.h"

#define COMMENT_MAX (32u << 10)

static void succeed(struct flow *f)
{
	struct hp_json out;

	hp_text_addf(&f->text, "comment on container %" PRId64 "%s",
		     f->container,
		     f->was_there ? " (it was there already)" : "");
	hp_json_open(&out, f->p->h, (herald_str){ NULL, 0 });
	phantom_put_ticket(f, &out);
	hp_json_put_int(&out, "/data/container_id", f->container);
	phantom_end(f, HERALD_OK, &out, (herald_str){ NULL, 0 });
	hp_json_close(&out);
}

static void on_written(struct flow *f, struct hp_json *body,
		       const struct phantom_verdict *v)
{
	(void)v;
	if (!hp_json_is_true(body, "/success", ""))
		phantom_fail_with(f, HERALD_IN_DOUBT,
				  "the answer does not tell of a comment");
	else
		succeed(f);
}

static void write_comment(struct flow *f)
{
	herald_str words = hp_json_text(&f->params, "/text", "");
	struct hp_json body;
	struct hp_text text;

	hp_text_init(&text, COMMENT_MAX);
	hp_text_add(&text, hp_str_head(words, COMMENT_MAX - 64));
	hp_text_addf(&text, "\n[%s]", f->sdi);
	hp_json_open(&body, f->p->h, (herald_str){ NULL, 0 });
	hp_json_put_int(&body, "/container_id", f->container);
	hp_json_put(&body, "/comment", hp_text_str(&text));
	phantom_ask(f, "container_comment", 0, NULL, &body, on_written);
	hp_json_close(&body);
	hp_text_fini(&text);
}

static void on_comments(struct flow *f, struct hp_json *body,
			const struct phantom_verdict *v)
{
	(void)v;
	if (hp_json_type(body, "/data", "") != HERALD_JSON_ARRAY) {
		phantom_fail_with(f, HERALD_RETRY,
				  "the answer is no list of comments");
		return;
	}
	f->was_there = hp_json_size(body, "/data", "") > 0;
	if (f->was_there)
		succeed(f);
	else
		write_comment(f);
}

static void look(struct flow *f)
{
	char number[PHANTOM_NUMBER_SIZE], quoted[PHANTOM_SDI_SIZE + 4];
	const char *const query[] = { "_filter_container",
				      number,
				      "_filter_comment__contains",
				      quoted,
				      "page_size",
				      "1",
				      NULL };

	if (!phantom_flow_name(f, f->call->idem))
		return;
	snprintf(number, sizeof(number), "%" PRId64, f->container);
	snprintf(quoted, sizeof(quoted), "\"[%s]\"", f->sdi);
	phantom_ask(f, "container_comment", 0, query, NULL, on_comments);
}

void phantom_comment_run(struct flow *f)
{
	phantom_find_case(f, look);
}
