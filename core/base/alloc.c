#include "core/base/alloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *checked(void *p)
{
	static const char text[] = "herald: out of memory\n";

	if (p)
		return p;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		abort();
	abort();
}

/* glibc's calloc passes by the thread's own cache, which malloc takes from and
 * free fills: what is small goes by malloc.  Of more it may know that it is
 * zero already. */
#define SMALL 1024

void *hd_alloc(size_t size)
{
	if (size == 0)
		size = 1;
	if (size > SMALL)
		return checked(calloc(1, size));
	/* Rounded up, as malloc does anyway: of two equal sizes the compiler
	 * would make a calloc again. */
	return memset(checked(malloc((size + 15) & ~(size_t)15)), 0, size);
}

void *hd_alloc_raw(size_t size)
{
	return checked(malloc(size != 0 ? size : 1));
}

void *hd_alloc_array(size_t count, size_t size)
{
	if (count <= SMALL && size <= SMALL && count * size <= SMALL)
		return hd_alloc(count * size);
	return checked(calloc(count, size));
}

void *hd_realloc_array(void *p, size_t count, size_t size)
{
	return checked(
		reallocarray(p, count != 0 ? count : 1, size != 0 ? size : 1));
}

char *hd_strdup(const char *text)
{
	return text ? checked(strdup(text)) : NULL;
}

char *hd_memdup0(const void *p, size_t n)
{
	char *copy = checked(n < SIZE_MAX ? malloc(n + 1) : NULL);

	if (n != 0)
		memcpy(copy, p, n);
	copy[n] = '\0';
	return copy;
}

char *hd_strf(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	return checked(text);
}
