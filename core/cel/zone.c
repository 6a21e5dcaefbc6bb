/* The format is RFC 8536: transitions in 64 bits, then a POSIX rule for the
 * time after the last one. */
#include "core/cel/zone.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cel/zone_rule.h"

#define FOLDER "/usr/share/zoneinfo/"
#define MAX_FILE 65536
#define MAX_NAME 64
#define MAX_ZONES 32
#define DAY 86400

struct hd_cel_zone {
	uint32_t n;
	int64_t *at;	 /* ascending */
	int32_t *offset; /* from `at` on */
	int32_t first;	 /* before the first transition */
	bool has_rule;
	struct hd_cel_rule rule;
};

struct hd_cel_zones {
	size_t next;
	struct {
		char name[MAX_NAME];
		struct hd_cel_zone *zone;
	} known[MAX_ZONES];
};

/* ---- the file ---- */

struct header {
	uint32_t isut, isstd, leap, time, type, chars;
};

static uint32_t be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const unsigned char *p)
{
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

static bool read_header(const unsigned char *p, size_t n, struct header *h)
{
	if (n < 44 || memcmp(p, "TZif", 4) != 0)
		return false;
	h->isut = be32(p + 20);
	h->isstd = be32(p + 24);
	h->leap = be32(p + 28);
	h->time = be32(p + 32);
	h->type = be32(p + 36);
	h->chars = be32(p + 40);
	return h->isut <= 256 && h->isstd <= 256 && h->leap <= 1000 &&
	       h->time <= 5000 && h->type >= 1 && h->type <= 256 &&
	       h->chars <= 4096;
}

static size_t body_size(const struct header *h, size_t time_size)
{
	return h->time * (time_size + 1) + h->type * 6 + h->chars +
	       h->leap * (time_size + 4) + h->isstd + h->isut;
}

static int32_t type_offset(const unsigned char *types, unsigned i)
{
	return (int32_t)be32(types + (size_t)i * 6);
}

static bool read_transitions(struct hd_cel_zone *zone, const unsigned char *p,
			     const struct header *h)
{
	const unsigned char *index = p + (size_t)h->time * 8;
	const unsigned char *types = index + h->time;
	uint32_t i;

	zone->n = h->time;
	zone->first = type_offset(types, 0);
	zone->at = calloc(h->time + 1, sizeof(*zone->at));
	zone->offset = calloc(h->time + 1, sizeof(*zone->offset));
	if (!zone->at || !zone->offset)
		return false;
	for (i = 0; i < h->time; i++) {
		if (index[i] >= h->type)
			return false;
		zone->at[i] = be64(p + (size_t)i * 8);
		zone->offset[i] = type_offset(types, index[i]);
		if (i > 0 && zone->at[i] <= zone->at[i - 1])
			return false;
		if (zone->offset[i] <= -DAY || zone->offset[i] >= DAY)
			return false;
	}
	return zone->first > -DAY && zone->first < DAY;
}

/* "\nCET-1CEST,M3.5.0,M10.5.0/3\n"; empty if there is no rule. */
static bool read_footer(struct hd_cel_zone *zone, const unsigned char *p,
			size_t n)
{
	const unsigned char *end;
	char text[128];

	if (n < 2 || p[0] != '\n')
		return false;
	end = memchr(p + 1, '\n', n - 1);
	if (!end || (size_t)(end - p) > sizeof(text))
		return false;
	memcpy(text, p + 1, (size_t)(end - p) - 1);
	text[end - p - 1] = '\0';
	if (text[0] == '\0')
		return true;
	zone->has_rule = hd_cel_rule_parse(text, &zone->rule);
	return zone->has_rule;
}

static bool read_zone(struct hd_cel_zone *zone, const unsigned char *p,
		      size_t n)
{
	struct header h;
	size_t skip;

	if (!read_header(p, n, &h) || p[4] < '2')
		return false;
	skip = 44 + body_size(&h, 4);
	if (skip > n || !read_header(p + skip, n - skip, &h))
		return false;
	p += skip + 44;
	n -= skip + 44;
	skip = body_size(&h, 8);
	return skip <= n && read_transitions(zone, p, &h) &&
	       read_footer(zone, p + skip, n - skip);
}

struct hd_cel_zone *hd_cel_zone_read(const unsigned char *p, size_t n)
{
	struct hd_cel_zone *zone = calloc(1, sizeof(*zone));

	if (!zone)
		return NULL;
	if (read_zone(zone, p, n))
		return zone;
	hd_cel_zone_free(zone);
	return NULL;
}

void hd_cel_zone_free(struct hd_cel_zone *zone)
{
	if (!zone)
		return;
	free(zone->at);
	free(zone->offset);
	free(zone);
}

static struct hd_cel_zone *read_file(const char *path)
{
	struct hd_cel_zone *zone = NULL;
	unsigned char *bytes = NULL;
	struct stat st;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size <= MAX_FILE)
		bytes = malloc(MAX_FILE);
	if (bytes) {
		n = read(fd, bytes, MAX_FILE);
		if (n > 0)
			zone = hd_cel_zone_read(bytes, (size_t)n);
	}
	free(bytes);
	close(fd);
	return zone;
}

