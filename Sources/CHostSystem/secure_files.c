#define _GNU_SOURCE
#include "secure_files.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000U
#endif
#ifndef STATX_ATTR_ENCRYPTED
#define STATX_ATTR_ENCRYPTED 0x800
#endif
#ifndef F_OFD_SETLK
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#endif

int toolbox_look(int directory, const char *name, struct toolbox_place *place) {
  struct statx found;
  int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*name ? 0 : AT_EMPTY_PATH);
  memset(&found, 0, sizeof found);
  memset(place, 0, sizeof *place);
  if (syscall(SYS_statx, directory, name, flags, STATX_BASIC_STATS | STATX_MNT_ID, &found) != 0) return -1;
  place->device = makedev(found.stx_dev_major, found.stx_dev_minor);
  place->inode = found.stx_ino;
  /* The field that older headers do not name stands behind the device numbers. */
  if (found.stx_mask & STATX_MNT_ID) memcpy(&place->mount, (const char *)&found + 0x90, sizeof place->mount);
  place->size = (int64_t)found.stx_size;
  place->mode = found.stx_mode;
  place->user = found.stx_uid;
  place->group = found.stx_gid;
  place->links = found.stx_nlink;
  place->encrypted = (found.stx_attributes & STATX_ATTR_ENCRYPTED) != 0;
  return 0;
}

int toolbox_rename_exclusive(int from, const char *name, int to, const char *new_name) {
  return (int)syscall(SYS_renameat2, from, name, to, new_name, RENAME_NOREPLACE);
}

int toolbox_lock_file(int descriptor, int *holder) {
  struct flock lock;
  int saved;
  memset(&lock, 0, sizeof lock);
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  *holder = 0;
  if (fcntl(descriptor, F_OFD_SETLK, &lock) == 0) return 0;
  saved = errno == EACCES ? EAGAIN : errno;
  if (saved == EAGAIN && fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0)
    *holder = lock.l_pid;
  errno = saved;
  return -1;
}

int toolbox_copy_attributes(int from, int to) {
  char *names = NULL, *value = NULL;
  ssize_t size = flistxattr(from, NULL, 0);
  int result = -1;
  if (size < 0) return errno == ENOTSUP || errno == EOPNOTSUPP ? 0 : -1;
  if (size == 0) return 0;
  if (!(names = malloc((size_t)size)) || !(value = malloc(65536))) goto end;
  if ((size = flistxattr(from, names, (size_t)size)) < 0) goto end;
  for (const char *name = names; name < names + size; name += strlen(name) + 1) {
    ssize_t length = fgetxattr(from, name, value, 65536);
    if (length < 0) goto end;
    if (fsetxattr(to, name, value, (size_t)length, 0) != 0) goto end;
  }
  result = 0;
end:
  free(names);
  free(value);
  return result;
}

int toolbox_random(void *buffer, size_t size) {
  char *next = buffer;
  while (size > 0) {
    ssize_t got = getrandom(next, size, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    next += got;
    size -= (size_t)got;
  }
  return 0;
}

int toolbox_hash_password(const char *password, const char *prefix, char *hash, size_t size) {
  /* crypt.h of libxcrypt, whose two *_ra functions allocate what they need. */
  typedef char *(*salt_function)(const char *, unsigned long, const char *, int);
  typedef char *(*crypt_function)(const char *, const char *, void **, int *);
  void *library = dlopen("libcrypt.so.1", RTLD_NOW | RTLD_LOCAL);
  void *data = NULL;
  char *salt = NULL, *result = NULL;
  int data_size = 0, outcome = -2;
  salt_function make_salt;
  crypt_function make_hash;
  if (!library) library = dlopen("libcrypt.so.2", RTLD_NOW | RTLD_LOCAL);
  if (!library) return -1;
  make_salt = (salt_function)dlsym(library, "crypt_gensalt_ra");
  make_hash = (crypt_function)dlsym(library, "crypt_ra");
  if (make_salt && make_hash && (salt = make_salt(prefix, 0, NULL, 0))) {
    result = make_hash(password, salt, &data, &data_size);
    /* A hash of failure begins with an asterisk. */
    if (result && result[0] == '$' && strlen(result) < size) {
      strcpy(hash, result);
      outcome = 0;
    }
  }
  if (data) {
    explicit_bzero(data, (size_t)data_size);
    free(data);
  }
  free(salt);
  dlclose(library);
  return outcome;
}
