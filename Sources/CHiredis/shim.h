#pragma once
#include <hiredis/hiredis.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

/// Opens a non-blocking, close-on-exec event counter; -1 with errno when the system refuses.
static inline int meridian_eventfd_open(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

/// Adds one to the counter, which makes it readable; -1 with errno on failure.
static inline int meridian_eventfd_signal(int fd) { return eventfd_write(fd, 1); }

/// Sets the counter back to zero; -1 with EAGAIN when it already was.
static inline int meridian_eventfd_drain(int fd) {
  eventfd_t value;
  return eventfd_read(fd, &value);
}

/// Names the calling thread for debuggers and top(1); at most 15 bytes are kept. Cosmetic, so nothing is returned.
static inline void meridian_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
