#include "core/plugin/object.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <string.h>

#include "core/base/err.h"

struct search {
	struct hd_object *object;
	const struct link_map *map;
};

/* Every segment of the object that can be read. */
static int collect_ranges(struct dl_phdr_info *info, size_t size, void *ud)
{
	struct search *s = ud;

	(void)size;
	if (info->dlpi_addr != s->map->l_addr ||
	    strcmp(info->dlpi_name, s->map->l_name) != 0)
		return 0;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		struct hd_object_range *range;

		if (p->p_type != PT_LOAD || !(p->p_flags & PF_R) ||
		    s->object->count == HD_OBJECT_RANGES)
			continue;
		range = &s->object->ranges[s->object->count++];
		range->from = (uintptr_t)(info->dlpi_addr + p->p_vaddr);
		range->to = range->from + (uintptr_t)p->p_memsz;
	}
	return 1;
}

int hd_object_open(struct hd_object *object, const char *path,
		   struct hd_err *err)
{
	struct search s = { .object = object };
	struct link_map *map;

	memset(object, 0, sizeof(*object));
	object->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!object->handle) {
		const char *why = dlerror();

		return hd_err_set(err, ENOEXEC, "%s",
				  why ? why : "dlopen failed");
	}
	if (dlinfo(object->handle, RTLD_DI_LINKMAP, &map) < 0)
		return hd_err_set(err, ENOEXEC, "%s: no link map", path);
	s.map = map;
	dl_iterate_phdr(collect_ranges, &s);
	return 0;
}

const void *hd_object_symbol(const struct hd_object *object, const char *name,
			     size_t *size)
{
	const ElfW(Sym) *symbol = NULL;
	const void *p = dlsym(object->handle, name);
	Dl_info info;

	if (!p || !hd_object_holds(object, p, 1))
		return NULL;
	if (!dladdr1(p, &info, (void **)&symbol, RTLD_DL_SYMENT) || !symbol ||
	    info.dli_saddr != p)
		return NULL;
	*size = (size_t)symbol->st_size;
	return p;
}

bool hd_object_holds(const struct hd_object *object, const void *p, size_t n)
{
	uintptr_t at = (uintptr_t)p;

	for (size_t i = 0; i < object->count; i++) {
		const struct hd_object_range *range = &object->ranges[i];

		if (at >= range->from && at < range->to)
			return n <= range->to - at;
	}
	return false;
}

ptrdiff_t hd_object_text(const struct hd_object *object, const char *p,
			 size_t max)
{
	uintptr_t at = (uintptr_t)p;

	for (size_t i = 0; i < object->count; i++) {
		const struct hd_object_range *range = &object->ranges[i];
		size_t room, n;

		if (at < range->from || at >= range->to)
			continue;
		room = range->to - at;
		n = strnlen(p, room < max + 1 ? room : max + 1);
		return n < room && n <= max ? (ptrdiff_t)n : -1;
	}
	return -1;
}
