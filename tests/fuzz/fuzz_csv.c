/* Any bytes as an asset file: a table or a reason, and what is told about an
 * asset is whole. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmdb_enrich/asset.h"
#include "cmdb_enrich/sheet.h"
#include "cmdb_enrich/table.h"
#include "core/plugin/instance_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct cmdb_mapping mapping;

static void look_up(const herald_host *h, const struct cmdb_table *t,
		    enum cmdb_kind kind, herald_str value)
{
	static const char *const own[] = { "example", NULL };
	struct cmdb_found found = cmdb_table_find(t, kind, value, own);
	struct cmdb_facts facts;
	struct hp_json out;

	if (!found.asset)
		return;
	hp_json_open(&out, h, (herald_str){ NULL, 0 });
	cmdb_asset_facts(t, &found, &facts);
	cmdb_asset_put(&facts, &mapping, &out);
	cmdb_asset_data(t, found.asset, &out);
	if (!hp_json_all(&out).p)
		abort();
	hp_json_close(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char header[] = "hostname,fqdn,ip,mac,tags\n";
	const size_t head = n > 0 && data[0] & 1 ? sizeof(header) - 1 : 0;
	char *text = malloc(head + n + 1);
	herald_host h = { .struct_size = sizeof(h) };
	struct cmdb_table *t;
	struct hp_text why;

	hd_host_fill_json(&h);
	hp_text_init(&why, 512);
	memcpy(text, header, head);
	memcpy(text + head, data, n);
	text[head + n] = '\0';
	t = cmdb_sheet_read_take(text, head + n, ',', &mapping, &why);
	if (!t && why.n == 0)
		abort();
	if (t) {
		look_up(&h, t, CMDB_BY_HOST, HERALD_S("a"));
		look_up(&h, t, CMDB_BY_HOST, HERALD_S("a.example"));
		look_up(&h, t, CMDB_BY_IP, HERALD_S("192.0.2.1"));
		look_up(&h, t, CMDB_BY_IP, HERALD_S("2001:db8::1"));
		look_up(&h, t, CMDB_BY_MAC, HERALD_S("00:00:5e:00:53:01"));
	}
	cmdb_table_free(t);
	hp_text_fini(&why);
	return 0;
}
