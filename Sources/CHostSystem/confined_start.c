#define _GNU_SOURCE
#include "confined_start.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

int toolbox_echo_is_off(int terminal) {
  struct termios settings;
  return tcgetattr(terminal, &settings) == 0 && (settings.c_lflag & ECHO) == 0;
}

/* Only async-signal-safe calls from here on: the process that was copied had several threads. */

static void fail(int terminal, const char *what) {
  const char *reason = strerrorname_np(errno);
  const char *parts[] = {"toolbox: ", what, ": ", reason ? reason : "unknown error", "\n"};
  for (unsigned index = 0; index < sizeof parts / sizeof *parts; index++)
    if (write(terminal, parts[index], strlen(parts[index])) < 0) break;
  _exit(126);
}

static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
enum { device_count = sizeof devices / sizeof *devices };

/* A device is the host's own, shown at its place by a bind mount: that needs no right to make devices. */
static void show_device(int device, const char *name, int terminal) {
  char path[32] = "/dev/", source[64] = "/proc/self/fd/";
  char digits[12];
  int length = 0, rest = device;
  strcat(path, name);
  do digits[length++] = (char)('0' + rest % 10);
  while ((rest /= 10) > 0);
  for (size_t end = strlen(source); length > 0; end++) {
    source[end] = digits[--length];
    source[end + 1] = 0;
  }
  int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) fail(terminal, "cannot make a device in the root");
  close(file);
  if (mount(source, path, NULL, MS_BIND, NULL) != 0) fail(terminal, "cannot show a device in the root");
}

static void enter(const struct toolbox_start *start, int terminal) {
  int opened[device_count];
  /* Inside of a chroot this fails, and rightly so: what is mounted below would be seen outside of it. */
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) fail(terminal, "cannot keep mounts private");
  if (!start->root) {
    /* Its own numbers of processes need their own /proc. */
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0) fail(terminal, "cannot mount /proc");
    return;
  }
  for (int index = 0; index < device_count; index++) {
    char path[32] = "/dev/";
    strcat(path, devices[index]);
    if ((opened[index] = open(path, O_PATH | O_CLOEXEC)) < 0) fail(terminal, "cannot open a device");
  }
  if (chdir(start->root) != 0 || chroot(".") != 0 || chdir("/") != 0) fail(terminal, "cannot enter the root");
  if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
    fail(terminal, "cannot mount /proc in the root");
  if (mount("tmpfs", "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755,size=64k") != 0)
    fail(terminal, "cannot mount /dev in the root");
  for (int index = 0; index < device_count; index++) show_device(opened[index], devices[index], terminal);
  if (mkdir("/dev/pts", 0755) != 0) fail(terminal, "cannot make /dev/pts in the root");
  if (mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5") != 0)
    fail(terminal, "cannot mount /dev/pts in the root");
  if (symlink("pts/ptmx", "/dev/ptmx") != 0) fail(terminal, "cannot make /dev/ptmx in the root");
}

static void become(const struct toolbox_start *start, int terminal) {
  sigset_t none;
  struct sigaction standard;
  if (setsid() < 0 || ioctl(terminal, TIOCSCTTY, 0) != 0) fail(terminal, "cannot take the terminal");
  for (int number = 0; number <= 2; number++)
    if (dup2(terminal, number) < 0) fail(terminal, "cannot use the terminal");
  if (fchown(0, start->user, (gid_t)-1) != 0 || chdir("/") != 0) fail(2, "cannot give the terminal away");
  umask(022);
  memset(&standard, 0, sizeof standard);
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  syscall(SYS_close_range, 3U, ~0U, 0U);
  /* The calls of the kernel: those of the C library would speak to threads that are not there. */
  if (syscall(SYS_setgroups, (size_t)start->group_count, start->groups) != 0 ||
      syscall(SYS_setresgid, start->group, start->group, start->group) != 0 ||
      syscall(SYS_setresuid, start->user, start->user, start->user) != 0)
    fail(2, "cannot become the user");
  execve(start->arguments[0], start->arguments, start->environment);
  fail(2, "cannot run the program");
}

