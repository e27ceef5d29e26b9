/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A line is KEY TAB VALUE TAB CRC LF: the value escaped, the CRC over what is before its tab, in four hex
 * digits. The first lines describe the job, each "step" or "point" line is one event. A last line without LF
 * or with a wrong CRC is what a power cut leaves and is forgiven; any other damage is reported. */

#include "job/journal.h"

#include "config.h"
#include "tracker/place.h"
#include "util/error.h"
#include "util/hdlc.h"
#include "util/log.h"

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
#define SUFFIX           ".journal"
#define ARCHIVE          ".last"

/* How often a job is taken up without anybody asking. */
#define MAX_ATTEMPTS 5

struct _MfuJournal {
    int fd;
    char *directory;
    char *place;
    char *path;
    goffset size;       /* of what is known to be on the disk */
    gboolean is_broken; /* something is behind that which could not be taken away */
};

struct _MfuPortLock {
    int fd;
};

typedef struct {
    const char *key;
    gsize offset;
} Field;

static const Field fields[] = {
    { "place", G_STRUCT_OFFSET (MfuJournalRecord, place) },
    { "port", G_STRUCT_OFFSET (MfuJournalRecord, port) },
    { "family", G_STRUCT_OFFSET (MfuJournalRecord, family) },
    { "serial", G_STRUCT_OFFSET (MfuJournalRecord, serial) },
    { "from", G_STRUCT_OFFSET (MfuJournalRecord, from) },
    { "to", G_STRUCT_OFFSET (MfuJournalRecord, to) },
    { "package-name", G_STRUCT_OFFSET (MfuJournalRecord, package_name) },
    { "package-digest", G_STRUCT_OFFSET (MfuJournalRecord, package_digest) },
    { "plan-digest", G_STRUCT_OFFSET (MfuJournalRecord, plan_digest) },
    { "fingerprint", G_STRUCT_OFFSET (MfuJournalRecord, fingerprint) },
    { "allow", G_STRUCT_OFFSET (MfuJournalRecord, allow) },
    { "window", G_STRUCT_OFFSET (MfuJournalRecord, window) },
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

char *
mfu_journal_path (const char *directory, const char *place, const char *suffix)
{
    g_autofree char *name = g_strconcat (place, suffix, NULL);

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

/* A line that came to the disk in part is taken away: in front of another one it would be damage. */
static gboolean
append (MfuJournal *journal, const GString *lines, GError **error)
{
    int saved_errno = EIO;

    if (!journal->is_broken && write_whole (journal->fd, lines->str, lines->len) &&
        fdatasync (journal->fd) == 0) {
        journal->size += (goffset) lines->len;
        return TRUE;
    }
    if (!journal->is_broken) {
        saved_errno = errno;
        journal->is_broken = ftruncate (journal->fd, journal->size) < 0 ||
                             lseek (journal->fd, journal->size, SEEK_SET) != journal->size;
    }
    mfu_error_set_errno (error, saved_errno,
                         _ ("Cannot write the journal %s, without which an interrupted flash could not be "
                            "finished"),
                         journal->path);
    return FALSE;
}

gboolean
mfu_journal_check_survives (const char *directory, GError **error)
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

static GString *
first_lines (const MfuJournalRecord *record)
{
    GString *lines = g_string_new (NULL);

    append_line (lines, HEADER, FORMAT);
    for (gsize i = 0; i < G_N_ELEMENTS (fields); i++) {
        const char *value = *field_of ((MfuJournalRecord *) record, &fields[i]);

        append_line (lines, fields[i].key, value != NULL ? value : "");
    }
    if (record->n_attempts > 0) {
        g_autofree char *number = g_strdup_printf ("%u", record->n_attempts);

        append_line (lines, "attempts", number);
    }
    /* What an earlier run of the same package has checked stays true. */
    if (record->is_table_checked)
        append_line (lines, "table-checked", "yes");
    if (record->is_past_no_return || (record->step != NULL && *record->step != '\0'))
        append_line (lines, record->is_past_no_return ? "past-no-return" : "step",
                     record->step != NULL ? record->step : "");
    return lines;
}

MfuJournal *
mfu_journal_begin (const char *directory, const MfuJournalRecord *record, gboolean allows_volatile,
                   GError **error)
{
    g_autoptr (MfuJournal) journal = g_new0 (MfuJournal, 1);
    g_autofree char *new_path = mfu_journal_path (directory, record->place, ".new");
    g_autoptr (GString) lines = first_lines (record);

    journal->fd = -1;
    journal->directory = g_strdup (directory);
    journal->place = g_strdup (record->place);
    journal->path = mfu_journal_path (directory, record->place, SUFFIX);
    if (!make_directory (directory, error) ||
        (!allows_volatile && !mfu_journal_check_survives (directory, error)))
        return NULL;
    journal->fd = open (new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (journal->fd < 0) {
        mfu_error_set_errno (error, errno, _ ("Cannot create the journal %s"), new_path);
        return NULL;
    }
    if (!append (journal, lines, error)) {
        g_unlink (new_path);
        return NULL;
    }
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

void
mfu_journal_note_window (MfuJournal *journal, const char *window)
{
    g_autoptr (GError) local = NULL;

    /* Ignored because what is half-written is worse than what is not told. */
    if (!mfu_journal_note (journal, "window", window, &local))
        mfu_log (G_LOG_LEVEL_WARNING, NULL, NULL, "%s; going on without", local->message);
}

/* Makes room for one more archive and returns the path of the newest. */
static char *
rotate (const char *directory, const char *place)
{
    char *newer = NULL;

    for (guint i = MFU_JOURNAL_ARCHIVES; i > 0; i--) {
        g_autofree char *suffix = i > 1 ? g_strdup_printf (ARCHIVE ".%u", i - 1) : g_strdup (ARCHIVE);
        g_autofree char *older = newer;

        newer = mfu_journal_path (directory, place, suffix);
        /* Ignored because there are that many only with time, and one archive less is no harm. */
        if (older != NULL)
            (void) g_rename (newer, older);
    }
    return newer;
}

gboolean
mfu_journal_archive (const char *directory, const char *place, gboolean moves, GError **error)
{
    g_autofree char *path = mfu_journal_path (directory, place, SUFFIX);
    g_autofree char *archive = NULL;

    if (!mfu_journal_exists (directory, place))
        return TRUE;
    archive = rotate (directory, place);
    if ((moves ? g_rename (path, archive) : link (path, archive)) < 0) {
        mfu_error_set_errno (error, errno, _ ("Cannot archive the journal %s"), path);
        return FALSE;
    }
    return sync_directory (directory, error);
}

/* What cannot be noted any more must not keep a modem that runs from being known as such. */
gboolean
mfu_journal_end (MfuJournal *journal, const char *outcome, gboolean is_settled, GError **error)
{
    g_autoptr (GError) local = NULL;
    gboolean is_noted = mfu_journal_note (journal, "end", outcome, &local);

    if (is_settled && !mfu_journal_archive (journal->directory, journal->place, TRUE, error))
        return FALSE;
    if (!is_noted)
        g_propagate_error (error, g_steal_pointer (&local));
    return is_noted;
}

void
mfu_journal_free (MfuJournal *journal)
{
    if (journal == NULL)
        return;
    if (journal->fd >= 0)
        close (journal->fd);
    g_free (journal->directory);
    g_free (journal->place);
    g_free (journal->path);
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
    if (strcmp (key, "attempts") == 0)
        record->n_attempts = (guint) g_ascii_strtoull (value, NULL, 10);
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
                         _ ("The journal %s is damaged in line %u, or of another version, so nothing is done "
                            "to its modem without being asked for; name the package that is meant for it."),
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

gboolean
mfu_journal_exists (const char *directory, const char *place)
{
    g_autofree char *path = mfu_journal_path (directory, place, SUFFIX);

    return g_file_test (path, G_FILE_TEST_EXISTS);
}

gboolean
mfu_journal_check_automatic (const MfuJournalRecord *record, const char *port, GError **error)
{
    if (*record->serial == '\0') {
        g_set_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
                     _ ("The modem in port %s has not told its serial number before it was interrupted, so "
                        "nobody can tell it from another one; it is not taken up without being asked for."),
                     port);
        return FALSE;
    }
    if (record->n_attempts < MAX_ATTEMPTS)
        return TRUE;
    g_set_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
                 _ ("The update of the modem in port %s was taken up %u times in vain; it is not tried again "
                    "without being asked for."),
                 port, record->n_attempts);
    return FALSE;
}

char *
mfu_journal_advice (const char *port, const char *package_name, gboolean is_kept, gboolean is_silent)
{
    g_autofree char *quoted = g_shell_quote (package_name);
    g_autofree char *command = g_strdup_printf ("mmcli --firmware-recover%s%s --firmware-update-port=%s",
                                                is_kept ? "" : "=", is_kept ? "" : quoted, port);

    return g_strdup_printf (is_silent ? _ ("Take the modem's power away for ten seconds, then run: %s")
                                      : _ ("Keep the modem powered and run: %s"),
                            command);
}

/* The journal of a port in which there is nothing that would tell the place. */
static MfuJournalRecord *
find_by_port (const char *directory, const char *port)
{
    g_auto (GStrv) places = mfu_journal_list (directory);

    for (guint i = 0; places[i] != NULL; i++) {
        /* Ignored because a damaged one tells nothing here. */
        g_autoptr (MfuJournalRecord) record = mfu_journal_load (directory, places[i], NULL);

        if (record != NULL && strcmp (record->port, port) == 0)
            return g_steal_pointer (&record);
    }
    return NULL;
}

void
mfu_journal_explain_absence (const char *directory, const char *port, GError **error)
{
    g_autoptr (MfuJournalRecord) record = NULL;

    if (error == NULL || !g_error_matches (*error, MFU_ERROR, MFU_ERROR_NOT_FOUND))
        return;
    record = find_by_port (directory, port);
    if (record == NULL || *record->window == '\0')
        return;
    g_clear_error (error);
    g_set_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND,
                 _ ("There is nothing in USB port %s, and the update of its modem with %s was cut off while "
                    "%s was written, the window without a way back that the plan named: take the modem's "
                    "power away for ten seconds and run the same command again; if it stays away, no command "
                    "brings it back."),
                 port, record->package_name, record->window);
}

char **
mfu_journal_list (const char *directory)
{
    g_autoptr (GStrvBuilder) places = g_strv_builder_new ();
    g_autoptr (GDir) folder = g_dir_open (directory, 0, NULL);
    const char *name;

    while (folder != NULL && (name = g_dir_read_name (folder)) != NULL) {
        g_autofree char *place = g_strdup (name);

        if (!g_str_has_suffix (name, SUFFIX))
            continue;
        place[strlen (place) - strlen (SUFFIX)] = '\0';
        if (mfu_place_is_name (place))
            g_strv_builder_add (places, place);
        else
            mfu_log (G_LOG_LEVEL_MESSAGE, NULL, NULL,
                     "%s/%s is not the journal of any port; it is left alone", directory, name);
    }
    return g_strv_builder_end (places);
}

MfuJournalRecord *
mfu_journal_load (const char *directory, const char *place, GError **error)
{
    g_autofree char *path = mfu_journal_path (directory, place, SUFFIX);
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
mfu_port_lock_take (const char *directory, const char *place, const char *port, GError **error)
{
    g_autofree char *path = mfu_journal_path (directory, place, ".lock");
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
