/* Fuzzes the patterns: the input is one, a NUL, and the text. */
#include <stdlib.h>
#include <string.h>

#include "core/cel/cel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char source[] = "text.matches(pattern)";
	static struct hd_cel_program *program;
	static struct hd_cel_env *env;
	static struct hd_cel_arena *arena;
	const uint8_t *nul = memchr(data, '\0', n);
	struct hd_cel_value slots[2];
	struct hd_cel_activation act = { .slots = slots, .n_slots = 2 };
	struct hd_cel_value v;

	if (!program) {
		struct hd_cel_issues issues = { 0 };

		env = hd_cel_env_new();
		hd_cel_env_var(env, "text", "string", 0);
		hd_cel_env_var(env, "pattern", "string", 1);
		program = hd_cel_compile(env, source, strlen(source), NULL,
					 &issues);
		arena = hd_cel_arena_new(0);
	}
	if (!nul)
		return 0;
	slots[1] = hd_cel_stringn((const char *)data, (size_t)(nul - data));
	slots[0] = hd_cel_stringn((const char *)nul + 1,
				  n - (size_t)(nul - data) - 1);
	v = hd_cel_eval(program, &act, arena);
	if (v.kind != HD_CEL_BOOL && v.kind != HD_CEL_ERROR)
		abort();
	hd_cel_arena_reset(arena);
	return 0;
}
