/* banned.h - functions that nobody calls here, made errors by the compiler
 *
 * Included before everything else by the build.  Each has a better form:
 * bounded copies, the _r functions, posix_spawn.
 */
#ifndef HERALD_PLUGINS_BANNED_H
#define HERALD_PLUGINS_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The C library makes a macro of it for compilers without __va_arg_pack. */
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol gets gmtime \
	localtime system popen tmpnam mktemp

#endif
