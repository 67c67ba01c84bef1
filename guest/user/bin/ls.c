// SPDX-License-Identifier: GPL-2.0-or-later
//
// ls: names in a directory, sorted; in columns on a terminal, one a line otherwise; -l with what fstatat(2) says.

#include "program.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct entry {
    char *name;
    struct stat status;
};

struct list {
    struct entry *entries;
    size_t count, room;
};

static struct {
    bool all, almost_all, lines, details, directory, classify, reverse;
} want;

static int status;

static void *checked(void *memory)
{
    if (!memory) {
        complain("ls", "memory exhausted");
        exit(2);
    }
    return memory;
}

static void fail(const char *path, int worse)
{
    fflush(stdout);
    fprintf(stderr, "ls: cannot access '%s': %s\n", path, strerror(errno));
    if (status < worse)
        status = worse;
}

static void add(struct list *list, const char *name, const struct stat *st)
{
    if (list->count == list->room) {
        list->room = list->room ? list->room * 2 : 32;
        list->entries = checked(realloc(list->entries, list->room * sizeof(*list->entries)));
    }
    list->entries[list->count++] = (struct entry){.name = checked(strdup(name)), .status = *st};
}

static int by_name(const void *a, const void *b)
{
    int order = strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);

    return want.reverse ? -order : order;
}

static void release(struct list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->entries[i].name);
    free(list->entries);
    *list = (struct list){0};
}

// ---- the long form ----

static void format_mode(char text[11], unsigned mode)
{
    static const struct { unsigned type; char letter; } types[] = {
        {S_IFDIR, 'd'}, {S_IFCHR, 'c'}, {S_IFBLK, 'b'}, {S_IFLNK, 'l'}, {S_IFIFO, 'p'}, {S_IFSOCK, 's'},
    };

    strcpy(text, "-rwxrwxrwx");
    for (unsigned i = 0; i < sizeof(types) / sizeof(*types); i++)
        if ((mode & S_IFMT) == types[i].type)
            text[0] = types[i].letter;
    for (int bit = 0; bit < 9; bit++)
        if (!(mode & (0400u >> bit)))
            text[1 + bit] = '-';
    if (mode & S_ISUID)
        text[3] = mode & S_IXUSR ? 's' : 'S';
    if (mode & S_ISGID)
        text[6] = mode & S_IXGRP ? 's' : 'S';
    if (mode & S_ISVTX)
        text[9] = mode & S_IXOTH ? 't' : 'T';
}

static void format_owner(char *text, size_t size, unsigned id)
{
    snprintf(text, size, id ? "%u" : "root", id);
}

// Month, day and year, UTC. Days are counted from 1 March, so that the leap day is a year's last: 400 years are 146097
// days, and months from March on repeat in five as 31 30 31 30 31.
static void format_date(char *text, size_t size, long seconds)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    long days = seconds / 86400 - (seconds % 86400 < 0) + 719468;
    long era = (days >= 0 ? days : days - 146096) / 146097;
    long of_era = days - era * 146097;
    long year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    long of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    long month = (5 * of_year + 2) / 153;
    long day = of_year - (153 * month + 2) / 5 + 1;

    month = month < 10 ? month + 2 : month - 10;    // 0 = January
    long year = year_of_era + era * 400 + (month < 2);
    snprintf(text, size, "%.3s %2ld %5ld", months + 3 * month, day, year);
}

static int digits(unsigned long number)
{
    int n = 1;

    for (; number >= 10; number /= 10)
        n++;
    return n;
}

static char type_mark(unsigned mode)
{
    return S_ISDIR(mode) ? '/' : S_ISLNK(mode) ? '@' : S_ISFIFO(mode) ? '|' : S_ISSOCK(mode) ? '=' :
           S_ISREG(mode) && mode & 0111 ? '*' : '\0';
}

static void print_name(const struct entry *entry)
{
    fputs(entry->name, stdout);
    if (want.classify && type_mark(entry->status.st_mode))
        putchar(type_mark(entry->status.st_mode));
}

