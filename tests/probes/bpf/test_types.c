/* test_types OBJECT [BTF]: what the BPF programs read of the kernel's types, against a kernel's own (BTF: a
 * file; else the running kernel's).  The object's CO-RE relocations tell which fields are read; so the list
 * is complete by itself.
 *
 * A field must be there, unless the programs ask first whether it is (bpf_core_field_exists()).  libbpf fits
 * the size of a load to the kernel's field, but only if the field is unsigned here: what is signed must have
 * the kernel's size and sign.  Format of the relocations: Documentation/bpf/btf.rst in the kernel's sources,
 * section 4.2; of the strings that tell the way to a field: section 4.4. */
#include <bpf/btf.h>
#include <errno.h>
#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fcntl.h>
#include <gelf.h>

/* Kinds of relocations: enum bpf_core_relo_kind in linux/bpf.h. */
enum { FIELD_OFFSET = 0, FIELD_EXISTS = 2, MAX_NAMES = 8 };

struct header { /* of .BTF.ext */
    uint16_t magic;
    uint8_t version, flags;
    uint32_t header_length, func_offset, func_length, line_offset, line_length, relo_offset, relo_length;
};
struct relo {
    uint32_t instruction, type, access, kind;
};

/* A field as its names tell it: task_struct, thread_pid.  Owned by the object's BTF. */
struct field {
    const char *names[MAX_NAMES]; /* names[0]: the type's */
    size_t count;
    uint32_t type; /* of the field, in the object's BTF */
};

static const struct btf_type *skip(const struct btf *btf, uint32_t *id)
{
    const struct btf_type *t = btf__type_by_id(btf, *id);
    while (t && (btf_is_mod(t) || btf_is_typedef(t) || btf_is_type_tag(t))) {
        *id = t->type;
        t = btf__type_by_id(btf, *id);
    }
    return t;
}

/* task_struct___old and task_struct are the same type of the kernel's. */
static size_t essential(const char *name)
{
    const char *flavor = strstr(name, "___");
    return flavor ? (size_t)(flavor - name) : strlen(name);
}

/* Follows "0:12:1" from the type.  False: it doesn't lead to a field. */
static bool field_find(const struct btf *btf, uint32_t type, const char *access, struct field *f)
{
    char *end = NULL;
    uint32_t id = type;
    *f = (struct field){0};
    const struct btf_type *t = skip(btf, &id);
    if (!t || strtoul(access, &end, 10) != 0)
        return false;
    f->names[f->count++] = btf__name_by_offset(btf, t->name_off);
    while (*end == ':') {
        const unsigned long n = strtoul(end + 1, &end, 10);
        t = skip(btf, &id);
        if (btf_is_array(t)) {
            id = btf_array(t)->type;
        } else if (btf_is_composite(t) && n < btf_vlen(t) && f->count < MAX_NAMES) {
            const struct btf_member *m = btf_members(t) + n;
            const char *name = btf__name_by_offset(btf, m->name_off);
            if (*name) /* a member of an anonymous struct is its owner's */
                f->names[f->count++] = name;
            id = m->type;
        } else {
            return false;
        }
    }
    f->type = id;
    return *end == '\0' && f->count > 1;
}

/* The member of that name, in anonymous members, too; 0: there is none. */
static uint32_t member_find(const struct btf *btf, uint32_t id, const char *name)
{
    const struct btf_type *t = skip(btf, &id);
    while (t && btf_is_array(t)) {
        id = btf_array(t)->type;
        t = skip(btf, &id);
    }
    for (unsigned i = 0; t && btf_is_composite(t) && i < btf_vlen(t); i++) {
        const struct btf_member *m = btf_members(t) + i;
        const char *own = btf__name_by_offset(btf, m->name_off);
        uint32_t found = *own ? 0 : member_find(btf, m->type, name);
        if (!strcmp(own, name))
            found = m->type;
        if (found)
            return found;
    }
    return 0;
}

/* The field's type in the kernel's BTF; 0: there is no such field. */
static uint32_t kernel_find(const struct btf *kernel, const struct field *f)
{
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)essential(f->names[0]), f->names[0]);
    const int type = btf__find_by_name_kind(kernel, name, BTF_KIND_STRUCT);
    uint32_t id = type > 0 ? (uint32_t)type : 0;
    for (size_t i = 1; i < f->count && id; i++)
        id = member_find(kernel, id, f->names[i]);
    return id;
}

/* What libbpf can't fit; NULL: nothing. */
static const char *fault_find(const struct btf *object, uint32_t ours, const struct btf *kernel,
                              uint32_t theirs)
{
    const struct btf_type *own = skip(object, &ours), *other = skip(kernel, &theirs);
    while (own && other && !btf_is_array(own) && btf_is_array(other)) { /* one of its elements is read */
        theirs = btf_array(other)->type;
        other = skip(kernel, &theirs);
    }
    if (!own || !other)
        return "a type that is none";
    if (btf_is_ptr(own) != btf_is_ptr(other) || btf_is_composite(own) != btf_is_composite(other) ||
        btf_is_array(own) != btf_is_array(other))
        return "another kind of type";
    if (!btf_is_int(own) || !(btf_int_encoding(own) & BTF_INT_SIGNED))
        return NULL;
    if (own->size != other->size)
        return "a signed field of another size, which libbpf doesn't fit";
    return btf_is_int(other) && !(btf_int_encoding(other) & BTF_INT_SIGNED)
               ? "a signed field that is unsigned"
               : NULL;
}

