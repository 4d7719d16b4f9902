/* Preloaded: below one folder the Nth call that changes the disk fails, and all after it when asked. Linux only. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static char folder[4096];
static long counted, failing;
static int ever_after;

void disk_fails(const char *where, long nth, int for_ever) {
    counted = 0;
    failing = nth;
    ever_after = for_ever;
    strncpy(folder, where, sizeof folder - 1);
}

long disk_mended(void) {
    folder[0] = 0;
    return counted;
}

static int struck(const char *path) {
    if (!folder[0] || !path || strncmp(path, folder, strlen(folder)))
        return 0;
    long number = __sync_add_and_fetch(&counted, 1);
    return failing && (number == failing || (ever_after && number > failing));
}

static int struck_file(int file) {
    char link[64], path[4096];
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = folder[0] ? readlink(link, path, sizeof path - 1) : -1;
    errno = before;
    if (length < 0)
        return 0;
    path[length] = 0;
    return struck(path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL(code) do { errno = code; return -1; } while (0)

ssize_t write(int file, const void *data, size_t size) {
    if (struck_file(file)) FAIL(ENOSPC);
    return REAL(write)(file, data, size);
}
ssize_t writev(int file, const struct iovec *parts, int number) {
    if (struck_file(file)) FAIL(ENOSPC);
    return REAL(writev)(file, parts, number);
}
ssize_t pwrite64(int file, const void *data, size_t size, off64_t at) {
    if (struck_file(file)) FAIL(ENOSPC);
    return REAL(pwrite64)(file, data, size, at);
}
int fsync(int file) {
    if (struck_file(file)) FAIL(EIO);
    return REAL(fsync)(file);
}
int fdatasync(int file) {
    if (struck_file(file)) FAIL(EIO);
    return REAL(fdatasync)(file);
}
int mkdir(const char *path, mode_t mode) {
    if (struck(path)) FAIL(ENOSPC);
    return REAL(mkdir)(path, mode);
}
int rename(const char *from, const char *to) {
    if (struck(to)) FAIL(ENOSPC);
    return REAL(rename)(from, to);
}
int link(const char *from, const char *to) {
    if (struck(to)) FAIL(ENOSPC);
    return REAL(link)(from, to);
}
int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    if (struck(to)) FAIL(ENOSPC);
    return REAL(linkat)(from_folder, from, to_folder, to, flags);
}
int open64(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = va_arg(more, mode_t);
    va_end(more);
    if ((flags & O_CREAT) && struck(path)) FAIL(ENOSPC);
    return REAL(open64)(path, flags, mode);
}
int openat64(int at, const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = va_arg(more, mode_t);
    va_end(more);
    if ((flags & O_CREAT) && struck(path)) FAIL(ENOSPC);
    return REAL(openat64)(at, path, flags, mode);
}