static void print_details(const struct list *list)
{
    int links = 1, size = 1, owner = 1, group = 1;
    char mode[11], user[16], users[16], date[24], extent[32];

    for (size_t i = 0; i < list->count; i++) {
        const struct stat *st = &list->entries[i].status;
        bool device = S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
        int width = device ? digits(major(st->st_rdev)) + 2 + digits(minor(st->st_rdev)) :
                             digits((unsigned long)st->st_size);
        format_owner(user, sizeof(user), st->st_uid);
        format_owner(users, sizeof(users), st->st_gid);
        links = digits(st->st_nlink) > links ? digits(st->st_nlink) : links;
        size = width > size ? width : size;
        owner = (int)strlen(user) > owner ? (int)strlen(user) : owner;
        group = (int)strlen(users) > group ? (int)strlen(users) : group;
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct stat *st = &list->entries[i].status;
        format_mode(mode, st->st_mode);
        format_owner(user, sizeof(user), st->st_uid);
        format_owner(users, sizeof(users), st->st_gid);
        format_date(date, sizeof(date), st->st_mtime);
        if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
            snprintf(extent, sizeof(extent), "%u, %u", major(st->st_rdev), minor(st->st_rdev));
        else
            snprintf(extent, sizeof(extent), "%ld", (long)st->st_size);
        printf("%s %*lu %-*s %-*s %*s %s ", mode, links, (unsigned long)st->st_nlink, owner, user, group, users,
               size, extent, date);
        print_name(&list->entries[i]);
        putchar('\n');
    }
}

// ---- columns ----

static unsigned screen_width(void)
{
    struct winsize size;

    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

// Column by column, each as wide as its widest name and two blanks; the fewest rows that fit the screen.
static void print_columns(const struct list *list)
{
    size_t rows = 1, screen = screen_width(), widths[64];

    for (;; rows++) {
        size_t columns = (list->count + rows - 1) / rows, total = 0;
        if (columns > 64 && rows < list->count)
            continue;
        for (size_t c = 0; c < columns; c++) {
            widths[c] = 0;
            for (size_t i = c * rows; i < list->count && i < (c + 1) * rows; i++) {
                const struct entry *entry = &list->entries[i];
                size_t length = strlen(entry->name) + (want.classify && type_mark(entry->status.st_mode));
                widths[c] = length + 2 > widths[c] ? length + 2 : widths[c];
            }
            total += widths[c];
        }
        if (total <= screen + 2 || rows >= list->count)
            break;
    }
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = row, c = 0; i < list->count; i += rows, c++) {
            const struct entry *entry = &list->entries[i];
            print_name(entry);
            if (i + rows < list->count) {
                size_t length = strlen(entry->name) + (want.classify && type_mark(entry->status.st_mode));
                printf("%*s", (int)(widths[c] - length), "");
            }
        }
        putchar('\n');
    }
}

static void print_list(struct list *list)
{
    if (list->count)
        qsort(list->entries, list->count, sizeof(*list->entries), by_name);
    if (want.details)
        print_details(list);
    else if (want.lines)
        for (size_t i = 0; i < list->count; i++)
            print_name(&list->entries[i]), putchar('\n');
    else if (list->count)
        print_columns(list);
}

static void list_directory(const char *path)
{
    struct list list = {0};
    unsigned long blocks = 0;
    DIR *dir = opendir(path);

    if (!dir) {
        fflush(stdout);
        fprintf(stderr, "ls: cannot open directory '%s': %s\n", path, strerror(errno));
        status = 2;
        return;
    }
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct stat st = {0};
        bool dots = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
        if (entry->d_name[0] == '.' && !want.all && (!want.almost_all || dots))
            continue;
        if ((want.details || want.classify) &&
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
            fail(entry->d_name, 1);
            continue;
        }
        blocks += (unsigned long)st.st_blocks;
        add(&list, entry->d_name, &st);
    }
    closedir(dir);
    if (want.details)
        printf("total %lu\n", blocks / 2);
    print_list(&list);
    release(&list);
}

int main(int argc, char **argv)
{
    struct list files = {0}, directories = {0};
    int option;

    answer_help(argc, argv, "ls [-1AaCdFlr] [FILE]...");
    want.lines = !isatty(STDOUT_FILENO);
    while ((option = getopt(argc, argv, "1AaCdFlr")) != -1) {
        switch (option) {
        case '1': want.lines = true; break;
        case 'A': want.almost_all = true; break;
        case 'a': want.all = true; break;
        case 'C': want.lines = want.details = false; break;
        case 'd': want.directory = true; break;
        case 'F': want.classify = true; break;
        case 'l': want.details = true; break;
        case 'r': want.reverse = true; break;
        default: return 2;
        }
    }
    for (int i = optind; i < argc || i == optind; i++) {
        const char *path = i < argc ? argv[i] : ".";
        struct stat st;
        if ((want.details ? lstat(path, &st) : stat(path, &st)) < 0)
            fail(path, 2);
        else
            add(S_ISDIR(st.st_mode) && !want.directory ? &directories : &files, path, &st);
    }
    print_list(&files);
    if (directories.count)
        qsort(directories.entries, directories.count, sizeof(*directories.entries), by_name);
    for (size_t i = 0; i < directories.count; i++) {
        if (argc - optind > 1)
            printf("%s%s:\n", i || files.count ? "\n" : "", directories.entries[i].name);
        list_directory(directories.entries[i].name);
    }
    release(&files);
    release(&directories);
    return finish("ls", status);
}
