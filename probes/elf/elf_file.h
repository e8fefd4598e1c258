/* A 64-bit ELF file of this machine's byte order, read by pread() or from memory: headers, segments,
 * sections, the build-id.  It is somebody else's file.  Every offset and count is checked before it is
 * followed.  Nothing is mapped, since a file that shrinks under a mapping would be a SIGBUS.  Memory does not
 * grow with what it claims. */
#ifndef HEAPWAIT_ELF_FILE_H
#define HEAPWAIT_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ELF_NAME_ROOM = 40, ELF_MAX_SEGMENTS = 64, ELF_MAX_SECTIONS = 1024, BUILD_ID_ROOM = 64 };

struct elf_segment {
    uint64_t address, memory_size, file_size, file_offset;
    bool code, writable;
};

struct elf_section {
    char name[ELF_NAME_ROOM]; /* a longer one is cut */
    uint64_t address, size, file_offset, flags;
    uint32_t type, link;
};

struct elf_file {
    int fd;               /* -1: in memory */
    unsigned char *bytes; /* what it is read from if fd is -1; malloc'd */
    uint64_t size;
    bool interpreter, position_independent;
    struct elf_segment *segments; /* of type LOAD */
    size_t segment_count;
    struct elf_section *sections; /* by their numbers in the file; [0] is no section */
    size_t section_count;
    uint8_t build_id[BUILD_ID_ROOM];
    size_t build_id_size; /* 0: has none */
};

/* Opens a file given by descriptor, or by malloc'd bytes, which it takes over also when it fails.  Returns a
 * file to be closed with elf_file_close(); NULL: it is no such file, or no memory. */
struct elf_file *elf_file_open(int fd);
struct elf_file *elf_file_of_bytes(unsigned char *bytes, size_t size);
/* NULL is fine. */
void elf_file_close(struct elf_file *f);

/* Reads `size` bytes at the offset.  Returns false if the file has not so many there. */
bool elf_file_read(const struct elf_file *f, uint64_t offset, void *buffer, size_t size);

/* Returns the first section of that type (0: any) and name (NULL: any) whose bytes lie in the file, owned by
 * *f; NULL: there is none. */
const struct elf_section *elf_file_section(const struct elf_file *f, uint32_t type, const char *name);

/* Returns true if the section's bytes lie in the file. */
bool elf_section_lies_in(const struct elf_file *f, const struct elf_section *s);

#endif
