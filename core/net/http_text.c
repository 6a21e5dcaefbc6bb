#include "core/net/http_text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool hd_http_is_token(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!isalnum((unsigned char)p[i]) &&
		    (!p[i] || !strchr("!#$%&'*+-.^_`|~", p[i])))
			return false;
	return n != 0;
}

bool hd_http_has_control(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (((unsigned char)p[i] < 0x20 && p[i] != '\t') ||
		    p[i] == 0x7f)
			return true;
	return false;
}

bool hd_http_is_name(const char *p, size_t n, const char *name)
{
	return strlen(name) == n && strncasecmp(p, name, n) == 0;
}

bool hd_http_is_header(const char *line, size_t *name_n)
{
	*name_n = strcspn(line, ":");
	return line[*name_n] == ':' && hd_http_is_token(line, *name_n) &&
	       !hd_http_has_control(line, strlen(line));
}
