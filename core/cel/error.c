#include "core/cel/env.h"
#include "core/cel/eval.h"

/* Where there is no memory left for an error of its own. */
static const struct hd_cel_error no_memory = {
	.code = HD_CEL_E_LIMIT,
	.text = "the evaluation needs too much memory",
	.path = ""
};

static struct hd_cel_error *new_error(struct hd_cel_call *call,
				      enum hd_cel_error_code code)
{
	struct hd_cel_error *error = hd_cel_pool_alloc(&call->arena->pool,
						       sizeof(*error));

	if (!error)
		return NULL;
	*error = (struct hd_cel_error){ .code = code, .text = "", .path = "" };
	if (call->node)
		error->offset = call->node->offset;
	return error;
}

static struct hd_cel_value error_value(struct hd_cel_call *call,
				       const struct hd_cel_error *error)
{
	if (!error) {
		hd_cel_stop(call, no_memory.text);
		error = &no_memory;
	}
	return (struct hd_cel_value){ .kind = HD_CEL_ERROR, .u.p = error };
}

struct hd_cel_value hd_cel_fail(struct hd_cel_call *call,
				enum hd_cel_error_code code, const char *text)
{
	struct hd_cel_error *error = new_error(call, code);

	if (error)
		error->text = text;
	return error_value(call, error);
}

static struct hd_cel_value failv(struct hd_cel_call *call,
				 enum hd_cel_error_code code, const char *fmt,
				 va_list ap)
{
	struct hd_cel_error *error = new_error(call, code);
	char text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	if (error)
		error->text = hd_cel_pool_text(&call->arena->pool, text,
					       strlen(text));
	if (error && !error->text)
		error = NULL;
	return error_value(call, error);
}

struct hd_cel_value hd_cel_failf(struct hd_cel_call *call,
				 enum hd_cel_error_code code, const char *fmt,
				 ...)
{
	struct hd_cel_value v;
	va_list ap;

	va_start(ap, fmt);
	v = failv(call, code, fmt, ap);
	va_end(ap);
	return v;
}

struct hd_cel_value hd_cel_call_error(struct hd_cel_call *call, const char *fmt,
				      ...)
{
	struct hd_cel_value v;
	va_list ap;

	va_start(ap, fmt);
	v = failv(call, HD_CEL_E_OTHER, fmt, ap);
	va_end(ap);
	return v;
}

struct hd_cel_value hd_cel_call_absent(struct hd_cel_call *call,
				       const char *path)
{
	struct hd_cel_error *error = new_error(call, HD_CEL_E_ABSENT);
	char *text = hd_cel_pool_printf(&call->arena->pool, "absent: %s", path);

	if (error && text) {
		error->text = text;
		error->path = text + strlen("absent: ");
		error->missing = (uint32_t)strlen(path);
		return error_value(call, error);
	}
	return error_value(call, NULL);
}

struct hd_cel_value hd_cel_absent_at(struct hd_cel_call *call,
				     const struct hd_cel_path *path,
				     uint32_t missing)
{
	struct hd_cel_error *error = new_error(call, HD_CEL_E_ABSENT);

	if (error) {
		error->text = path->absent;
		error->path = path->text;
		error->missing = missing;
	}
	return error_value(call, error);
}

struct hd_cel_value hd_cel_stopped(struct hd_cel_call *call)
{
	return hd_cel_fail(call, HD_CEL_E_LIMIT,
			   call->stopped ? call->stopped : no_memory.text);
}

struct hd_cel_value hd_cel_stop(struct hd_cel_call *call, const char *why)
{
	if (!call->stopped)
		call->stopped = why;
	call->cost = 0;
	return (struct hd_cel_value){ .kind = HD_CEL_ERROR, .u.p = &no_memory };
}

struct hd_cel_value hd_cel_no_overload(struct hd_cel_call *call,
				       const char *name,
				       const struct hd_cel_value *args,
				       size_t n)
{
	char text[200];
	size_t len = 0, i;

	text[0] = '\0';
	for (i = 0; i < n && len < sizeof(text) - 40; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
					i > 0 ? ", " : "",
					hd_cel_kind_name(args[i].kind));
	return hd_cel_failf(call, HD_CEL_E_TYPE, "no such overload: %s(%s)",
			    name, text);
}

void *hd_cel_call_ud(const struct hd_cel_call *call)
{
	return call->overload ? call->overload->ud : NULL;
}
