/* A disk without power, for tests: loaded before a server (LD_PRELOAD), it keeps beside the folder
 * CUT_LIVE a folder CUT_KEPT with what the disk holds for sure: of a file what was synced, of a
 * folder the renames and removals that were synced with it. Of what was not synced, one write in
 * four reaches it in part, whole sectors only, as a disk may choose to. A new file has its name
 * once it was synced itself (as on ext4 and XFS). After kill -9, CUT_KEPT is what a machine finds
 * whose power was cut. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SECTOR 512
#define FILES_MAX 65536

/* Opened behind our own back, so that nothing here is seen by what is below. */
#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

struct range { off_t from, to; };

struct file {
    dev_t dev;
    ino_t ino;
    char path[PATH_MAX]; /* below CUT_KEPT, where the disk has it; empty: removed */
    char live[PATH_MAX];
    int fresh;           /* never synced since it was made */
    struct range *dirty;
    size_t dirty_len, dirty_room;
};

/* A rename (to) or removal (no to) that waits for a sync of its folder. */
struct change { char folder[PATH_MAX], from[PATH_MAX], to[PATH_MAX]; struct change *next; };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file *files[FILES_MAX];
static size_t files_len;
static struct change *changes, **changes_end = &changes;
static const char *live, *kept;
static uint64_t seed = 88172645463325252u;

static void die(const char *what) {
    dprintf(2, "power cut layer: %s: %s\n", what, strerror(errno));
    abort();
}

__attribute__((constructor)) static void begin(void) {
    live = getenv("CUT_LIVE");
    kept = getenv("CUT_KEPT");
    if (live == NULL || kept == NULL) die("CUT_LIVE and CUT_KEPT");
    seed ^= (uint64_t)getpid() << 32;
}

static uint64_t chance(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed >> 8;
}

static int below(const char *path) {
    size_t len = strlen(live);
    return strncmp(path, live, len) == 0 && path[len] == '/';
}

/* Where the disk has what is at a path below CUT_LIVE. */
static void on_disk(const char *path, char *out) {
    if (snprintf(out, PATH_MAX, "%s%s", kept, path + strlen(live)) >= PATH_MAX) die("a long path");
}

static int path_of(int fd, char *out) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, out, PATH_MAX - 1);
    if (len < 0) return 0;
    out[len] = 0;
    return below(out);
}

/* The absolute form of a path whose last part need not exist; 0 when it is not below CUT_LIVE. */
static int absolute(const char *path, char *out) {
    char folder[PATH_MAX], whole[PATH_MAX];
    const char *name = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", name ? (int)(name - path) : 1, name ? path : ".");
    if (realpath(folder, whole) == NULL) return 0;
    if (snprintf(out, PATH_MAX, "%s/%s", whole, name ? name + 1 : path) >= PATH_MAX) return 0;
    return below(out);
}

static void folder_of(const char *path, char *out) {
    snprintf(out, PATH_MAX, "%.*s", (int)(strrchr(path, '/') - path), path);
}

static void make_folders(const char *path) {
    char part[PATH_MAX];
    for (const char *at = path + strlen(kept) + 1; (at = strchr(at, '/')) != NULL; at++) {
        snprintf(part, sizeof part, "%.*s", (int)(at - path), path);
        if (mkdir(part, 0700) != 0 && errno != EEXIST) die(part);
    }
}

static struct file *find(const struct stat *s) {
    for (size_t i = 0; i < files_len; i++)
        if (files[i]->ino == s->st_ino && files[i]->dev == s->st_dev) return files[i];
    return NULL;
}

static struct file *find_live(const char *path) {
    for (size_t i = 0; i < files_len; i++)
        if (files[i]->path[0] && strcmp(files[i]->live, path) == 0) return files[i];
    return NULL;
}

static void mark(struct file *file, off_t from, off_t to) {
    struct range *last = file->dirty_len ? &file->dirty[file->dirty_len - 1] : NULL;
    if (last && from <= last->to && from >= last->from) {
        if (to > last->to) last->to = to;
        return;
    }
    if (file->dirty_len == file->dirty_room) {
        file->dirty_room = file->dirty_room ? 2 * file->dirty_room : 16;
        file->dirty = realloc(file->dirty, file->dirty_room * sizeof *file->dirty);
        if (file->dirty == NULL) die("memory");
    }
    file->dirty[file->dirty_len++] = (struct range){from, to};
}

