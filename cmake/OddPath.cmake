# A checkout may lie in any path: blanks, quotes, an apostrophe.  Most of CMake bears that; what doesn't is here.
# What is left: with a quote in the path ninja can't read what headers a file depends on, and builds all each time.

# Include this before project(): CMake's own trials of a compiler are projects in which it doesn't quote their paths,
# so that with a quote or a backslash in one they fail, and even write beside it.  There the compiler is taken as it is.
if(CMAKE_BINARY_DIR MATCHES "[\"\\]")
    set(CMAKE_C_COMPILER_FORCED TRUE)
endif()

# file(GLOB ${GLOB_AGAIN}...): CMake looks again at each build, by a script in which it doesn't quote paths either.
set(GLOB_AGAIN CONFIGURE_DEPENDS)
if(CMAKE_C_COMPILER_FORCED)
    set(GLOB_AGAIN "")
endif()

# After project(): what CMake would have found out by them.
macro(compiler_ask)
    execute_process(COMMAND ${CMAKE_C_COMPILER} -print-multiarch OUTPUT_VARIABLE CMAKE_LIBRARY_ARCHITECTURE
                    OUTPUT_STRIP_TRAILING_WHITESPACE)
    execute_process(COMMAND ${CMAKE_C_COMPILER} -dM -E -x c /dev/null OUTPUT_VARIABLE compiler_macros)
    string(REGEX MATCH "__SIZEOF_POINTER__ ([0-9]+)" _ "${compiler_macros}")
    set(CMAKE_SIZEOF_VOID_P ${CMAKE_MATCH_1})
    set(CMAKE_C_SIZEOF_DATA_PTR ${CMAKE_MATCH_1})
    set(CMAKE_C_LIBRARY_ARCHITECTURE ${CMAKE_LIBRARY_ARCHITECTURE})
    set(CMAKE_C_IMPLICIT_INCLUDE_DIRECTORIES /usr/include/${CMAKE_LIBRARY_ARCHITECTURE} /usr/include)
endmacro()

# At the end: in the scripts by which CMake tests and installs it doesn't quote all paths.  The build puts that right.
macro(scripts_quote)
    add_custom_target(
        scripts_quoted ALL
        COMMAND ${CMAKE_COMMAND} "-DSOURCE=${CMAKE_SOURCE_DIR}" "-DBUILD=${CMAKE_BINARY_DIR}"
                -P ${CMAKE_SOURCE_DIR}/cmake/quote_scripts.cmake
        VERBATIM)
endmacro()

# target_strings(TARGET NAME=TEXT...): macros that are strings of C, whatever the texts hold.  No generator expressions.
function(target_strings target)
    foreach(definition IN LISTS ARGN)
        string(REGEX MATCH "^[A-Z_]+=" name "${definition}")
        string(REPLACE "${name}" "" text "${definition}")
        string(REGEX REPLACE "([\"\\])" "\\\\\\1" text "${text}")
        target_compile_definitions(${target} PRIVATE "${name}\"${text}\"")
    endforeach()
endfunction()
