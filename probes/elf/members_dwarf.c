/* See members_private.h.  Runs in a child process with limits: see members.c.  Variables are looked for among
 * the entries of each unit, and in the namespaces and functions in it.  What types are made of: DWARF 5,
 * section 5. */
#include "probes/elf/members_private.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdbool.h>
#include <string.h>

struct build {
    struct layout_node *nodes;
    size_t count;
};

static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
    Dwarf_Attribute attribute;
    return dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &attribute), type) != NULL;
}

/* Returns true if the type is one to whoever wrote the program, such as a lock: it is not taken apart. */
static bool is_opaque(const char *name)
{
    static const char *const names[] = {
        "sem_t",        "mtx_t",           "cnd_t",      "mutex", "condition_variable",
        "shared_mutex", "recursive_mutex", "timed_mutex"};
    for (size_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++)
        if (!strcmp(name, names[i]))
            return true;
    return name && !strncmp(name, "pthread_", 8);
}

/* Returns true if the opaque type is a lock, of which one word matters; condition variables have several. */
static bool is_lock(const char *name)
{
    return strstr(name, "mutex") || strstr(name, "lock");
}

/* Takes typedefs and qualifiers off *type.  Returns false if the type is not to be looked into. */
static bool type_strip(Dwarf_Die *type, struct layout_node *n)
{
    for (int i = 0; i < 32; i++) {
        const char *name = dwarf_diename(type);
        int tag = dwarf_tag(type);
        bool is_alias = tag == DW_TAG_typedef || tag == DW_TAG_const_type || tag == DW_TAG_volatile_type ||
                        tag == DW_TAG_restrict_type || tag == DW_TAG_atomic_type;
        if (is_opaque(name)) {
            n->whole = is_lock(name);
            return false;
        }
        if (!is_alias)
            return true;
        if (!type_of(type, type))
            return false;
    }
    return false;
}

static uint64_t size_of(Dwarf_Die *type)
{
    Dwarf_Word size = 0;
    return dwarf_aggregate_size(type, &size) ? 0 : size;
}

static void type_add(struct build *b, Dwarf_Die *type, int32_t at, int depth);

/* Makes node `at` an array of the first dimension; each further dimension is a nameless array in its
 * elements. */
static void array_add(struct build *b, Dwarf_Die *array, int32_t at, int depth)
{
    Dwarf_Die element, range;
    uint64_t stride, counts[4];
    size_t dimensions = 0;
    if (!type_of(array, &element) || !(stride = size_of(&element)) || dwarf_child(array, &range))
        return;
    do {
        Dwarf_Attribute a;
        Dwarf_Word n = 0;
        if (dwarf_tag(&range) != DW_TAG_subrange_type)
            continue;
        if (!dwarf_formudata(dwarf_attr(&range, DW_AT_count, &a), &n))
            counts[dimensions++] = n;
        else if (!dwarf_formudata(dwarf_attr(&range, DW_AT_upper_bound, &a), &n))
            counts[dimensions++] = n + 1;
    } while (dimensions < 4 && !dwarf_siblingof(&range, &range));
    for (size_t i = 0; i < dimensions; i++) {
        uint64_t inner = stride;
        for (size_t k = i + 1; k < dimensions; k++)
            if (__builtin_mul_overflow(inner, counts[k], &inner))
                return;
        if (!inner)
            return;
        if (i) {
            if (b->count == LAYOUT_NODES)
                return;
            b->nodes[b->count] = (struct layout_node){.size = b->nodes[at].stride, .parent = at};
            at = (int32_t)b->count++;
        }
        b->nodes[at].count = counts[i];
        b->nodes[at].stride = inner;
    }
    if (dimensions)
        type_add(b, &element, at, depth + 1);
}

static void member_add(struct build *b, Dwarf_Die *member, int32_t at, int depth)
{
    Dwarf_Die type;
    Dwarf_Attribute a;
    Dwarf_Word offset = 0;
    if (dwarf_hasattr(member, DW_AT_data_bit_offset) || dwarf_hasattr(member, DW_AT_external) ||
        b->count == LAYOUT_NODES || !type_of(member, &type))
        return;
    if (dwarf_attr(member, DW_AT_data_member_location, &a) && dwarf_formudata(&a, &offset))
        return;
    struct layout_node *n = &b->nodes[b->count];
    *n = (struct layout_node){.offset = offset, .size = size_of(&type), .parent = at};
    const char *name = dwarf_tag(member) == DW_TAG_member ? dwarf_diename(member) : NULL;
    if (name)
        strncpy(n->name, name, LAYOUT_NAME - 1);
    type_add(b, &type, (int32_t)b->count++, depth + 1);
}

static void type_add(struct build *b, Dwarf_Die *type, int32_t at, int depth)
{
    Dwarf_Die bare = *type, member;
    if (depth >= LAYOUT_DEPTH || !type_strip(&bare, &b->nodes[at]))
        return;
    int tag = dwarf_tag(&bare);
    if (tag == DW_TAG_array_type)
        array_add(b, &bare, at, depth);
    if ((tag != DW_TAG_structure_type && tag != DW_TAG_class_type && tag != DW_TAG_union_type) ||
        dwarf_child(&bare, &member))
        return;
    do {
        if (dwarf_tag(&member) == DW_TAG_member || dwarf_tag(&member) == DW_TAG_inheritance)
            member_add(b, &member, at, depth);
    } while (!dwarf_siblingof(&member, &member));
}

/* Returns true if the entry is a variable whose place is that address. */
static bool lies_at(Dwarf_Die *die, uint64_t address)
{
    Dwarf_Attribute a;
    Dwarf_Op *expression;
    size_t length;
    return dwarf_tag(die) == DW_TAG_variable && dwarf_attr(die, DW_AT_location, &a) &&
           !dwarf_getlocation(&a, &expression, &length) && length == 1 && expression->atom == DW_OP_addr &&
           expression->number == address;
}

static bool variable_find(Dwarf_Die *parent, uint64_t address, Dwarf_Die *variable, int depth)
{
    Dwarf_Die die;
    if (depth > LAYOUT_DEPTH || dwarf_child(parent, &die))
        return false;
    do {
        int tag = dwarf_tag(&die);
        if (lies_at(&die, address)) {
            *variable = die;
            return true;
        }
        if ((tag == DW_TAG_namespace || tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block) &&
            variable_find(&die, address, variable, depth + 1))
            return true;
    } while (!dwarf_siblingof(&die, &die));
    return false;
}

size_t members_from_dwarf(int fd, uint64_t address, struct layout_node *nodes)
{
    struct build b = {.nodes = nodes};
    Dwarf *dwarf = dwarf_begin(fd, DWARF_C_READ);
    Dwarf_CU *cu = NULL;
    Dwarf_Die unit, variable, type;
    bool found = false;
    while (dwarf && !found && !dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &unit, NULL))
        found = variable_find(&unit, address, &variable, 0);
    if (found && type_of(&variable, &type)) {
        nodes[b.count++] = (struct layout_node){.size = size_of(&type), .parent = -1};
        type_add(&b, &type, 0, 0);
    }
    dwarf_end(dwarf);
    return b.count;
}
