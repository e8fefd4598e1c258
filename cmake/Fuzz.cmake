# Fuzz targets: tests/fuzz/fuzz_NAME.c defines LLVMFuzzerTestOneInput(), tests/fuzz/corpus-FOLDER holds its seeds.
#
#   heapwait_fuzz(NAME CORPUS folder [LONGEST seconds])
#
# makes of each two tests.  fuzz.NAME_corpus replays the seeds, with whatever compiler builds the rest (so also
# in the sanitized build); fuzz.NAME lets libFuzzer look for more, for HEAPWAIT_FUZZ_SECONDS, under ASan and
# UBSan, with a cap on memory; an input that takes LONGEST seconds (10) is a finding.  It is compiled by clang of its own: libFuzzer is clang's.  The sanitized build
# leaves fuzz.NAME out: it would be the same program again.
#
# A target names none of heapwait's files: it is linked with all of them, once as the build has them and once as clang
# makes them for libFuzzer, and the linker takes what it needs.
set(HEAPWAIT_FUZZ_SECONDS 60 CACHE STRING "how long each fuzz target runs in the tests")
set(HEAPWAIT_FUZZ_MEGABYTES 512 CACHE STRING "cap on a fuzz target's memory")

set(fuzz_flags -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all)
file(WRITE ${CMAKE_BINARY_DIR}/CMakeFiles/fuzz_probe.c
     "int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n);\nint LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) { return d && n && 0; }\n")
execute_process(
    COMMAND ${BPF_CLANG} ${fuzz_flags} ${CMAKE_BINARY_DIR}/CMakeFiles/fuzz_probe.c -o ${CMAKE_BINARY_DIR}/CMakeFiles/fuzz_probe
    RESULT_VARIABLE fuzz_missing
    OUTPUT_QUIET ERROR_QUIET)
# The package that brings it has the number of the compiler.
execute_process(COMMAND ${BPF_CLANG} -dumpversion OUTPUT_VARIABLE fuzz_package OUTPUT_STRIP_TRAILING_WHITESPACE)
string(REGEX REPLACE "^([0-9]+).*" "libclang-rt-\\1-dev" fuzz_package "${fuzz_package}")
if(CMAKE_CROSSCOMPILING)
    set(fuzz_missing TRUE) # clang would make them for this machine
elseif(fuzz_missing)
    message(STATUS "clang has no libFuzzer here (Debian: ${fuzz_package}): its tests are skipped")
endif()

# Of the files: not those of the kernel side, those that hold a BPF program or have a main() of their own.
file(GLOB_RECURSE fuzz_sources ${GLOB_AGAIN} RELATIVE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/analysis/*.c
     ${CMAKE_SOURCE_DIR}/probes/*.c ${CMAKE_SOURCE_DIR}/plots/*.c ${CMAKE_SOURCE_DIR}/cli/*.c)
get_property(fuzz_skeleton_users GLOBAL PROPERTY HEAPWAIT_SKELETON_USERS)
foreach(source IN LISTS fuzz_sources)
    file(STRINGS ${CMAKE_SOURCE_DIR}/${source} fuzz_main REGEX "^int main\\(")
    if(fuzz_main OR source MATCHES "\\.bpf\\.c$" OR "${CMAKE_SOURCE_DIR}/${source}" IN_LIST fuzz_skeleton_users)
        list(REMOVE_ITEM fuzz_sources ${source})
    endif()
endforeach()
# The strings that they are compiled with.
set(fuzz_definitions "")
foreach(target heapwait_datadir heapwait_plots heapwait)
    get_target_property(definitions ${target} COMPILE_DEFINITIONS)
    list(APPEND fuzz_definitions ${definitions})
endforeach()
list(TRANSFORM fuzz_definitions PREPEND -D)
set(fuzz_compile ${BPF_CLANG} -std=c17 -g -O1 -D_GNU_SOURCE ${fuzz_definitions} ${fuzz_flags} -fno-omit-frame-pointer
                 -I ${CMAKE_SOURCE_DIR})

# heapwait_fuzz_archive(): ${fuzz_archive} is made of what clang makes of the files.
function(heapwait_fuzz_archive)
    foreach(source IN LISTS fuzz_sources)
        set(object ${CMAKE_CURRENT_BINARY_DIR}/objects/${source}.o)
        cmake_path(GET object PARENT_PATH folder)
        file(MAKE_DIRECTORY ${folder})
        add_custom_command(
            OUTPUT ${object}
            COMMAND ${fuzz_compile} -MD -MF ${object}.d -c ${CMAKE_SOURCE_DIR}/${source} -o ${object}
            DEPENDS ${CMAKE_SOURCE_DIR}/${source}
            DEPFILE ${object}.d
            COMMENT "for fuzzing: ${source}"
            VERBATIM)
        list(APPEND objects ${object})
    endforeach()
    add_custom_command(
        OUTPUT ${fuzz_archive}
        COMMAND ${CMAKE_COMMAND} -E rm -f ${fuzz_archive}
        COMMAND ${CMAKE_AR} qcs ${fuzz_archive} ${objects}
        DEPENDS ${objects}
        VERBATIM)
    add_custom_target(fuzz_archive DEPENDS ${fuzz_archive})
endfunction()
set(fuzz_archive ${CMAKE_CURRENT_BINARY_DIR}/libheapwait_fuzz.a)
if(NOT fuzz_missing AND NOT HEAPWAIT_SANITIZE)
    heapwait_fuzz_archive()
endif()

function(heapwait_fuzz name)
    cmake_parse_arguments(FUZZ "" "CORPUS;LONGEST" "" ${ARGN})
    if(NOT FUZZ_LONGEST)
        set(FUZZ_LONGEST 10)
    endif()
    set(target ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_${name}.c)
    set(corpus ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus-${FUZZ_CORPUS})

    add_executable(replay_${name} ${target} ${CMAKE_SOURCE_DIR}/tests/fuzz/replay.c
                                  $<FILTER:$<TARGET_OBJECTS:heapwait>,EXCLUDE,main\\.c>)
    target_link_libraries(replay_${name} PRIVATE heapwait_settings heapwait_study heapwait_plots heapwait_probes heapwait_analysis)
    add_test(NAME fuzz.${name}_corpus COMMAND replay_${name} ${corpus})

    if(HEAPWAIT_SANITIZE)
        return()
    endif()
    if(NOT fuzz_missing)
        set(program ${CMAKE_CURRENT_BINARY_DIR}/fuzz_${name})
        add_custom_command(
            OUTPUT ${program}
            COMMAND ${fuzz_compile} ${target} ${fuzz_archive} -lbpf -ldw -lelf -llzma -lsqlite3 -liberty -lm -o ${program}
            DEPENDS ${target} ${fuzz_archive} fuzz_archive ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz.h
            COMMENT "fuzz target ${name}"
            VERBATIM)
        add_custom_target(fuzz_${name}_build ALL DEPENDS ${program})
    endif()
    add_test(NAME fuzz.${name} COMMAND sh ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz.sh "${program}" ${corpus}
                                       ${HEAPWAIT_FUZZ_SECONDS} ${HEAPWAIT_FUZZ_MEGABYTES} ${FUZZ_LONGEST} ${fuzz_package})
    set_tests_properties(fuzz.${name} PROPERTIES SKIP_RETURN_CODE 77 COST ${HEAPWAIT_FUZZ_SECONDS})
endfunction()
