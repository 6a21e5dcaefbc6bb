#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/err.h"
#include "core/plugin/declare.h"
#include "core/plugin/object.h"

/* A sound plugin that each test spoils in one place. */
struct sample {
	herald_plugin plugin;
	herald_source source;
	herald_enricher enricher;
	herald_actions actions;
	herald_option options[3];
	herald_metric metrics[1];
	herald_key keys[1];
	herald_action list[2];
	herald_option params[2];
	herald_route routes[2];
	herald_map map[1];
};

static void *create(const herald_host *h)
{
	(void)h;
	return NULL;
}

static void destroy(void *self)
{
	(void)self;
}

static void lookup(void *self, const herald_lookup *const *batch, uint32_t n)
{
	(void)self;
	(void)batch;
	(void)n;
}

static void run(void *self, const herald_call *call)
{
	(void)self;
	(void)call;
}

static void request(void *self, const herald_request *rq)
{
	(void)self;
	(void)rq;
}

static void settled(void *self, uint64_t tag, uint32_t status)
{
	(void)self;
	(void)tag;
	(void)status;
}

static void fill_parts(struct sample *s)
{
	s->options[0] = (herald_option){ .name = "word",
					 .type = HERALD_STRING };
	s->options[1] = (herald_option){ .name = "number",
					 .type = HERALD_INT,
					 .def = "3",
					 .values = "1..5" };
	s->options[2] = (herald_option){ .name = "timeout",
					 .type = HERALD_DURATION,
					 .def = "30s" };
	s->metrics[0] = (herald_metric){ .name = "asked_total",
					 .type = HERALD_COUNTER };
	s->keys[0] = (herald_key){ .type = "ip", .fills = "user,device" };
	s->params[0] = (herald_option){ .name = "host",
					.type = HERALD_HOST,
					.flags = HERALD_TARGET };
	s->params[1] = (herald_option){ .name = "why", .type = HERALD_STRING };
	s->list[0] = (herald_action){ .name = "shut",
				      .effect = HERALD_CONTAINS,
				      .flags = HERALD_PLANS,
				      .undo = "open" };
	s->list[0].params = (herald_options)HERALD_ITEMS(s->params);
	s->list[1] = (herald_action){ .name = "open",
				      .effect = HERALD_RECORDS };
	s->routes[0] = (herald_route){ .method = "POST", .path = "/a" };
	s->routes[1] = (herald_route){ .method = "GET", .path = "/a" };
	s->map[0] = (herald_map){ .set = "message", .to = "row.text" };
}

static void fill(struct sample *s)
{
	memset(s, 0, sizeof(*s));
	fill_parts(s);
	s->source = (herald_source){ .struct_size = sizeof(s->source),
				     .request = request,
				     .resume = destroy,
				     .settled = settled };
	s->source.routes = (herald_routes)HERALD_ITEMS(s->routes);
	s->source.map = (herald_maps)HERALD_ITEMS(s->map);
	s->enricher = (herald_enricher){ .struct_size = sizeof(s->enricher),
					 .lookup = lookup };
	s->enricher.keys = (herald_keys)HERALD_ITEMS(s->keys);
	s->actions = (herald_actions){ .struct_size = sizeof(s->actions),
				       .run = run };
	s->actions.list = (herald_action_list)HERALD_ITEMS(s->list);
	s->plugin = (herald_plugin){ HERALD_HEADER,	.name = "sample",
				     .version = "1",	.summary = "s",
				     .license = "MIT",	.create = create,
				     .destroy = destroy };
	s->plugin.options = (herald_options)HERALD_ITEMS(s->options);
	s->plugin.metrics = (herald_metrics)HERALD_ITEMS(s->metrics);
	s->plugin.source = &s->source;
	s->plugin.enricher = &s->enricher;
	s->plugin.actions = &s->actions;
}

