#define _GNU_SOURCE
#include "processes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int hand_over(posix_spawn_file_actions_t *actions, int descriptor, int number) {
  if (descriptor >= 0) return posix_spawn_file_actions_adddup2(actions, descriptor, number);
  return posix_spawn_file_actions_addopen(actions, number, "/dev/null", number == 0 ? O_RDONLY : O_WRONLY, 0);
}

int toolbox_start_program(const struct toolbox_spawn *start, pid_t *process) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, standard;
  short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  int code = posix_spawn_file_actions_init(&actions);
  if (code != 0) return code;
  code = posix_spawnattr_init(&attributes);
  if (code != 0) goto without_attributes;
  sigemptyset(&none);
  sigemptyset(&standard);
  sigaddset(&standard, SIGPIPE);
  if (start->has_own_session) flags |= POSIX_SPAWN_SETSID;
  if ((code = posix_spawnattr_setflags(&attributes, flags)) != 0 ||
      (code = posix_spawnattr_setsigmask(&attributes, &none)) != 0 ||
      (code = posix_spawnattr_setsigdefault(&attributes, &standard)) != 0 ||
      (code = hand_over(&actions, start->input, 0)) != 0 || (code = hand_over(&actions, start->output, 1)) != 0 ||
      (code = hand_over(&actions, start->errors, 2)) != 0 ||
      (code = posix_spawn_file_actions_addclosefrom_np(&actions, 3)) != 0)
    goto done;
  code = posix_spawn(
      process, start->path, &actions, &attributes, start->arguments, start->environment ? start->environment : environ);
done:
  posix_spawnattr_destroy(&attributes);
without_attributes:
  posix_spawn_file_actions_destroy(&actions);
  return code;
}

int toolbox_process_handle(pid_t process) {
#ifdef SYS_pidfd_open
  return (int)syscall(SYS_pidfd_open, process, 0U);
#else
  (void)process;
  errno = ENOSYS;
  return -1;
#endif
}

int toolbox_has_ended(pid_t process) {
  siginfo_t information;
  information.si_pid = 0;
  /* A process that is not there any more counts as ended. */
  return waitid(P_PID, (id_t)process, &information, WEXITED | WNOHANG | WNOWAIT) != 0 ? errno != EINTR
                                                                                      : information.si_pid != 0;
}

int toolbox_memory_file(const void *bytes, size_t size) {
  const char *next = bytes;
  int saved, file = memfd_create("toolbox", MFD_CLOEXEC);
  if (file < 0) return -1;
  while (size > 0) {
    ssize_t written = write(file, next, size);
    if (written < 0) {
      if (errno == EINTR) continue;
      goto failed;
    }
    next += written;
    size -= (size_t)written;
  }
  if (lseek(file, 0, SEEK_SET) == 0) return file;
failed:
  saved = errno;
  close(file);
  errno = saved;
  return -1;
}

int toolbox_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }
