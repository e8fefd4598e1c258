# How BPF programs are built: compiled by clang, linked and turned into a skeleton by bpftool.
# HEAPWAIT_BPF_CLANGS: all other clangs in PATH, by name; the tests load what each makes.
set(HEAPWAIT_BPF_CLANGS "")
string(REPLACE ":" ";" bpf_path "$ENV{PATH}")
foreach(folder ${bpf_path})
    file(GLOB found LIST_DIRECTORIES false ${folder}/clang-[0-9]*)
    foreach(clang ${found})
        get_filename_component(name ${clang} NAME)
        # before 14 there is no way to tell clang what the verifier wants to see
        if(name MATCHES "^clang-([0-9]+)$" AND CMAKE_MATCH_1 GREATER_EQUAL 14)
            list(APPEND HEAPWAIT_BPF_CLANGS ${name})
        endif()
    endforeach()
endforeach()
list(REMOVE_DUPLICATES HEAPWAIT_BPF_CLANGS)
list(SORT HEAPWAIT_BPF_CLANGS COMPARE NATURAL)
find_program(BPF_CLANG NAMES clang ${HEAPWAIT_BPF_CLANGS} REQUIRED)
get_filename_component(bpf_clang_file ${BPF_CLANG} REALPATH)
foreach(name ${HEAPWAIT_BPF_CLANGS})
    find_program(bpf_other ${name} NO_CACHE)
    get_filename_component(bpf_other_file ${bpf_other} REALPATH)
    if(bpf_other_file STREQUAL bpf_clang_file)
        list(REMOVE_ITEM HEAPWAIT_BPF_CLANGS ${name})
    endif()
    unset(bpf_other)
endforeach()
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    set(bpf_arch arm64)
else()
    set(bpf_arch x86)
endif()

# bpf_skeleton(CLANG FOLDER NAME): probes/bpf/NAME.bpf.c -> FOLDER/NAME.skel.h
function(bpf_skeleton clang folder name)
    set(source ${CMAKE_SOURCE_DIR}/probes/bpf/${name}.bpf.c)
    set(out ${folder}/${name})
    file(MAKE_DIRECTORY ${folder})
    add_custom_command(
        OUTPUT ${out}.skel.h
        # v3: atomics that return a value; -g: the types that CO-RE relocates by.  The last warning, of clang 21 and
        # newer, is about how libbpf reads arm64's registers.
        COMMAND ${clang} -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_${bpf_arch} -Wall -Wextra -Werror
                -Wno-unused-parameter -Wno-unknown-warning-option -Wno-default-const-init-var-unsafe
                -I ${CMAKE_SOURCE_DIR}/probes/bpf -MD -MT ${out}.skel.h -MF ${out}.d -c ${source} -o ${out}.tmp.o
        COMMAND ${BPFTOOL} gen object ${out}.bpf.o ${out}.tmp.o
        COMMAND ${BPFTOOL} gen skeleton ${out}.bpf.o name ${name}_bpf > ${out}.skel.h
        DEPENDS ${source}
        DEPFILE ${out}.d # the headers
        COMMENT "BPF ${name} (${clang})"
        VERBATIM)
endfunction()
