#include "core/conf/list.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/conf/list_impl.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static const char *find_last(const char *text, size_t n, char c)
{
	return memrchr(text, c, n);
}

/* CORP\Ann and ann@corp.example are "ann". */
static void cut_account(const char **value, size_t *n)
{
	const char *p = find_last(*value, *n, '\\');

	if (p) {
		*n -= (size_t)(p + 1 - *value);
		*value = p + 1;
	}
	p = memchr(*value, '@', *n);
	if (p && p > *value)
		*n = (size_t)(p - *value);
}

/* What stands behind the "@" of a mail address, before the last dot. */
static void cut_domain(const char **value, size_t *n)
{
	const char *p = find_last(*value, *n, '@');

	if (p) {
		*n -= (size_t)(p + 1 - *value);
		*value = p + 1;
	}
	if (*n > 2 && memcmp(*value, "*.", 2) == 0) {
		*value += 2;
		*n -= 2;
	} else if (*n > 1 && **value == '.') {
		*value += 1;
		*n -= 1;
	}
}

static bool has_blank_or_control(const char *p, size_t n, bool blank)
{
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c < ' ' || c == 0x7f || (blank && c == ' '))
			return true;
	}
	return false;
}

bool hd_list_normal(enum hd_list_kind kind, const char *value, size_t n,
		    char out[HD_LIST_VALUE_MAX + 1])
{
	size_t i;

	if (kind == HD_LIST_USER)
		cut_account(&value, &n);
	if (kind == HD_LIST_DOMAIN)
		cut_domain(&value, &n);
	if ((kind == HD_LIST_HOST || kind == HD_LIST_DOMAIN) && n > 0 &&
	    value[n - 1] == '.')
		n--;
	if (n == 0 || n > HD_LIST_VALUE_MAX || memchr(value, '\0', n) ||
	    has_blank_or_control(
		    value, n, kind == HD_LIST_HOST || kind == HD_LIST_DOMAIN))
		return false;
	for (i = 0; i < n; i++)
		out[i] = kind == HD_LIST_TEXT ? value[i] : lower(value[i]);
	out[n] = '\0';
	return true;
}

/* A name may be shortened to its first label, an address may not. */
static bool is_long_name(const char *host)
{
	const char *dot = strchr(host, '.');
	struct hd_ip ip;

	return dot && dot > host && hd_ip_parse(host, strlen(host), &ip) < 0;
}

/* The entry that lasts longer wins. */
static void put(struct hd_dict *dict, const char *key, int64_t until_ms)
{
	struct hd_list_entry *entry = hd_dict_get(dict, key);

	if (!entry) {
		entry = hd_alloc(sizeof(*entry));
		entry->until_ms = until_ms;
		hd_dict_put(dict, key, entry);
	} else if (entry->until_ms < until_ms) {
		entry->until_ms = until_ms;
	}
}

static bool add_net(struct hd_list *list, const char *value, size_t n,
		    int64_t until_ms)
{
	struct hd_list_net net;

	if (hd_cidr_parse(value, n, &net.cidr) < 0)
		return false;
	net.until_ms = until_ms;
	if (list->nets_count == list->nets_cap) {
		list->nets_cap = list->nets_cap ? list->nets_cap * 2 : 16;
		list->nets = hd_realloc_array(list->nets, list->nets_cap,
					      sizeof(*list->nets));
	}
	list->nets[list->nets_count++] = net;
	return true;
}

bool hd_list_add(struct hd_list *list, const char *value, size_t n,
		 int64_t until_ms)
{
	char normal[HD_LIST_VALUE_MAX + 1];

	if (list->kind == HD_LIST_NET) {
		if (!add_net(list, value, n, until_ms))
			return false;
	} else {
		if (!hd_list_normal(list->kind, value, n, normal))
			return false;
		put(&list->values, normal, until_ms);
		if (list->kind == HD_LIST_HOST && is_long_name(normal)) {
			normal[strcspn(normal, ".")] = '\0';
			put(&list->shorts, normal, until_ms);
		}
	}
	list->count++;
	return true;
}

static bool is_in(const struct hd_dict *dict, const char *key, int64_t utc_ms)
{
	const struct hd_list_entry *entry = hd_dict_get(dict, key);

	return entry && utc_ms < entry->until_ms;
}

static bool has_host(const struct hd_list *list, char *host, int64_t utc_ms)
{
	if (is_in(&list->values, host, utc_ms))
		return true;
	if (!is_long_name(host))
		return is_in(&list->shorts, host, utc_ms);
	host[strcspn(host, ".")] = '\0';
	return is_in(&list->values, host, utc_ms);
}

/* The name itself, then what it lies in: a.b.example, b.example, example. */
static bool has_domain(const struct hd_list *list, const char *domain,
		       int64_t utc_ms)
{
	while (domain && *domain) {
		if (is_in(&list->values, domain, utc_ms))
			return true;
		domain = strchr(domain, '.');
		if (domain)
			domain++;
	}
	return false;
}

static bool has_address(const struct hd_list *list, const char *value, size_t n,
			int64_t utc_ms)
{
	struct hd_ip ip;
	size_t i;

	if (hd_ip_parse(value, n, &ip) < 0)
		return false;
	for (i = 0; i < list->nets_count; i++) {
		if (utc_ms < list->nets[i].until_ms &&
		    hd_cidr_has(&list->nets[i].cidr, &ip))
			return true;
	}
	return false;
}

bool hd_list_has(const struct hd_list *list, const char *value, size_t n,
		 int64_t utc_ms)
{
	char normal[HD_LIST_VALUE_MAX + 1];

	if (list->kind == HD_LIST_NET)
		return has_address(list, value, n, utc_ms);
	if (!hd_list_normal(list->kind, value, n, normal))
		return false;
	if (list->kind == HD_LIST_HOST)
		return has_host(list, normal, utc_ms);
	if (list->kind == HD_LIST_DOMAIN)
		return has_domain(list, normal, utc_ms);
	return is_in(&list->values, normal, utc_ms);
}

const char *hd_list_name(const struct hd_list *list)
{
	return list->name;
}

enum hd_list_kind hd_list_kind(const struct hd_list *list)
{
	return list->kind;
}

size_t hd_list_count(const struct hd_list *list)
{
	return list->count;
}

size_t hd_list_expired(const struct hd_list *list, int64_t utc_ms)
{
	const struct hd_list_entry *entry;
	size_t at = 0, count = 0, i;

	while ((entry = hd_dict_next(&list->values, &at, NULL)) != NULL)
		count += utc_ms >= entry->until_ms;
	for (i = 0; i < list->nets_count; i++)
		count += utc_ms >= list->nets[i].until_ms;
	return count;
}

static void free_dict(struct hd_dict *dict)
{
	size_t at = 0;
	void *entry;

	while ((entry = hd_dict_next(dict, &at, NULL)) != NULL)
		free(entry);
	hd_dict_fini(dict);
}

void hd_list_free(struct hd_list *list)
{
	if (!list)
		return;
	free_dict(&list->values);
	free_dict(&list->shorts);
	free(list->nets);
	free(list->name);
	free(list);
}
