/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A line is KEY TAB VALUE TAB CRC LF: the value escaped, the CRC over what is before its tab, in four hex
 * digits. The first lines describe the job, each "step" or "point" line is one event. A last line without LF
 * or with a wrong CRC is what a power cut leaves and is forgiven; any other damage is reported. */

#include "job/journal.h"

#include "config.h"
#include "util/error.h"
#include "util/hdlc.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MAX_JOURNAL_SIZE (256 * 1024)
#define HEADER           "mm-firmware-journal"
#define FORMAT           "1"

struct _MfuJournal {
    int fd;
    char *directory;
    char *path;
    char *archive;
};

struct _MfuPortLock {
    int fd;
};

typedef struct {
    const char *key;
    gsize offset;
} Field;

static const Field fields[] = {
    { "port", G_STRUCT_OFFSET (MfuJournalRecord, port) },
    { "sysfs", G_STRUCT_OFFSET (MfuJournalRecord, sysfs) },
    { "family", G_STRUCT_OFFSET (MfuJournalRecord, family) },
    { "serial", G_STRUCT_OFFSET (MfuJournalRecord, serial) },
    { "from", G_STRUCT_OFFSET (MfuJournalRecord, from) },
    { "to", G_STRUCT_OFFSET (MfuJournalRecord, to) },
    { "package-name", G_STRUCT_OFFSET (MfuJournalRecord, package_name) },
    { "package-digest", G_STRUCT_OFFSET (MfuJournalRecord, package_digest) },
    { "plan-digest", G_STRUCT_OFFSET (MfuJournalRecord, plan_digest) },
};

static char **
field_of (MfuJournalRecord *record, const Field *field)
{
    return (char **) G_STRUCT_MEMBER_P (record, field->offset);
}

void
mfu_journal_record_free (MfuJournalRecord *record)
{
    if (record == NULL)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
        g_free (*field_of (record, &fields[i]));
    g_free (record->step);
    g_free (record);
}

/* A port is "1-2.3", or a sysfs path in a test: made one file name. */
static char *
path_for (const char *directory, const char *port, const char *suffix)
{
    g_autofree char *name = g_strconcat (port, suffix, NULL);

    g_strdelimit (name, "/", '_');
    return g_build_filename (directory, name, NULL);
}

static gboolean
sync_directory (const char *directory, GError **error)
{
    int fd = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    gboolean is_synced = fd >= 0 && fsync (fd) == 0;

    if (!is_synced)
        mfu_error_set_errno (error, errno, _ ("Cannot make the journal in %s safe"), directory);
    if (fd >= 0)
        close (fd);
    return is_synced;
}

static gboolean
write_whole (int fd, const char *data, gsize size)
{
    while (size > 0) {
        gssize n = write (fd, data, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return FALSE;
        data += n;
        size -= (gsize) n;
    }
    return TRUE;
}

static void
append_line (GString *out, const char *key, const char *value)
{
    g_autofree char *escaped = g_strescape (value, NULL);
    gsize start = out->len;

    g_string_append_printf (out, "%s\t%s", key, escaped);
    g_string_append_printf (out, "\t%04x\n",
                            mfu_hdlc_crc16 ((const guint8 *) out->str + start, out->len - start));
}

static gboolean
append (MfuJournal *journal, const GString *lines, GError **error)
{
    if (write_whole (journal->fd, lines->str, lines->len) && fdatasync (journal->fd) == 0)
        return TRUE;
    mfu_error_set_errno (error, errno,
                         _ ("Cannot write the journal %s, without which an interrupted flash could not be "
                            "finished"),
                         journal->path);
    return FALSE;
}

static gboolean
check_survives_reboot (const char *directory, GError **error)
{
    struct statfs fs;

    if (statfs (directory, &fs) < 0) {
        mfu_error_set_errno (error, errno, _ ("Cannot look at the journal's folder %s"), directory);
        return FALSE;
    }
    if (fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC)
        return TRUE;
    g_set_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
                 _ ("The journal's folder %s is in memory and would be lost in a power cut; put it on a disk "
                    "(--state-dir) "
                    "(to insist, allow: volatile-journal)."),
                 directory);
    return FALSE;
}

