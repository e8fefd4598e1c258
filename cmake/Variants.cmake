# From a row of workload/variants.cmake to an executable, or to the reason why there is none.
#
# The variants are built by custom commands, not as CMake targets: one tree, three compilers.  Whether a row can
# be built is decided here, at configure time, by linking a small program the same way; the allocators
# themselves are built by ninja.  Two global properties hold the outcome, HEAPWAIT_VARIANT_ROWS and _PROGRAMS.
include(AllocatorSources)
include(Usdt)

set(HEAPWAIT_VARIANT_CC gcc CACHE STRING "compiler of the variants that use the system's C library")
set(HEAPWAIT_VARIANT_MUSL_CC musl-gcc CACHE STRING "compiler of the variants that use musl")
set(HEAPWAIT_VARIANT_ROOT "" CACHE PATH "where their machine's root is, when it is another one than this")
set(HEAPWAIT_WITHOUT "" CACHE STRING "variants to leave out, e.g. musl+jemalloc;musl+mimalloc")

# No -Werror: a stranger's newer compiler must not fail the study.  For the tests they are built with it.  The
# build-id, by which perf keeps the USDT probes, is the distribution's default, but musl-gcc drops it.
set(VARIANT_FLAGS -std=c17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -pthread -I${CMAKE_SOURCE_DIR}
                  ${HEAPWAIT_USDT_FLAGS} -ffile-prefix-map=${CMAKE_SOURCE_DIR}/= -Wl,--build-id)
