#include "core/plugin/elf_file.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "core/base/err.h"

#define HEADERS_MAX 64	/* program headers; real objects have 7 to 12 */
#define NOTES_MAX 4096	/* bytes of a note segment that we look at */
#define BUILD_ID_MAX 32 /* bytes */

#if defined(__x86_64__)
#define OUR_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OUR_MACHINE EM_AARCH64
#elif defined(__riscv)
#define OUR_MACHINE EM_RISCV
#elif defined(__powerpc64__)
#define OUR_MACHINE EM_PPC64
#elif defined(__s390x__)
#define OUR_MACHINE EM_S390
#elif defined(__i386__)
#define OUR_MACHINE EM_386
#elif defined(__arm__)
#define OUR_MACHINE EM_ARM
#else
#error "add the ELF machine number of this architecture"
#endif

#define OUR_CLASS (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)
#define OUR_DATA (__BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB)

/* True if exactly `n` bytes at `offset` could be read. */
static bool read_at(int fd, void *out, size_t n, off_t offset)
{
	return offset >= 0 && pread(fd, out, n, offset) == (ssize_t)n;
}

static int check_header(const ElfW(Ehdr) * h, const char *path,
			struct hd_err *err)
{
	if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
		return hd_err_set(err, ENOEXEC, "%s: not an ELF file", path);
	if (h->e_ident[EI_CLASS] != OUR_CLASS ||
	    h->e_ident[EI_DATA] != OUR_DATA || h->e_machine != OUR_MACHINE)
		return hd_err_set(err, ENOEXEC,
				  "%s: built for another machine (ELF machine "
				  "%u, class %u)",
				  path, h->e_machine, h->e_ident[EI_CLASS]);
	if (h->e_type != ET_DYN)
		return hd_err_set(err, ENOEXEC, "%s: not a shared object",
				  path);
	if (h->e_phentsize != sizeof(ElfW(Phdr)) || h->e_phnum == 0 ||
	    h->e_phnum > HEADERS_MAX)
		return hd_err_set(err, ENOEXEC,
				  "%s: damaged ELF header (%u program headers "
				  "of %u bytes)",
				  path, h->e_phnum, h->e_phentsize);
	return 0;
}

static void write_hex(const unsigned char *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = '\0';
}

/* Looks for the GNU build id among the notes in `p`. */
static void find_build_id(const unsigned char *p, size_t n,
			  char build_id[HD_BUILD_ID_TEXT])
{
	while (n >= sizeof(ElfW(Nhdr))) {
		ElfW(Nhdr) note;
		size_t name, desc;

		memcpy(&note, p, sizeof(note));
		name = ((size_t)note.n_namesz + 3) & ~(size_t)3;
		desc = ((size_t)note.n_descsz + 3) & ~(size_t)3;
		if (name > n || desc > n || sizeof(note) + name + desc > n)
			return;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    memcmp(p + sizeof(note), "GNU", 4) == 0 &&
		    note.n_descsz <= BUILD_ID_MAX) {
			write_hex(p + sizeof(note) + name, note.n_descsz,
				  build_id);
			return;
		}
		p += sizeof(note) + name + desc;
		n -= sizeof(note) + name + desc;
	}
}

static void read_build_id(int fd, const ElfW(Phdr) * segment,
			  char build_id[HD_BUILD_ID_TEXT])
{
	unsigned char notes[NOTES_MAX];
	size_t n = segment->p_filesz < sizeof(notes) ? segment->p_filesz
						     : sizeof(notes);

	if (!build_id[0] && read_at(fd, notes, n, (off_t)segment->p_offset))
		find_build_id(notes, n, build_id);
}

static int check_segments(int fd, const ElfW(Ehdr) * h, const char *path,
			  char build_id[HD_BUILD_ID_TEXT], struct hd_err *err)
{
	ElfW(Phdr) segments[HEADERS_MAX];
	bool stack_is_named = false;

	if (!read_at(fd, segments, h->e_phnum * sizeof(segments[0]),
		     (off_t)h->e_phoff))
		return hd_err_set(err, ENOEXEC,
				  "%s: cut off: no program headers", path);
	for (unsigned i = 0; i < h->e_phnum; i++) {
		if (segments[i].p_type == PT_NOTE)
			read_build_id(fd, &segments[i], build_id);
		if (segments[i].p_type != PT_GNU_STACK)
			continue;
		stack_is_named = true;
		if (segments[i].p_flags & PF_X)
			return hd_err_set(err, EPERM,
					  "%s: wants an executable stack -> "
					  "link it with -z noexecstack",
					  path);
	}
	if (!stack_is_named)
		return hd_err_set(err, EPERM,
				  "%s: does not say that its stack is not "
				  "executable (no PT_GNU_STACK) -> link it "
				  "with -z noexecstack",
				  path);
	return 0;
}

int hd_elf_file_check(const char *path, char build_id[HD_BUILD_ID_TEXT],
		      struct hd_err *err)
{
	ElfW(Ehdr) header;
	int fd, rc = -1;

	build_id[0] = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return hd_err_sys(err, errno, "%s", path);
	if (!read_at(fd, &header, sizeof(header), 0))
		hd_err_set(err, ENOEXEC, "%s: not an ELF file", path);
	else if (check_header(&header, path, err) == 0)
		rc = check_segments(fd, &header, path, build_id, err);
	close(fd);
	return rc;
}
