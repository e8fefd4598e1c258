# The password program's marks (workload/passwords/marks.h) need sys/sdt.h, which depends on no C library.  Debian
# has it in glibc's include path only: it is copied into a folder of its own, so that musl's compiler, which has
# another path, sees it and nothing else of glibc's.  Sets HEAPWAIT_USDT_FLAGS, and HEAPWAIT_USDT_ABSENT (why there
# are no marks; cached, for the tests): one of them is empty.
option(HEAPWAIT_USDT "USDT probes in the password program, where sys/sdt.h is found" ON)

set(HEAPWAIT_USDT_FLAGS "")
set(HEAPWAIT_USDT_ABSENT "they are left out by HEAPWAIT_USDT=OFF")
if(HEAPWAIT_USDT)
    find_path(HEAPWAIT_SDT_H sys/sdt.h PATH_SUFFIXES ${CMAKE_C_LIBRARY_ARCHITECTURE})
    mark_as_advanced(HEAPWAIT_SDT_H)
    set(HEAPWAIT_USDT_ABSENT "there is no sys/sdt.h (package systemtap-sdt-dev)")
    if(HEAPWAIT_SDT_H)
        set(own ${CMAKE_BINARY_DIR}/workload/sdt)
        foreach(header sdt.h sdt-config.h) # older systemtaps have no sdt-config.h
            if(EXISTS ${HEAPWAIT_SDT_H}/sys/${header})
                file(COPY ${HEAPWAIT_SDT_H}/sys/${header} DESTINATION ${own}/sys)
            endif()
        endforeach()
        set(HEAPWAIT_USDT_FLAGS -DHEAPWAIT_USDT -isystem ${own})
        set(HEAPWAIT_USDT_ABSENT "")
    endif()
endif()
set(HEAPWAIT_USDT_ABSENT "${HEAPWAIT_USDT_ABSENT}" CACHE INTERNAL "")
if(HEAPWAIT_USDT_ABSENT)
    message(STATUS "USDT probes of the password program: ${HEAPWAIT_USDT_ABSENT}")
else()
    message(STATUS "USDT probes of the password program: present")
endif()
