/* schema_gen.c - writes the tables of schema.h from OCSF's JSON Schema
 *
 * A program of the build: schema_gen SCHEMA.json > schema_data.c.  What it
 * does not understand ends it with status 1, so that a newer schema cannot
 * lose a rule silently.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#define OBJECTS_MAX 1024

struct object {
	const char *name;
	const json_t *schema;
};

static struct object objects[OBJECTS_MAX];
static size_t object_count;

static void fail(const char *object, const char *attribute, const char *why)
{
	fprintf(stderr, "schema_gen: %s.%s: %s\n", object, attribute, why);
	exit(1);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void write_text(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('"');
}

/* The member names of `object` in bytewise order.  The caller frees them. */
static const char **sorted_names(const json_t *object, size_t *count)
{
	const char **names = calloc(json_object_size(object) + 1,
				    sizeof(*names));
	const char *name;
	json_t *value;
	size_t n = 0;

	if (!names)
		exit(1);
	json_object_foreach((json_t *)object, name, value)
		names[n++] = name;
	qsort(names, n, sizeof(*names), by_text);
	*count = n;
	return names;
}

static void collect_objects(const json_t *schema)
{
	const json_t *defs = json_object_get(schema, "$defs");
	size_t n;
	const char **names = sorted_names(defs, &n);

	if (n + 1 > OBJECTS_MAX)
		fail("schema", "$defs", "too many objects");
	objects[object_count++] = (struct object){ "detection_finding",
						   schema };
	for (size_t i = 0; i < n; i++)
		objects[object_count++] = (struct object){
			names[i], json_object_get(defs, names[i])
		};
	free(names);
}

static size_t object_index(const char *owner, const char *ref)
{
	static const char prefix[] = "#/$defs/";

	if (strncmp(ref, prefix, sizeof(prefix) - 1) != 0)
		fail(owner, ref, "a reference elsewhere");
	for (size_t i = 1; i < object_count; i++)
		if (strcmp(objects[i].name, ref + sizeof(prefix) - 1) == 0)
			return i;
	fail(owner, ref, "a reference to nothing");
	return 0;
}

/* What describes a single value: the items of an array, else the attribute. */
static const json_t *single(const json_t *attribute)
{
	const json_t *items = json_object_get(attribute, "items");

	return items ? items : attribute;
}

static bool is_text_enum(const json_t *value)
{
	return json_is_string(
		json_array_get(json_object_get(value, "enum"), 0));
}

static void write_captions(const char *object, const char *name,
			   const json_t *value)
{
	const json_t *list = json_object_get(value, "enum");
	const json_t *captions = json_object_get(value, "x-ocsf-captions");
	const json_t *item;
	size_t i;

	printf("static const struct hd_ocsf_caption captions_%s__%s[] = {\n",
	       object, name);
	json_array_foreach((json_t *)list, i, item) {
		char key[32];
		const char *caption;

		if (!json_is_integer(item))
			fail(object, name, "an enum of mixed types");
		snprintf(key, sizeof(key), "%" JSON_INTEGER_FORMAT,
			 json_integer_value(item));
		caption = json_string_value(json_object_get(captions, key));
		if (!caption)
			fail(object, name, "an enum value without caption");
		printf("\t{ %s, ", key);
		write_text(caption);
		puts(" },");
	}
	puts("};");
}

static void write_words(const char *kind, const char *object, const char *name,
			const json_t *list)
{
	const json_t *item;
	size_t i;

	printf("static const char *const %s_%s__%s[] = { ", kind, object, name);
	json_array_foreach((json_t *)list, i, item) {
		if (!json_is_string(item))
			fail(object, name, "a text is expected");
		write_text(json_string_value(item));
		fputs(", ", stdout);
	}
	puts("NULL };");
}

static const char *type_name(const char *object, const char *name,
			     const json_t *value)
{
	static const char *const types[][2] = {
		{ "string", "HD_OCSF_STRING" },
		{ "integer", "HD_OCSF_INT" },
		{ "number", "HD_OCSF_REAL" },
		{ "boolean", "HD_OCSF_BOOL" },
	};
	const char *type = json_string_value(json_object_get(value, "type"));

	if (json_object_get(value, "$ref"))
		return "HD_OCSF_OBJECT";
	if (!type)
		return "HD_OCSF_OPEN";
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i][0]) == 0)
			return types[i][1];
	fail(object, name, "an unknown type");
	return NULL;
}

static bool is_required(const json_t *schema, const char *name)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(schema, "required"), i, item)
		if (strcmp(json_string_value(item), name) == 0)
			return true;
	return false;
}

static void write_bound(const char *member, const json_t *value,
			const char *otherwise)
{
	if (json_is_integer(value))
		printf(", .%s = %" JSON_INTEGER_FORMAT, member,
		       json_integer_value(value));
	else if (otherwise)
		printf(", .%s = %s", member, otherwise);
}

