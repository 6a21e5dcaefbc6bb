#include "core/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int hd_err_set(struct hd_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -1;
	err->code = code != 0 ? code : EINVAL;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}

int hd_err_sys(struct hd_err *err, int code, const char *fmt, ...)
{
	char why[128];
	size_t used;
	va_list ap;

	if (!err)
		return -1;
	err->code = code != 0 ? code : EINVAL;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s",
		 strerror_r(err->code, why, sizeof(why)));
	return -1;
}

int hd_err_wrap(struct hd_err *err, const char *fmt, ...)
{
	char old[HD_ERR_TEXT];
	size_t used;
	va_list ap;

	if (!err)
		return -1;
	memcpy(old, err->text, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", old);
	return -1;
}
