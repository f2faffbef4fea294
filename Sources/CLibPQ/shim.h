#pragma once
#include <libpq-fe.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

/// A non-blocking, close-on-exec event counter, or -1 with errno; Swift's Glibc module does not import <sys/eventfd.h>.
static inline int clibpq_event_counter(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

/// Names the calling thread as `ps -L` and debuggers show it (15 bytes at most); prctl is variadic, which Swift cannot call.
static inline void clibpq_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
