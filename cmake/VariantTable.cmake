# What became of the variants, in three forms: the table that configure prints, workload/variants.tsv for the
# heapwait of this build folder, and its installed twin.  Of path and absent_reason one is empty.  The file is
# written by the build, after the programs: a build that fails leaves no file that claims anything.
get_property(rows GLOBAL PROPERTY HEAPWAIT_VARIANT_ROWS)
get_property(programs GLOBAL PROPERTY HEAPWAIT_VARIANT_PROGRAMS)

set(HEAPWAIT_VARIANTS_TSV ${CMAKE_BINARY_DIR}/workload/variants.tsv CACHE INTERNAL "")
set(table "name\tlibc\tlinkage\tallocator\tpath\tabsent_reason\n")
message(STATUS "Variants of the password program:")
foreach(row IN LISTS rows)
    string(REPLACE "\t" ";" cells "${row};") # a list drops no empty last cell when one more follows
    list(GET cells 0 name)
    list(GET cells 1 libc)
    list(GET cells 2 linkage)
    list(GET cells 3 allocator)
    list(GET cells 4 absent)
    set(path "")
    set(state "absent: ${absent}")
    if(NOT absent)
        set(path @DIR@/passwords-${name})
        set(state present)
    endif()
    string(APPEND table "${name}\t${libc}\t${linkage}\t${allocator}\t${path}\t${absent}\n")
    string(SUBSTRING "${name}                " 0 15 name)
    string(SUBSTRING "${libc}                " 0 11 libc)
    string(SUBSTRING "${linkage}             " 0 8 linkage)
    string(SUBSTRING "${allocator}           " 0 15 allocator)
    message(STATUS "  ${name} ${libc} ${linkage} ${allocator} ${state}")
endforeach()
string(REPLACE "@DIR@" "${CMAKE_BINARY_DIR}/workload" built "${table}")
file(CONFIGURE OUTPUT ${HEAPWAIT_VARIANTS_TSV}.planned CONTENT "${built}" @ONLY)

add_custom_command(
    OUTPUT ${HEAPWAIT_VARIANTS_TSV}
    COMMAND ${CMAKE_COMMAND} -E copy ${HEAPWAIT_VARIANTS_TSV}.planned ${HEAPWAIT_VARIANTS_TSV}
    DEPENDS ${programs} ${HEAPWAIT_VARIANTS_TSV}.planned
    COMMENT "Writing workload/variants.tsv"
    VERBATIM)
add_custom_target(variants ALL DEPENDS ${HEAPWAIT_VARIANTS_TSV})

install(PROGRAMS ${programs} DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/heapwait)
# Written at install time, because `cmake --install --prefix` may say another place than configure did.
install(CODE "
    set(dir [==[${CMAKE_INSTALL_LIBEXECDIR}]==])
    cmake_path(ABSOLUTE_PATH dir BASE_DIRECTORY \"\${CMAKE_INSTALL_PREFIX}\")
    string(REPLACE @DIR@ \"\${dir}/heapwait\" table [==[${table}]==])
    file(WRITE [==[${HEAPWAIT_VARIANTS_TSV}.installed]==] \"\${table}\")")
install(FILES ${HEAPWAIT_VARIANTS_TSV}.installed DESTINATION ${CMAKE_INSTALL_DATADIR}/heapwait
        RENAME variants.tsv)