set(VARIANT_DIR ${CMAKE_BINARY_DIR}/workload)
set(VARIANT_PROBE ${VARIANT_DIR}/probe.c)
file(WRITE ${VARIANT_PROBE}.new "#include <pthread.h>
#include <stdlib.h>
static void *run(void *p) { return realloc(p, 64); }
int main(void)
{
    pthread_t t;
    void *p;
    pthread_create(&t, 0, run, malloc(9));
    pthread_join(t, &p);
    free(p);
    return !p;
}
")
file(COPY_FILE ${VARIANT_PROBE}.new ${VARIANT_PROBE} ONLY_IF_DIFFERENT)

set(jemalloc_LIBRARY jemalloc)
set(jemalloc_PACKAGE libjemalloc-dev)
set(jemalloc_HEADER jemalloc/jemalloc.h)
set(mimalloc_LIBRARY mimalloc)
set(mimalloc_PACKAGE libmimalloc-dev)
set(mimalloc_HEADER mimalloc.h)
set(tcmalloc_LIBRARY tcmalloc_minimal)
set(tcmalloc_PACKAGE libgoogle-perftools-dev)
set(tcmalloc_HEADER gperftools/tcmalloc.h)

# "glibc 2.36", or nothing when the compiler's own libc is another one.
function(glibc_version out)
    execute_process(COMMAND ${HEAPWAIT_VARIANT_CC} -E -dM -include stdlib.h -x c /dev/null
                    OUTPUT_VARIABLE macros ERROR_QUIET RESULT_VARIABLE failed)
    set(${out} "" PARENT_SCOPE)
    if(NOT failed AND macros MATCHES "#define __GLIBC__ ([0-9]+)")
        set(major ${CMAKE_MATCH_1})
        string(REGEX MATCH "#define __GLIBC_MINOR__ ([0-9]+)" _ "${macros}")
        set(${out} "${major}.${CMAKE_MATCH_1}" PARENT_SCOPE)
    endif()
endfunction()

# musl tells its version only in its loader, which may be another machine's and is read, not run.
function(musl_version out)
    set(${out} "" PARENT_SCOPE)
    execute_process(COMMAND ${HEAPWAIT_VARIANT_MUSL_CC} -\#\#\# -x c /dev/null -o probe
                    OUTPUT_QUIET ERROR_VARIABLE steps RESULT_VARIABLE failed)
    if(NOT failed AND steps MATCHES "-dynamic-linker\"? \"?([^ \"]+)")
        set(loader ${HEAPWAIT_VARIANT_ROOT}${CMAKE_MATCH_1})
        if(EXISTS ${loader})
            file(STRINGS ${loader} text REGEX "^1\\.[0-9]+\\.[0-9]+(-git.*)?$" LIMIT_COUNT 1)
            string(REGEX MATCH "^[0-9.]+" text "${text}")
            set(${out} "${text}" PARENT_SCOPE)
        endif()
    endif()
endfunction()

# The version in the header of a system's library: " 5.3.0", with its blank; nothing when the header is not there.
function(library_version allocator out)
    execute_process(COMMAND ${HEAPWAIT_VARIANT_CC} -E -dM -include ${${allocator}_HEADER} -x c /dev/null
                    OUTPUT_VARIABLE macros ERROR_QUIET)
    set(${out} "" PARENT_SCOPE)
    if(macros MATCHES "#define JEMALLOC_VERSION \"([0-9.]+)")
        set(${out} " ${CMAKE_MATCH_1}" PARENT_SCOPE)
    elseif(macros MATCHES "#define TC_VERSION_STRING \"[a-z]+ ([0-9.]+)")
        set(${out} " ${CMAKE_MATCH_1}" PARENT_SCOPE)
    elseif(macros MATCHES "#define MI_MALLOC_VERSION ([0-9]+)([0-9][0-9])([0-9][0-9])") # 30600 is 3.6.0
        math(EXPR minor "1${CMAKE_MATCH_2} - 100")
        math(EXPR patch "1${CMAKE_MATCH_3} - 100")
        set(${out} " ${CMAKE_MATCH_1}.${minor}.${patch}" PARENT_SCOPE)
    elseif(macros MATCHES "#define MI_MALLOC_VERSION ([0-9])([0-9])([0-9])") # 209 is 2.0.9
        set(${out} " ${CMAKE_MATCH_1}.${CMAKE_MATCH_2}.${CMAKE_MATCH_3}" PARENT_SCOPE)
    endif()
endfunction()

# Can this compiler link with these flags?  `reason` gets the first error's line, or nothing.
function(link_reason out compiler)
    execute_process(COMMAND ${compiler} ${VARIANT_FLAGS} ${VARIANT_PROBE} -o ${VARIANT_DIR}/probe ${ARGN}
                    OUTPUT_QUIET ERROR_VARIABLE errors RESULT_VARIABLE failed)
    file(REMOVE ${VARIANT_DIR}/probe)
    set(reason "")
    if(failed)
        string(REGEX MATCH "[^\n]*(error|cannot find|No such file)[^\n]*" reason "${errors} ${failed}")
        if(NOT reason)
            set(reason "${compiler} fails: ${failed}")
        endif()
    endif()
    set(${out} "${reason}" PARENT_SCOPE)
endfunction()

glibc_version(GLIBC_VERSION)
musl_version(MUSL_VERSION)

# Sets in the caller: compiler, flags, depends, absent, and the words libc and allocator for the tables.
macro(variant_libc kind linkage)
    set(flags "")
    set(depends "")
    set(absent "")
    if(${linkage} STREQUAL static)
        set(flags -static)
    endif()
    if(${kind} STREQUAL glibc)
        set(compiler ${HEAPWAIT_VARIANT_CC})
        set(libc "glibc ${GLIBC_VERSION}")
        set(allocator ptmalloc)
        if(NOT GLIBC_VERSION)
            set(libc glibc)
            set(absent "${compiler} doesn't compile for glibc on this machine")
        endif()
    elseif(${kind} STREQUAL musl)
        set(compiler ${HEAPWAIT_VARIANT_MUSL_CC})
        set(libc "musl ${MUSL_VERSION}")
        set(allocator mallocng)
        if(NOT MUSL_VERSION)
            set(libc musl)
            set(absent "there is no working ${compiler} (packages musl-tools and musl-dev)")
        elseif(MUSL_VERSION VERSION_LESS 1.2.1)
            set(allocator oldmalloc)
        endif()
    else()
        allocator_build(musl-oldmalloc musl ${HEAPWAIT_VARIANT_CC} bin/musl-gcc)
        set(compiler ${musl-oldmalloc_FILE})
        set(absent "${musl-oldmalloc_ABSENT}")
        set(libc "musl ${musl-oldmalloc_VERSION}")
        set(allocator oldmalloc)
        list(APPEND depends ${compiler})
    endif()
endmacro()

macro(variant_allocator name linkage)
    set(libraries "")
    if(NOT ${name} STREQUAL own AND ${linkage} STREQUAL static)
        allocator_build(${name} ${name} ${compiler} lib/lib${name}.a)
        list(APPEND depends ${${name}_FILE})
        list(APPEND libraries ${${name}_FILE})
        set(allocator "${name} ${${name}_VERSION}")
        if(NOT absent)
            set(absent "${${name}_ABSENT}")
        endif()
    elseif(NOT ${name} STREQUAL own)
        list(APPEND libraries -Wl,--no-as-needed -l${${name}_LIBRARY})
        library_version(${name} version)
        set(allocator "${name}${version}")
    endif()
endmacro()

# Links the probe with what is there already; what ninja is still to build is left out.
macro(variant_check name)
    set(trial ${libraries})
    list(REMOVE_ITEM trial ${depends} "")
    if(${name} IN_LIST HEAPWAIT_WITHOUT)
        set(absent "left out by HEAPWAIT_WITHOUT")
    elseif(NOT absent AND NOT compiler IN_LIST depends)
        link_reason(reason ${compiler} ${flags} ${trial})
        if(reason AND trial)
            set(absent "it needs the package ${${allocator_kind}_PACKAGE}: ${reason}")
        elseif(reason)
            set(absent "a trial link failed: ${reason}")
        endif()
    endif()
endmacro()

function(heapwait_variant name libc_kind linkage allocator_kind)
    set(program ${VARIANT_DIR}/passwords-${name})
    variant_libc(${libc_kind} ${linkage})
    variant_allocator(${allocator_kind} ${linkage})
    variant_check(${name})
    if(absent)
        file(REMOVE ${program}) # an older build's must not stay behind and be taken for this one's
    else()
        add_custom_command(
            OUTPUT ${program}
            COMMAND ${compiler} ${VARIANT_FLAGS} ${flags} ${HEAPWAIT_PASSWORDS_SOURCES} -o ${program} ${libraries}
            DEPENDS ${HEAPWAIT_PASSWORDS_SOURCES} ${HEAPWAIT_PASSWORDS_HEADERS} ${depends}
            COMMENT "Building passwords-${name}"
            VERBATIM)
        set_property(GLOBAL APPEND PROPERTY HEAPWAIT_VARIANT_PROGRAMS ${program})
    endif()
    string(REGEX REPLACE "[\t\n;]+" " " absent "${absent}") # one cell, one line, one list element
    set_property(GLOBAL APPEND PROPERTY HEAPWAIT_VARIANT_ROWS
                                        "${name}\t${libc}\t${linkage}\t${allocator}\t${absent}")
endfunction()
