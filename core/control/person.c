#include "core/control/person.h"

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/json_text.h"
#include "core/control/rows_json.h"

#define ENTRY_MAX (64u << 10)

char *hd_person_entry(const char *by, const char *because, json_t *what_take)
{
	struct hd_buf text;

	hd_set_text(what_take, "by", by);
	hd_set_text(what_take, "because", because);
	hd_buf_init(&text, ENTRY_MAX);
	hd_json_write(&text, what_take, 0);
	json_decref(what_take);
	return hd_buf_steal(&text);
}

char *hd_person_message(const char *by, const char *because, const char *what)
{
	return hd_strf("%s by %s%s%.500s", what, by, because ? ": " : "",
		       because ? because : "");
}