/* ---- names ---- */

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* Parts of letters, digits, '_', '+', '-', each beginning with one of the
 * first two: no "..", nothing absolute. */
static bool is_zone_name(const char *p, size_t n)
{
	bool start = true;
	size_t i;

	if (n == 0 || n >= MAX_NAME)
		return false;
	for (i = 0; i < n; i++) {
		if (start && !is_alnum(p[i]))
			return false;
		if (!is_alnum(p[i]) && (p[i] == '\0' || !strchr("_+-/", p[i])))
			return false;
		start = p[i] == '/';
	}
	return !start;
}

/* "+02:00", "-0130", "02:00". */
static bool is_fixed(const char *p, size_t n, int32_t *offset)
{
	bool sign = n > 0 && (*p == '+' || *p == '-');
	int32_t value[4];
	size_t i, count = 0;

	for (i = sign; i < n && count < 4; i++) {
		if (p[i] == ':' && count == 2)
			continue;
		if (p[i] < '0' || p[i] > '9')
			return false;
		value[count++] = p[i] - '0';
	}
	if (count != 4 || i != n || value[2] > 5 ||
	    (!sign && !memchr(p, ':', n)))
		return false;
	*offset = (value[0] * 10 + value[1]) * 3600 +
		  (value[2] * 10 + value[3]) * 60;
	if (*offset >= DAY)
		return false;
	if (*p == '-')
		*offset = -*offset;
	return true;
}

static struct hd_cel_zone *fixed_zone(int32_t offset)
{
	struct hd_cel_zone *zone = calloc(1, sizeof(*zone));

	if (zone)
		zone->first = offset;
	return zone;
}

static struct hd_cel_zone *make_zone(const char *name, size_t n)
{
	char path[sizeof(FOLDER) + MAX_NAME];
	int32_t offset;

	if (is_fixed(name, n, &offset))
		return fixed_zone(offset);
	if (n == 0 || (n == 3 && memcmp(name, "UTC", 3) == 0))
		return fixed_zone(0);
	if (!is_zone_name(name, n))
		return NULL;
	snprintf(path, sizeof(path), FOLDER "%.*s", (int)n, name);
	return read_file(path);
}

const struct hd_cel_zone *hd_cel_zones_get(struct hd_cel_zones **zones,
					   const char *name, size_t n)
{
	struct hd_cel_zone *zone;
	struct hd_cel_zones *z;
	size_t i;

	if (n >= MAX_NAME || memchr(name, '\0', n))
		return NULL;
	if (!*zones)
		*zones = calloc(1, sizeof(**zones));
	z = *zones;
	for (i = 0; z && i < MAX_ZONES; i++)
		if (z->known[i].zone && strlen(z->known[i].name) == n &&
		    memcmp(z->known[i].name, name, n) == 0)
			return z->known[i].zone;
	zone = z ? make_zone(name, n) : NULL;
	if (!zone)
		return NULL;
	i = z->next++ % MAX_ZONES;
	hd_cel_zone_free(z->known[i].zone);
	memcpy(z->known[i].name, name, n);
	z->known[i].name[n] = '\0';
	z->known[i].zone = zone;
	return zone;
}

void hd_cel_zones_free(struct hd_cel_zones *zones)
{
	size_t i;

	if (!zones)
		return;
	for (i = 0; i < MAX_ZONES; i++)
		hd_cel_zone_free(zones->known[i].zone);
	free(zones);
}

int32_t hd_cel_zone_offset(const struct hd_cel_zone *zone, int64_t utc)
{
	uint32_t low = 0, high = zone->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (zone->at[mid] <= utc)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == zone->n && zone->has_rule)
		return hd_cel_rule_offset(&zone->rule, utc);
	return low == 0 ? zone->first : zone->offset[low - 1];
}