static void write_attribute(const struct object *object, const char *name,
			    const json_t *attribute)
{
	const json_t *value = single(attribute);
	const char *type = type_name(object->name, name, value);
	const char *sibling = json_string_value(
		json_object_get(attribute, "x-ocsf-sibling"));
	const char *ref = json_string_value(json_object_get(value, "$ref"));

	printf("\t{ .name = \"%s\", .type = %s", name, type);
	if (value != attribute)
		printf(", .array = true");
	if (is_required(object->schema, name))
		printf(", .required = true");
	if (ref)
		printf(", .object = %zu", object_index(object->name, ref));
	if (sibling && value == attribute)
		printf(", .sibling = \"%s\"", sibling);
	if (is_text_enum(value))
		printf(", .words = words_%s__%s", object->name, name);
	else if (json_object_get(value, "enum"))
		printf(", .captions = captions_%s__%s, .caption_count = %zu",
		       object->name, name,
		       json_array_size(json_object_get(value, "enum")));
	write_bound("max_chars", json_object_get(value, "maxLength"), NULL);
	if (strcmp(type, "HD_OCSF_INT") == 0) {
		write_bound("min", json_object_get(value, "minimum"),
			    "INT64_MIN");
		write_bound("max", json_object_get(value, "maximum"),
			    "INT64_MAX");
	}
	puts(" },");
}

/* anyOf and oneOf are lists of {"required": [NAME]}. */
static bool write_group(const char *kind, const struct object *object,
			const json_t *group)
{
	json_t *names;
	const json_t *item;
	size_t i;

	if (!group)
		return false;
	names = json_array();
	json_array_foreach((json_t *)group, i, item) {
		json_t *required = json_object_get(item, "required");

		if (json_object_size(item) != 1 ||
		    json_array_size(required) != 1)
			fail(object->name, kind, "a rule that is not known");
		json_array_append(names, json_array_get(required, 0));
	}
	write_words(kind, object->name, "names", names);
	json_decref(names);
	return true;
}

static void write_object_tables(const struct object *object)
{
	const json_t *properties = json_object_get(object->schema,
						   "properties");
	size_t n;
	const char **names = sorted_names(properties, &n);

	for (size_t i = 0; i < n; i++) {
		const json_t *value = single(
			json_object_get(properties, names[i]));

		if (is_text_enum(value))
			write_words("words", object->name, names[i],
				    json_object_get(value, "enum"));
		else if (json_object_get(value, "enum"))
			write_captions(object->name, names[i], value);
	}
	if (n > 0) {
		printf("static const struct hd_ocsf_attribute "
		       "attributes_%s[] = {\n",
		       object->name);
		for (size_t i = 0; i < n; i++)
			write_attribute(object, names[i],
					json_object_get(properties, names[i]));
		puts("};");
	}
	free(names);
}

static void write_object(const struct object *object, bool any, bool one)
{
	const json_t *properties = json_object_get(object->schema,
						   "properties");
	size_t n = json_object_size(properties);

	printf("\t{ .name = \"%s\"", object->name);
	if (n > 0)
		printf(", .attributes = attributes_%s, .count = %zu",
		       object->name, n);
	if (any)
		printf(", .any_of = any_%s__names", object->name);
	if (one)
		printf(", .one_of = one_%s__names", object->name);
	if (json_is_true(
		    json_object_get(object->schema, "additionalProperties")))
		printf(", .open = true");
	puts(" },");
}

static void write_all(void)
{
	bool any[OBJECTS_MAX], one[OBJECTS_MAX];

	puts("/* Made by schema_gen.  Do not edit. */\n"
	     "#include \"core/record/schema.h\"\n");
	for (size_t i = 0; i < object_count; i++) {
		const json_t *schema = objects[i].schema;

		write_object_tables(&objects[i]);
		any[i] = write_group("any", &objects[i],
				     json_object_get(schema, "anyOf"));
		one[i] = write_group("one", &objects[i],
				     json_object_get(schema, "oneOf"));
	}
	puts("const struct hd_ocsf_object hd_ocsf_objects[] = {");
	for (size_t i = 0; i < object_count; i++)
		write_object(&objects[i], any[i], one[i]);
	printf("};\nconst size_t hd_ocsf_object_count = %zu;\n", object_count);
}

int main(int argc, char **argv)
{
	json_error_t error;
	json_t *schema;

	if (argc != 2) {
		fputs("usage: schema_gen SCHEMA.json > schema_data.c\n",
		      stderr);
		return 2;
	}
	schema = json_load_file(argv[1], JSON_REJECT_DUPLICATES, &error);
	if (!schema) {
		fprintf(stderr, "schema_gen: %s:%d: %s\n", argv[1], error.line,
			error.text);
		return 1;
	}
	collect_objects(schema);
	write_all();
	json_decref(schema);
	return fflush(stdout) == 0 ? 0 : 1;
}
