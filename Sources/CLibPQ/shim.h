#pragma once
#include <libpq-fe.h>
#include <sys/eventfd.h>

/// A non-blocking, close-on-exec event counter, or -1 with errno; Swift's Glibc module does not import <sys/eventfd.h>.
static inline int clibpq_event_counter(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