static void copy(int fd, int to, off_t from, off_t end) {
    char block[65536], name[64];
    /* It may be open for writing alone. */
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    int source = REAL(open64)(name, O_RDONLY | O_CLOEXEC);
    if (source < 0) die("read back");
    while (from < end) {
        size_t want = end - from < (off_t)sizeof block ? (size_t)(end - from) : sizeof block;
        ssize_t got = REAL(pread64)(source, block, want, from);
        if (got < 0) die("read back");
        if (got == 0) break;
        if (REAL(pwrite64)(to, block, got, from) != got) die("write what is kept");
        from += got;
    }
    close(source);
}

static int opened(int fd, int made, int cut) {
    struct stat s;
    char path[PATH_MAX];
    if (fd < 0 || fstat(fd, &s) != 0 || !S_ISREG(s.st_mode) || !path_of(fd, path)) return fd;
    pthread_mutex_lock(&lock);
    struct file *file = find(&s);
    for (size_t i = 0; file == NULL && i < files_len; i++)
        if (files[i]->path[0] == 0) file = files[i];
    if (file == NULL) {
        if (files_len == FILES_MAX) die("too many files");
        file = files[files_len++] = calloc(1, sizeof *file);
        if (file == NULL) die("memory");
    }
    if (made || file->path[0] == 0) {
        file->dev = s.st_dev;
        file->ino = s.st_ino;
        file->fresh = made;
        file->dirty_len = 0;
        strcpy(file->live, path);
        on_disk(path, file->path);
    }
    if (cut) mark(file, 0, LONG_MAX);
    pthread_mutex_unlock(&lock);
    return fd;
}

/* After a write: some of it may reach the disk at once. */
static void wrote(int fd, off_t from, off_t to) {
    struct stat s;
    if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode)) return;
    int saved = errno;
    pthread_mutex_lock(&lock);
    struct file *file = find(&s);
    if (file && file->path[0]) {
        mark(file, from, to);
        if (!file->fresh && chance() % 4 == 0) {
            off_t sectors = (to - from) / SECTOR + 1;
            off_t end = from + (off_t)(chance() % (uint64_t)sectors + 1) * SECTOR;
            int disk = REAL(open64)(file->path, O_WRONLY | O_CLOEXEC);
            if (disk >= 0) {
                copy(fd, disk, from, end < to ? end - end % SECTOR : to);
                close(disk);
            }
        }
    }
    pthread_mutex_unlock(&lock);
    errno = saved;
}

static void apply(struct change *change) {
    if (change->to[0] == 0) {
        if (REAL(unlink)(change->from) != 0 && errno != ENOENT) die(change->from);
        return;
    }
    make_folders(change->to);
    if (REAL(rename)(change->from, change->to) != 0 && errno != ENOENT) die(change->from);
    for (size_t i = 0; i < files_len; i++)
        if (strcmp(files[i]->path, change->from) == 0) strcpy(files[i]->path, change->to);
}

/* Forgets a removal that waits: another file has the name now. */
static void name_taken(const char *path) {
    for (struct change *change = changes; change; change = change->next)
        if (strcmp(change->from, path) == 0 && change->to[0] == 0) change->from[0] = 0;
}

static void synced_folder(const char *path) {
    struct change **at = &changes;
    while (*at) {
        struct change *change = *at;
        if (strcmp(change->folder, path) != 0) {
            at = &change->next;
            continue;
        }
        if (change->from[0]) apply(change);
        if (changes_end == &change->next) changes_end = at;
        *at = change->next;
        free(change);
    }
}

static void synced(int fd) {
    struct stat s;
    char path[PATH_MAX];
    int saved = errno;
    if (fstat(fd, &s) != 0) return;
    pthread_mutex_lock(&lock);
    struct file *file;
    if (S_ISDIR(s.st_mode)) {
        if (path_of(fd, path)) synced_folder(path);
    } else if (S_ISREG(s.st_mode) && (file = find(&s)) && file->path[0]) {
        if (file->fresh) {
            make_folders(file->path);
            name_taken(file->path);
        }
        int how = O_WRONLY | O_CREAT | O_CLOEXEC | (file->fresh ? O_TRUNC : 0);
        int disk = REAL(open64)(file->path, how, 0600);
        if (disk < 0) die(file->path);
        if (REAL(ftruncate64)(disk, s.st_size) != 0) die(file->path);
        for (size_t i = 0; i < file->dirty_len; i++) {
            off_t to = file->dirty[i].to < s.st_size ? file->dirty[i].to : s.st_size;
            copy(fd, disk, file->dirty[i].from, to);
        }
        file->dirty_len = 0;
        file->fresh = 0;
        close(disk);
    }
    pthread_mutex_unlock(&lock);
    errno = saved;
}

