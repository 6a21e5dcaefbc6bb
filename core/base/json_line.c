#include "core/base/json_line.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/json_text.h"
#include "core/base/number.h"

static void put_name(struct hd_buf *out, const char *name)
{
	if (out->n != 0 && out->p[out->n - 1] != '{')
		hd_buf_addc(out, ',');
	hd_buf_addc(out, '"');
	hd_buf_adds(out, name);
	hd_buf_add(out, "\":", 2);
}

void hd_json_line_begin(struct hd_buf *out)
{
	hd_buf_addc(out, '{');
}

void hd_json_line_text(struct hd_buf *out, const char *name, const char *text)
{
	put_name(out, name);
	hd_json_write_string(out, text, strlen(text), 0);
}

void hd_json_line_int(struct hd_buf *out, const char *name, int64_t value)
{
	char number[HD_NUMBER_TEXT];

	put_name(out, name);
	hd_buf_add(out, number, hd_number_put_int(value, number));
}

void hd_json_line_open(struct hd_buf *out, const char *name)
{
	put_name(out, name);
	hd_buf_addc(out, '{');
}

void hd_json_line_end(struct hd_buf *out)
{
	hd_buf_addc(out, '}');
}