/* Texts stand anywhere in this program; only tests of bounds narrow it. */
static struct hd_object everything(void)
{
	return (struct hd_object){ .count = 1,
				   .ranges = { { 1, UINTPTR_MAX } } };
}

static int read_sample(const struct sample *s, struct hd_declared *d,
		       struct hd_err *err)
{
	struct hd_object object = everything();

	return hd_declare_read(d, &object, &s->plugin, sizeof(s->plugin),
			       "sample", err);
}

static void a_sound_descriptor_is_copied(void **state)
{
	struct hd_declared d;
	struct hd_err err = { 0 };
	struct sample s;

	(void)state;
	fill(&s);
	if (read_sample(&s, &d, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(d.plugin.options.count, 3);
	assert_ptr_not_equal(d.plugin.options.items, s.options);
	assert_string_equal(d.plugin.actions->list.items[0].undo, "open");
	assert_string_equal(
		d.plugin.actions->list.items[0].params.items[1].name, "why");
	assert_string_equal(d.plugin.source->map.items[0].to, "row.text");
	assert_ptr_equal(d.plugin.enricher, &d.enricher);
	hd_declare_fini(&d);
}

/* ---- single faults ---- */

static void magic(struct sample *s)
{
	s->plugin.magic = 0x4c415249;
}

static void major_2(struct sample *s)
{
	s->plugin.abi_major = 2;
}

static void needs_newer_host(struct sample *s)
{
	s->plugin.min_host_minor = 1;
}

static void size_0(struct sample *s)
{
	s->plugin.struct_size = 0;
}

static void size_8(struct sample *s)
{
	s->plugin.struct_size = 8;
}

static void size_larger(struct sample *s)
{
	s->plugin.struct_size = sizeof(s->plugin) + 1;
}

static void no_name(struct sample *s)
{
	s->plugin.name = NULL;
}

static void name_elsewhere(struct sample *s)
{
	s->plugin.name = "../x";
}

static void name_300(struct sample *s)
{
	static char name[301];

	memset(name, 'a', sizeof(name) - 1);
	s->plugin.name = name;
}

static void no_create(struct sample *s)
{
	s->plugin.create = NULL;
}

static void no_license(struct sample *s)
{
	s->plugin.license = NULL;
}

static void no_capability(struct sample *s)
{
	s->plugin.source = NULL;
	s->plugin.enricher = NULL;
	s->plugin.actions = NULL;
}

static void no_workers(struct sample *s)
{
	s->plugin.needs = HERALD_NEED_WORK;
}

static void many_workers(struct sample *s)
{
	s->plugin.workers = 65;
}

static void option_name(struct sample *s)
{
	s->options[0].name = "Word";
}

static void option_twice(struct sample *s)
{
	s->options[0].name = "number";
}

static void option_type(struct sample *s)
{
	s->options[0].type = 77;
}

static void option_default(struct sample *s)
{
	s->options[1].def = "6";
}

static void option_required_default(struct sample *s)
{
	s->options[1].flags = HERALD_REQUIRED;
}

static void option_bounds(struct sample *s)
{
	s->options[1].values = "up to 5";
	s->options[1].def = NULL;
}

static void option_enum(struct sample *s)
{
	s->options[0].type = HERALD_ENUM;
}

static void option_template(struct sample *s)
{
	s->options[0].type = HERALD_TEMPLATE;
	s->options[0].values = "xml";
}

static void option_secret(struct sample *s)
{
	s->options[1].flags = HERALD_SECRET;
	s->options[1].def = NULL;
}

static void option_reserved(struct sample *s)
{
	s->options[0].name = "tls_pin";
}

static void option_later(struct sample *s)
{
	s->options[0].name = "isolate";
}

static void option_host_type(struct sample *s)
{
	s->options[2].type = HERALD_STRING;
}

static void option_host_default(struct sample *s)
{
	s->options[2].def = "2d";
}

static void option_host_no_default(struct sample *s)
{
	s->options[2].def = NULL;
}

static void option_target(struct sample *s)
{
	s->options[0].flags = HERALD_TARGET;
}

static void option_http_auth(struct sample *s)
{
	s->options[0].flags = HERALD_HTTP_AUTH;
}

static void metric_type(struct sample *s)
{
	s->metrics[0].type = 9;
}

static void key_type(struct sample *s)
{
	s->keys[0].type = "ips";
}

static void key_fills(struct sample *s)
{
	s->keys[0].fills = "user,";
}

static void no_keys(struct sample *s)
{
	s->enricher.keys.count = 0;
}

static void no_lookup(struct sample *s)
{
	s->enricher.lookup = NULL;
}

static void enricher_size(struct sample *s)
{
	s->enricher.struct_size = 4;
}

static void no_plan(struct sample *s)
{
	s->list[0].flags = 0;
}

static void unknown_effect(struct sample *s)
{
	s->list[1].effect = 17;
}

static void no_undo(struct sample *s)
{
	s->list[0].undo = "release";
}

static void action_twice(struct sample *s)
{
	s->list[0].undo = NULL;
	s->list[1].name = "shut";
}

static void two_targets(struct sample *s)
{
	s->params[1].flags = HERALD_TARGET;
}

static void param_secret(struct sample *s)
{
	s->params[1].flags = HERALD_SECRET;
}

static void no_settled(struct sample *s)
{
	s->source.settled = NULL;
}

static void no_request(struct sample *s)
{
	s->source.request = NULL;
}

static void route_path(struct sample *s)
{
	s->routes[0].path = "a";
}

static void route_method(struct sample *s)
{
	s->routes[0].method = "post";
}

static void route_twice(struct sample *s)
{
	s->routes[1].method = "POST";
}

static void map_row(struct sample *s)
{
	s->map[0].to = NULL;
}

static void item_size(struct sample *s)
{
	s->plugin.options.item_size = 8;
}

static void item_count(struct sample *s)
{
	s->plugin.options.count = 1u << 31;
}

static const struct {
	const char *name;
	void (*spoil)(struct sample *s);
	const char *words;
} faults[] = {
	{ "p04", magic, "magic is 0x4c415249" },
	{ "p05", major_2, "built for plugin ABI 2.0" },
	{ "needs a newer host", needs_newer_host, "needs plugin ABI 1.1" },
	{ "p07 0", size_0, "struct_size is 0" },
	{ "p07 8", size_8, "struct_size is 8" },
	{ "p07 larger than the symbol", size_larger, "struct_size is" },
	{ "p08 NULL", no_name, "has no name" },
	{ "p08 ../x", name_elsewhere, "calls itself '../x'" },
	{ "p08 300", name_300, "calls itself 'aaaa" },
	{ "no create", no_create, "create()" },
	{ "no license", no_license, "license" },
	{ "no capability", no_capability, "no source, no enricher" },
	{ "no workers", no_workers, "0 workers" },
	{ "many workers", many_workers, "65 workers" },
	{ "option name", option_name, "option: 'Word' is no name" },
	{ "option twice", option_twice, "option: number is declared twice" },
	{ "option type", option_type, "word: type 77" },
	{ "option default", option_default, "number: the default '6'" },
	{ "required default", option_required_default, "number: a default" },
	{ "option bounds", option_bounds, "number: bounds 'up to 5'" },
	{ "enum without values", option_enum, "word: an ENUM" },
	{ "template place", option_template, "word: a TEMPLATE" },
	{ "secret number", option_secret, "number: a secret" },
	{ "reserved", option_reserved, "tls_pin: the host keeps" },
	{ "later", option_later, "isolate: the host keeps" },
	{ "host option's type", option_host_type, "timeout: the host has" },
	{ "host option's bounds", option_host_default, "timeout: the default" },
	{ "host option alone", option_host_no_default, "timeout: an option" },
	{ "option as target", option_target, "word: TARGET" },
	{ "option sent", option_http_auth, "word: HTTP_AUTH" },
	{ "metric type", metric_type, "metric asked_total: type 9" },
	{ "key type", key_type, "key 'ips'" },
	{ "key fills", key_fills, "key ip: fills 'user,'" },
	{ "no keys", no_keys, "without keys" },
	{ "no lookup", no_lookup, "without lookup()" },
	{ "enricher size", enricher_size, "enricher: struct_size 4" },
	{ "no plan", no_plan, "action shut: it contains" },
	{ "unknown effect is the worst", unknown_effect, "action open: it" },
	{ "undo", no_undo, "action shut: its undo 'release'" },
	{ "action twice", action_twice, "action shut: declared twice" },
	{ "two targets", two_targets, "action shut: 2 parameters" },
	{ "secret parameter", param_secret, "parameter: why:" },
	{ "no settled", no_settled, "settled()" },
	{ "no request", no_request, "request()" },
	{ "route path", route_path, "route 0: the path" },
	{ "route method", route_method, "route 0: 'post'" },
	{ "route twice", route_twice, "route POST /a is declared twice" },
	{ "map row", map_row, "map row 0" },
	{ "item size", item_size, "options: item size 8" },
	{ "item count", item_count, "options: 2147483648 items" },
};

static void each_fault_is_refused_with_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct hd_declared d;
		struct hd_err err = { 0 };
		struct sample s;

		fill(&s);
		faults[i].spoil(&s);
		if (read_sample(&s, &d, &err) == 0)
			fail_msg("%s: taken", faults[i].name);
		if (!strstr(err.text, faults[i].words))
			fail_msg("%s: '%s' does not say '%s'", faults[i].name,
				 err.text, faults[i].words);
		hd_declare_fini(&d);
	}
}