static void waits(const char *folder, const char *from, const char *to) {
    struct change *change = calloc(1, sizeof *change);
    if (change == NULL) die("memory");
    strcpy(change->folder, folder);
    strcpy(change->from, from);
    strcpy(change->to, to);
    *changes_end = change;
    changes_end = &change->next;
}

static int open_as(const char *as, int folder, const char *path, int how, mode_t mode) {
    struct stat s;
    int (*open_real)(int, const char *, int, ...) = (int (*)(int, const char *, int, ...))real(as);
    int made = (how & O_CREAT) && fstatat(folder, path, &s, 0) != 0;
    return opened(open_real(folder, path, how, mode), made, how & O_TRUNC);
}

#define MODE(how) mode_t mode = 0; if ((how) & (O_CREAT | __O_TMPFILE)) { \
    va_list more; va_start(more, how); mode = va_arg(more, mode_t); va_end(more); }

int open(const char *path, int how, ...) { MODE(how) return open_as("openat64", AT_FDCWD, path, how, mode); }
int open64(const char *path, int how, ...) { MODE(how) return open_as("openat64", AT_FDCWD, path, how, mode); }
int openat(int at, const char *path, int how, ...) { MODE(how) return open_as("openat64", at, path, how, mode); }
int openat64(int at, const char *path, int how, ...) { MODE(how) return open_as("openat64", at, path, how, mode); }

ssize_t write(int fd, const void *bytes, size_t len) {
    ssize_t n = REAL(write)(fd, bytes, len);
    off_t end;
    if (n > 0 && (end = lseek(fd, 0, SEEK_CUR)) >= n) wrote(fd, end - n, end);
    return n;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    ssize_t n = REAL(writev)(fd, parts, count);
    off_t end;
    if (n > 0 && (end = lseek(fd, 0, SEEK_CUR)) >= n) wrote(fd, end - n, end);
    return n;
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t from) {
    ssize_t n = REAL(pwrite64)(fd, bytes, len, from);
    if (n > 0) wrote(fd, from, from + n);
    return n;
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t from) { return pwrite64(fd, bytes, len, from); }

static int cut_to(int fd, off_t size, int done) {
    struct stat s;
    if (done != 0 || fstat(fd, &s) != 0) return done;
    pthread_mutex_lock(&lock);
    struct file *file = find(&s);
    if (file && file->path[0]) mark(file, size, LONG_MAX);
    pthread_mutex_unlock(&lock);
    return done;
}

int ftruncate(int fd, off_t size) { return cut_to(fd, size, REAL(ftruncate64)(fd, size)); }
int ftruncate64(int fd, off64_t size) { return cut_to(fd, size, REAL(ftruncate64)(fd, size)); }

/* First what was written before the call: what is written while it lasts is not promised. */
int fsync(int fd) {
    synced(fd);
    return REAL(fsync)(fd);
}

int fdatasync(int fd) {
    synced(fd);
    return REAL(fdatasync)(fd);
}

int unlink(const char *path) {
    char whole[PATH_MAX], folder[PATH_MAX], disk[PATH_MAX];
    int ours = absolute(path, whole);
    int done = REAL(unlink)(path);
    if (done == 0 && ours) {
        pthread_mutex_lock(&lock);
        struct file *file = find_live(whole);
        on_disk(whole, disk);
        folder_of(whole, folder);
        waits(folder, file ? file->path : disk, "");
        if (file) file->path[0] = 0;
        pthread_mutex_unlock(&lock);
    }
    return done;
}

int rename(const char *from, const char *to) {
    char old[PATH_MAX], new[PATH_MAX], folder[PATH_MAX], was[PATH_MAX], disk[PATH_MAX];
    int ours = absolute(from, old) && absolute(to, new);
    int done = REAL(rename)(from, to);
    if (done == 0 && ours) {
        pthread_mutex_lock(&lock);
        struct file *replaced = find_live(new), *file = find_live(old);
        if (replaced) replaced->path[0] = 0;
        on_disk(old, was);
        on_disk(new, disk);
        folder_of(new, folder);
        waits(folder, file ? file->path : was, disk);
        if (file) strcpy(file->live, new);
        pthread_mutex_unlock(&lock);
    }
    return done;
}
