# Fuzz targets: tests/fuzz/fuzz_NAME.c defines LLVMFuzzerTestOneInput(), tests/fuzz/corpus-FOLDER holds its seeds.
#
#   heapwait_fuzz(NAME CORPUS folder SOURCES file... [LIBRARIES flag...])
#
# makes of each two tests.  fuzz.NAME_corpus replays the seeds, with whatever compiler builds the rest (so also
# in the sanitized build); fuzz.NAME lets libFuzzer look for more, for HEAPWAIT_FUZZ_SECONDS, under ASan and
# UBSan, with a cap on memory.  It is compiled by clang of its own: libFuzzer is clang's.  SOURCES are relative to the
# root of the tree.  The sanitized build leaves fuzz.NAME out: it would be the same program again.
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

function(heapwait_fuzz name)
    cmake_parse_arguments(FUZZ "" "CORPUS" "SOURCES;LIBRARIES" ${ARGN})
    set(target ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_${name}.c)
    set(corpus ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus-${FUZZ_CORPUS})
    list(TRANSFORM FUZZ_SOURCES PREPEND ${CMAKE_SOURCE_DIR}/)

    add_executable(replay_${name} ${target} ${CMAKE_SOURCE_DIR}/tests/fuzz/replay.c ${FUZZ_SOURCES})
    target_link_libraries(replay_${name} PRIVATE heapwait_settings ${FUZZ_LIBRARIES})
    add_test(NAME fuzz.${name}_corpus COMMAND replay_${name} ${corpus})

    if(HEAPWAIT_SANITIZE)
        return()
    endif()
    if(NOT fuzz_missing)
        set(program ${CMAKE_CURRENT_BINARY_DIR}/fuzz_${name})
        file(GLOB_RECURSE headers ${GLOB_AGAIN} ${CMAKE_SOURCE_DIR}/probes/*.h ${CMAKE_SOURCE_DIR}/analysis/*.h)
        add_custom_command(
            OUTPUT ${program}
            COMMAND ${BPF_CLANG} -std=c17 -g -O1 -D_GNU_SOURCE ${fuzz_flags} -fno-omit-frame-pointer
                    -I ${CMAKE_SOURCE_DIR} ${target} ${FUZZ_SOURCES} ${FUZZ_LIBRARIES} -o ${program}
            DEPENDS ${target} ${FUZZ_SOURCES} ${headers}
            COMMENT "fuzz target ${name}"
            VERBATIM)
        add_custom_target(fuzz_${name}_build ALL DEPENDS ${program})
    endif()
    add_test(NAME fuzz.${name} COMMAND sh ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz.sh "${program}" ${corpus}
                                       ${HEAPWAIT_FUZZ_SECONDS} ${HEAPWAIT_FUZZ_MEGABYTES} ${fuzz_package})
    set_tests_properties(fuzz.${name} PROPERTIES SKIP_RETURN_CODE 77 COST ${HEAPWAIT_FUZZ_SECONDS})
endfunction()
