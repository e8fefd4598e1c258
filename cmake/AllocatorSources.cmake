# The allocators that are built from source: where their tarballs come from and how ninja builds them.
# workload/allocators/ has the pinned list (sources.tsv) and the two scripts.  Tarballs come from the folder
# HEAPWAIT_ALLOCATOR_SOURCES when it is given, else as Debian source packages; the SHA-256 must match either way.
set(HEAPWAIT_ALLOCATOR_SOURCES ""
    CACHE PATH "folder with the allocators' tarballs; empty: fetched with apt-get")
set(HEAPWAIT_ALLOCATOR_CACHE ${CMAKE_BINARY_DIR}/workload/allocators
    CACHE PATH "where fetched tarballs and built allocators are kept; build folders may share one")

set(ALLOCATOR_SCRIPTS ${CMAKE_SOURCE_DIR}/workload/allocators)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${ALLOCATOR_SCRIPTS}/sources.tsv)

# Sets version, suite, tarball and sha256 in the caller.
macro(source_pinned package)
    file(STRINGS ${ALLOCATOR_SCRIPTS}/sources.tsv source_row REGEX "^${package}\t")
    string(REPLACE "\t" ";" source_row "${source_row}")
    list(GET source_row 1 version)
    list(GET source_row 2 suite)
    list(GET source_row 3 tarball)
    list(GET source_row 4 sha256)
endmacro()

# The tarball of a package in `path`, or the reason why there is none in `reason`.
function(source_find package path reason)
    source_pinned(${package})
    set(why "")
    if(HEAPWAIT_ALLOCATOR_SOURCES)
        set(file ${HEAPWAIT_ALLOCATOR_SOURCES}/${tarball})
        if(NOT EXISTS ${file})
            set(why "there is no ${tarball} in ${HEAPWAIT_ALLOCATOR_SOURCES}")
        else()
            file(SHA256 ${file} found)
            if(NOT found STREQUAL sha256)
                set(why "${file} is not the pinned one (SHA-256 differs)")
            endif()
        endif()
    else()
        set(file ${HEAPWAIT_ALLOCATOR_CACHE}/${tarball})
        if(NOT EXISTS ${file})
            message(STATUS "Fetching the source of ${package} ${version}")
        endif()
        execute_process(COMMAND sh ${ALLOCATOR_SCRIPTS}/fetch.sh ${package} ${version} ${suite} ${tarball} ${sha256}
                                ${HEAPWAIT_ALLOCATOR_CACHE}
                        OUTPUT_VARIABLE why OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
        if(failed AND NOT why)
            set(why "fetching ${tarball} failed: ${failed}")
        endif()
    endif()
    set(${path} ${file} PARENT_SCOPE)
    set(${reason} "${why}" PARENT_SCOPE)
endfunction()

# What apt's lists weigh, 60 MB, is not worth keeping.
function(source_finish)
    file(REMOVE_RECURSE ${HEAPWAIT_ALLOCATOR_CACHE}/apt)
endfunction()

# Adds the command that builds `name` from the source of `package`, once.  Sets <name>_FILE (what the build
# leaves), <name>_VERSION (upstream's) and <name>_ABSENT (the reason, or nothing).
macro(allocator_build name package cc file)
    source_pinned(${package})
    string(REGEX REPLACE "^([0-9.]+).*" "\\1" ${name}_VERSION ${version})
    set(prefix ${HEAPWAIT_ALLOCATOR_CACHE}/${name})
    set(${name}_FILE ${prefix}/${file})
    source_find(${package} ${name}_TARBALL ${name}_ABSENT)
    if(${name}_ABSENT)
        set(${name}_ABSENT "no source of ${package} ${version}: ${${name}_ABSENT}")
    elseif(NOT absent)
        add_custom_command(
            OUTPUT ${${name}_FILE}
            COMMAND sh ${ALLOCATOR_SCRIPTS}/build.sh ${name} ${${name}_TARBALL} ${prefix} ${cc}
            COMMAND ${CMAKE_COMMAND} -E touch ${${name}_FILE}
            DEPENDS ${${name}_TARBALL} ${ALLOCATOR_SCRIPTS}/build.sh
            COMMENT "Building ${name} ${version} from source (a minute or two; log: ${prefix}.log)"
            VERBATIM)
    endif()
endmacro()
