/* A disk that fails at the n-th write: preloaded, it counts what a process writes to files of one folder.
 *
 * DISK_FAULT_CONTROL names a file of four 64-bit integers that the test and every process map:
 *   [0] n of the call that fails (0: none)   [1] calls so far   [2] errno   [3] how many fail from there on
 * DISK_FAULT_FOLDER is the folder whose files count. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

static volatile int64_t *control;
static const char *folder;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("DISK_FAULT_CONTROL");
    folder = getenv("DISK_FAULT_FOLDER");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *mapped = mmap(NULL, 32, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    control = mapped == MAP_FAILED ? NULL : mapped;
    close(fd);
}

static int fails(int fd) {
    if (!control || !control[0] || !folder) return 0;
    char link[64], target[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, target, sizeof target - 1);
    if (length < 0) return 0;
    target[length] = 0;
    if (strncmp(target, folder, strlen(folder)) != 0) return 0;
    int64_t call = __atomic_add_fetch(&control[1], 1, __ATOMIC_SEQ_CST);
    if (call < control[0] || call >= control[0] + control[3]) return 0;
    errno = (int)control[2];
    return 1;
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *data, size_t n) { REAL(write); return fails(fd) ? -1 : real(fd, data, n); }
ssize_t pwrite(int fd, const void *data, size_t n, off_t at) { REAL(pwrite); return fails(fd) ? -1 : real(fd, data, n, at); }
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) { REAL(pwrite64); return fails(fd) ? -1 : real(fd, data, n, at); }
ssize_t writev(int fd, const struct iovec *v, int n) { REAL(writev); return fails(fd) ? -1 : real(fd, v, n); }
int fsync(int fd) { REAL(fsync); return fails(fd) ? -1 : real(fd); }
int fdatasync(int fd) { REAL(fdatasync); return fails(fd) ? -1 : real(fd); }
int ftruncate(int fd, off_t n) { REAL(ftruncate); return fails(fd) ? -1 : real(fd, n); }
int ftruncate64(int fd, off64_t n) { REAL(ftruncate64); return fails(fd) ? -1 : real(fd, n); }
int fallocate(int fd, int mode, off_t at, off_t n) { REAL(fallocate); return fails(fd) ? -1 : real(fd, mode, at, n); }