static gboolean
make_directory (const char *directory, GError **error)
{
    if (g_mkdir_with_parents (directory, 0700) == 0)
        return TRUE;
    mfu_error_set_errno (error, errno, _ ("Cannot make the journal's folder %s"), directory);
    return FALSE;
}

MfuJournal *
mfu_journal_begin (const char *directory, const MfuJournalRecord *record, gboolean allows_volatile,
                   GError **error)
{
    g_autoptr (MfuJournal) journal = g_new0 (MfuJournal, 1);
    g_autofree char *new_path = path_for (directory, record->port, ".new");
    g_autoptr (GString) lines = g_string_new (NULL);

    journal->fd = -1;
    journal->directory = g_strdup (directory);
    journal->path = path_for (directory, record->port, ".journal");
    journal->archive = path_for (directory, record->port, ".last");
    if (!make_directory (directory, error) || (!allows_volatile && !check_survives_reboot (directory, error)))
        return NULL;

    append_line (lines, HEADER, FORMAT);
    for (gsize i = 0; i < G_N_ELEMENTS (fields); i++) {
        const char *value = *field_of ((MfuJournalRecord *) record, &fields[i]);

        append_line (lines, fields[i].key, value != NULL ? value : "");
    }
    /* What an earlier run of the same package has checked stays true. */
    if (record->is_table_checked)
        append_line (lines, "table-checked", "yes");
    if (record->is_past_no_return)
        append_line (lines, "past-no-return", record->step != NULL ? record->step : "");
    journal->fd = open (new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (journal->fd < 0) {
        mfu_error_set_errno (error, errno, _ ("Cannot create the journal %s"), new_path);
        return NULL;
    }
    if (!append (journal, lines, error))
        return NULL;
    if (g_rename (new_path, journal->path) < 0) {
        mfu_error_set_errno (error, errno, _ ("Cannot create the journal %s"), journal->path);
        return NULL;
    }
    if (!sync_directory (directory, error))
        return NULL;
    return g_steal_pointer (&journal);
}

gboolean
mfu_journal_note (MfuJournal *journal, const char *key, const char *value, GError **error)
{
    g_autoptr (GString) line = g_string_new (NULL);

    append_line (line, key, value);
    return append (journal, line, error);
}

gboolean
mfu_journal_begin_step (MfuJournal *journal, const char *step, gboolean is_past_no_return, GError **error)
{
    return mfu_journal_note (journal, is_past_no_return ? "past-no-return" : "step", step, error);
}

gboolean
mfu_journal_end (MfuJournal *journal, const char *outcome, gboolean is_settled, GError **error)
{
    if (!mfu_journal_note (journal, "end", outcome, error))
        return FALSE;
    if (!is_settled)
        return TRUE;
    if (g_rename (journal->path, journal->archive) < 0) {
        mfu_error_set_errno (error, errno, _ ("Cannot archive the journal %s"), journal->path);
        return FALSE;
    }
    return sync_directory (journal->directory, error);
}

void
mfu_journal_free (MfuJournal *journal)
{
    if (journal == NULL)
        return;
    if (journal->fd >= 0)
        close (journal->fd);
    g_free (journal->directory);
    g_free (journal->path);
    g_free (journal->archive);
    g_free (journal);
}

/* Splits KEY TAB VALUE TAB CRC in place of `line`; FALSE when it is no such line. */
static gboolean
parse_line (const char *line, char **key, char **value)
{
    const char *crc = strrchr (line, '\t');
    const char *tab = strchr (line, '\t');
    g_autofree char *escaped = NULL;
    g_autofree char *expected = NULL;

    if (crc == NULL || tab == crc)
        return FALSE;
    expected = g_strdup_printf ("%04x", mfu_hdlc_crc16 ((const guint8 *) line, (gsize) (crc - line)));
    if (strcmp (expected, crc + 1) != 0)
        return FALSE;
    escaped = g_strndup (tab + 1, (gsize) (crc - tab - 1));
    *key = g_strndup (line, (gsize) (tab - line));
    *value = g_strcompress (escaped);
    return TRUE;
}

static void
take_event (MfuJournalRecord *record, const char *key, const char *value)
{
    for (gsize i = 0; i < G_N_ELEMENTS (fields); i++) {
        if (strcmp (fields[i].key, key) == 0) {
            g_free (*field_of (record, &fields[i]));
            *field_of (record, &fields[i]) = g_strdup (value);
            return;
        }
    }
    if (strcmp (key, "step") == 0 || strcmp (key, "past-no-return") == 0) {
        g_free (record->step);
        record->step = g_strdup (value);
    }
    if (strcmp (key, "past-no-return") == 0)
        record->is_past_no_return = TRUE;
    if (strcmp (key, "table-checked") == 0)
        record->is_table_checked = TRUE;
}

static MfuJournalRecord *
parse_journal (char *contents, const char *path, GError **error)
{
    g_autoptr (MfuJournalRecord) record = g_new0 (MfuJournalRecord, 1);
    g_auto (GStrv) lines = g_strsplit (contents, "\n", -1);
    guint n_lines = g_strv_length (lines);

    /* A file that ends by LF has an empty last piece. */
    if (n_lines > 0 && *lines[n_lines - 1] == '\0')
        n_lines--;
    for (guint i = 0; i < n_lines; i++) {
        g_autofree char *key = NULL;
        g_autofree char *value = NULL;
        gboolean is_good = parse_line (lines[i], &key, &value);

        if (is_good && i == 0)
            is_good = strcmp (key, HEADER) == 0 && strcmp (value, FORMAT) == 0;
        if (is_good) {
            take_event (record, key, value);
        } else if (i > 0 && i == n_lines - 1) {
            record->is_torn = TRUE;
        } else {
            g_set_error (error, MFU_ERROR, MFU_ERROR_IO,
                         _ ("The journal %s is damaged in line %u, or of another version; move it away."),
                         path, i + 1);
            return NULL;
        }
    }
    for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
        if (*field_of (record, &fields[i]) == NULL)
            *field_of (record, &fields[i]) = g_strdup ("");
    if (record->step == NULL)
        record->step = g_strdup ("");
    return g_steal_pointer (&record);
}

MfuJournalRecord *
mfu_journal_load (const char *directory, const char *port, GError **error)
{
    g_autofree char *path = path_for (directory, port, ".journal");
    g_autofree char *contents = g_malloc0 (MAX_JOURNAL_SIZE + 1);
    int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    gsize size = 0;

    if (fd < 0) {
        mfu_error_set_errno (error, errno, _ ("Cannot read the journal %s"), path);
        return NULL;
    }
    while (size < MAX_JOURNAL_SIZE) {
        gssize n = read (fd, contents + size, MAX_JOURNAL_SIZE - size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        size += (gsize) n;
    }
    close (fd);
    return parse_journal (contents, path, error);
}

MfuPortLock *
mfu_port_lock_take (const char *directory, const char *port, GError **error)
{
    g_autofree char *path = path_for (directory, port, ".lock");
    MfuPortLock *lock;
    int fd;

    if (!make_directory (directory, error))
        return NULL;
    fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) == 0) {
        lock = g_new0 (MfuPortLock, 1);
        lock->fd = fd;
        return lock;
    }
    if (fd >= 0 && errno == EWOULDBLOCK)
        g_set_error (error, MFU_ERROR, MFU_ERROR_BUSY,
                     _ ("The modem in port %s is being flashed by another program."), port);
    else
        mfu_error_set_errno (error, errno, _ ("Cannot lock %s"), path);
    if (fd >= 0)
        close (fd);
    return NULL;
}

void
mfu_port_lock_free (MfuPortLock *lock)
{
    if (lock == NULL)
        return;
    close (lock->fd);
    g_free (lock);
}
