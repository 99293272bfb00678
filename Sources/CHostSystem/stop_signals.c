#define _GNU_SOURCE
#include "stop_signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t noted;
static int wake[2] = {-1, -1};

/* A signal may come between a look at `noted` and the wait: the pipe keeps it. */
static void note(int number) {
  int saved = errno;
  if (!noted) noted = number;
  if (write(wake[1], "", 1) < 0) { /* The pipe is full, so the waiter wakes anyway. */
  }
  errno = saved;
}

int toolbox_catch_stop_signals(void) {
  static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
  struct sigaction action;
  if (wake[0] < 0 && pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0) return errno;
  memset(&action, 0, sizeof action);
  action.sa_handler = note; /* No SA_RESTART: what blocks is to notice. */
  for (unsigned index = 0; index < sizeof numbers / sizeof *numbers; index++) {
    struct sigaction old;
    if (sigaction(numbers[index], NULL, &old) != 0) return errno;
    if (old.sa_handler == SIG_IGN) continue; /* nohup, for one */
    if (sigaction(numbers[index], &action, NULL) != 0) return errno;
  }
  return 0;
}

int toolbox_stop_signal(void) { return noted; }

int toolbox_wait_for_stop(long milliseconds) {
  struct timespec now, end;
  clock_gettime(CLOCK_BOOTTIME, &end);
  end.tv_sec += milliseconds / 1000;
  end.tv_nsec += milliseconds % 1000 * 1000000L;
  if (end.tv_nsec >= 1000000000L) {
    end.tv_sec++;
    end.tv_nsec -= 1000000000L;
  }
  while (!noted) {
    struct pollfd place = {wake[0], POLLIN, 0};
    long left;
    clock_gettime(CLOCK_BOOTTIME, &now);
    left = (end.tv_sec - now.tv_sec) * 1000L + (end.tv_nsec - now.tv_nsec) / 1000000L;
    if (left <= 0) break;
    /* poll does not count the time of a suspend; looking once a minute is enough to notice one. */
    if (poll(&place, 1, left > 60000 ? 60000 : (int)left + 1) < 0 && errno != EINTR) break;
  }
  return noted;
}