static void nothing_is_read_outside_the_object(void **state)
{
	struct hd_object object = { .count = 1 };
	struct hd_declared d;
	struct hd_err err = { 0 };
	struct sample s;

	(void)state;
	fill(&s);
	/* The object ends with the descriptor: everything else is outside. */
	object.ranges[0].from = (uintptr_t)&s.plugin;
	object.ranges[0].to = (uintptr_t)(&s.plugin + 1);
	assert_int_equal(hd_declare_read(&d, &object, &s.plugin,
					 sizeof(s.plugin), "sample", &err),
			 -1);
	assert_non_null(strstr(err.text, "name: a text does not end"));
	hd_declare_fini(&d);
}

static void a_short_symbol_holds_no_descriptor(void **state)
{
	struct hd_object object = everything();
	struct hd_declared d;
	struct hd_err err = { 0 };
	struct sample s;

	(void)state;
	fill(&s);
	assert_int_equal(hd_declare_read(&d, &object, &s.plugin, 12, "sample",
					 &err),
			 -1);
	assert_non_null(strstr(err.text, "12 bytes"));
	hd_declare_fini(&d);
}

static void texts_end_within_the_object(void **state)
{
	static const char text[8] = { 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h' };
	struct hd_object object = { .count = 1 };

	(void)state;
	object.ranges[0].from = (uintptr_t)text;
	object.ranges[0].to = (uintptr_t)(text + sizeof(text));
	assert_int_equal(hd_object_text(&object, text, 100), -1);
	assert_true(hd_object_holds(&object, text + 4, 4));
	assert_false(hd_object_holds(&object, text + 4, 5));
	assert_false(hd_object_holds(&object, text + 8, 0));
	assert_false(hd_object_holds(&object, text + 1, SIZE_MAX));
	object = everything();
	assert_int_equal(hd_object_text(&object, "abc", 3), 3);
	assert_int_equal(hd_object_text(&object, "abcd", 3), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_descriptor_is_copied),
		cmocka_unit_test(each_fault_is_refused_with_its_place),
		cmocka_unit_test(nothing_is_read_outside_the_object),
		cmocka_unit_test(a_short_symbol_holds_no_descriptor),
		cmocka_unit_test(texts_end_within_the_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