static bool same(const struct field *a, const struct field *b)
{
    bool equal = a->count == b->count && essential(a->names[0]) == essential(b->names[0]) &&
                 !strncmp(a->names[0], b->names[0], essential(a->names[0]));
    for (size_t i = 1; i < a->count && equal; i++)
        equal = !strcmp(a->names[i], b->names[i]);
    return equal;
}

struct relos {
    struct field *read, *asked; /* asked: whether they are there */
    size_t read_count, asked_count, offsets;
};

static void relo_take(struct relos *r, const struct btf *object, const struct relo *relo)
{
    struct field f;
    const char *access = btf__name_by_offset(object, relo->access);
    if (relo->kind != FIELD_OFFSET && relo->kind != FIELD_EXISTS)
        return;
    r->offsets++;
    if (!field_find(object, relo->type, access, &f)) {
        fprintf(stderr, "FAILED: no field: type %u, %s\n", relo->type, access);
        exit(1);
    }
    struct field **list = relo->kind == FIELD_OFFSET ? &r->read : &r->asked;
    size_t *count = relo->kind == FIELD_OFFSET ? &r->read_count : &r->asked_count;
    for (size_t i = 0; i < *count; i++)
        if (same(&(*list)[i], &f) && (*list)[i].type == f.type)
            return;
    *list = realloc(*list, (*count + 1) * sizeof f);
    (*list)[(*count)++] = f;
}

/* The section: the size of a relocation, then for each section of code its name, a count, and as many. */
static void relos_read(struct relos *r, const struct btf *object, const unsigned char *data, size_t size)
{
    struct header h;
    if (size < sizeof h)
        return;
    memcpy(&h, data, sizeof h);
    const unsigned char *at = data + h.header_length + h.relo_offset, *end = at + h.relo_length;
    uint32_t each = 0;
    if (h.header_length < sizeof h || end > data + size || end - at < 4)
        return;
    memcpy(&each, at, 4);
    at += 4;
    while (each >= sizeof(struct relo) && end - at >= 8) {
        uint32_t head[2];
        memcpy(head, at, sizeof head);
        at += sizeof head;
        for (uint32_t i = 0; i < head[1] && end - at >= (ptrdiff_t)each; i++, at += each) {
            struct relo relo;
            memcpy(&relo, at, sizeof relo);
            relo_take(r, object, &relo);
        }
    }
}

static void object_read(struct relos *r, const struct btf *object, const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    size_t names = 0;
    Elf_Scn *section = NULL;
    if (!elf || elf_getshdrstrndx(elf, &names))
        return;
    while ((section = elf_nextscn(elf, section))) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) && !strcmp(elf_strptr(elf, names, header.sh_name), ".BTF.ext")) {
            const Elf_Data *data = elf_getdata(section, NULL);
            relos_read(r, object, data->d_buf, data->d_size);
        }
    }
    elf_end(elf);
    close(fd);
}

/* Whether the programs ask for the field; or, of a type by another kernel's names (NAME___...), for any of
 * its. */
static bool is_asked_for(const struct relos *r, const struct field *f)
{
    const size_t length = essential(f->names[0]);
    for (size_t i = 0; i < r->asked_count; i++) {
        const struct field *asked = &r->asked[i];
        const bool type =
            essential(asked->names[0]) == length && !strncmp(asked->names[0], f->names[0], length);
        if (same(asked, f) || (type && f->names[0][length]))
            return true;
    }
    return false;
}

static void field_print(const struct field *f, const char *what)
{
    printf("FAILED: %.*s", (int)essential(f->names[0]), f->names[0]);
    for (size_t i = 1; i < f->count; i++)
        printf(".%s", f->names[i]);
    printf(": %s\n", what);
}

int main(int argc, char **argv)
{
    struct relos r = {0};
    int failed = 0;
    struct btf *object = argc > 1 ? btf__parse_elf(argv[1], NULL) : NULL;
    struct btf *kernel = argc > 2 ? btf__parse(argv[2], NULL) : btf__load_vmlinux_btf();
    if (!kernel && argc == 2) {
        printf("SKIPPED: this kernel tells nothing of its types\n");
        return 77;
    }
    if (!object || !kernel) {
        fprintf(stderr, "usage: test_types OBJECT [BTF]; no types: %s\n", strerror(errno));
        return 1;
    }
    object_read(&r, object, argv[1]);
    for (size_t i = 0; i < r.read_count; i++) {
        const uint32_t theirs = kernel_find(kernel, &r.read[i]);
        const char *fault = theirs ? fault_find(object, r.read[i].type, kernel, theirs)
                            : is_asked_for(&r, &r.read[i])
                                ? NULL
                                : "the kernel has no such field, and nobody asks for it";
        if (fault)
            field_print(&r.read[i], fault);
        failed |= fault != NULL;
    }
    printf("%zu relocations, %zu fields that are read, %zu asked for\n", r.offsets, r.read_count,
           r.asked_count);
    if (r.read_count < 10) {
        printf("FAILED: too few: this proves nothing\n");
        failed = 1;
    }
    free(r.read);
    free(r.asked);
    btf__free(object);
    btf__free(kernel);
    return failed;
}