/* Process 1 of its namespace: when it ends, the kernel kills all others there. */
static void guard(const struct toolbox_start *start, int terminal) {
  int status = 0;
  pid_t program;
  /* Whatever the signals of the copied process did: a stopped or hung up toolbox ends this by dying. */
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(terminal, "cannot follow the program's end");
  setsid();
  enter(start, terminal);
  program = (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD, 0UL, 0UL, 0UL, 0UL);
  if (program < 0) fail(terminal, "cannot start a process");
  if (program == 0) become(start, terminal);
  close(terminal);
  while (1) {
    pid_t ended = waitpid(-1, &status, 0);
    if (ended == program) _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    if (ended < 0 && errno != EINTR) _exit(126);
  }
}

pid_t toolbox_start_confined(const struct toolbox_start *start, int *terminal, const char **what) {
  char name[128];
  int other = -1, saved;
  pid_t made;
  *what = "a terminal";
  *terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (*terminal < 0) return -1;
  if (grantpt(*terminal) != 0 || unlockpt(*terminal) != 0 || ptsname_r(*terminal, name, sizeof name) != 0 ||
      (other = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0)
    goto failed;
  *what = "namespaces of its own";
  made = (pid_t)syscall(SYS_clone, (unsigned long)(CLONE_NEWNS | CLONE_NEWPID | SIGCHLD), 0UL, 0UL, 0UL, 0UL);
  if (made == 0) {
    guard(start, other);
    _exit(126);
  }
  if (made < 0) goto failed;
  close(other);
  return made;
failed:
  saved = errno;
  if (other >= 0) close(other);
  close(*terminal);
  *terminal = -1;
  errno = saved;
  return -1;
}

/* A program whose output goes into a file or a pipe, without a terminal. */

static int lifted(int descriptor) { return descriptor < 0 ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, 16); }

static void become_logged(const struct toolbox_logged_start *start) {
  sigset_t none;
  struct sigaction standard;
  int output = lifted(start->output), status = lifted(start->status);
  int null = lifted(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (output < 0) _exit(126);
  if (null < 0) fail(output, "cannot open /dev/null");
  if (start->status >= 0 && status < 0) fail(output, "cannot hand over a descriptor");
  if (dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) fail(output, "cannot set up the descriptors");
  if (status >= 0 && dup2(status, 3) < 0) fail(output, "cannot hand over a descriptor");
  if (chdir("/") != 0) fail(2, "cannot enter the root");
  umask(022);
  memset(&standard, 0, sizeof standard);
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  syscall(SYS_close_range, status >= 0 ? 4U : 3U, ~0U, 0U);
  execve(start->arguments[0], start->arguments, start->environment);
  fail(2, "cannot run the program");
}

static void guard_logged(const struct toolbox_logged_start *start) {
  const struct toolbox_start place = {.root = start->root};
  const char *const policy_place = "/usr/sbin/policy-rc.d";
  int status = 0, output = start->output;
  pid_t program;
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(output, "cannot follow the program's end");
  setsid();
  enter(&place, output);
  /* Not every container allows it, and few programs miss it. */
  (void)mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL);
  if (start->policy) {
    /* Something must be there to be covered. An empty file that cannot be run is no policy, so none is left behind by a kill. */
    int made = open(policy_place, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (made < 0) fail(output, "cannot make a place for policy-rc.d");
    close(made);
    if (mount(start->policy, policy_place, NULL, MS_BIND, NULL) != 0) fail(output, "cannot show policy-rc.d");
  }
  program = (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD, 0UL, 0UL, 0UL, 0UL);
  if (program < 0) fail(output, "cannot start a process");
  if (program == 0) {
    setsid();
    become_logged(start);
  }
  while (1) {
    pid_t ended = waitpid(-1, &status, 0);
    if (ended == program) _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    if (ended < 0 && errno != EINTR) _exit(126);
  }
}

pid_t toolbox_start_logged(const struct toolbox_logged_start *start) {
  unsigned long flags = start->root ? CLONE_NEWNS | CLONE_NEWPID | SIGCHLD : SIGCHLD;
  pid_t made = (pid_t)syscall(SYS_clone, flags, 0UL, 0UL, 0UL, 0UL);
  if (made != 0) return made;
  if (start->root) guard_logged(start);
  setsid();
  become_logged(start);
  _exit(126);
}
