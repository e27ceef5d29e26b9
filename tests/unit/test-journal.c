/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What a journal says after every way in which writing it can end. */

#include "job/journal.h"
#include "job/kept.h"

#include "util/error.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACE "pci0000:00+0000:00:14.0+port2.3"

typedef struct {
    char *directory;
    char *path;
    char *archive;
} Fixture;

static const MfuJournalRecord sample = {
    .place = (char *) PLACE,
    .port = (char *) "1-2.3",
    .family = (char *) "mdm9x07",
    .from = (char *) "EC25EFAR06A05M4G",
    .to = (char *) "EC25EFAR06A08M4G",
    .package_name = (char *) "a\tname\nwith \"all\" of it \xc3\xa4.zip",
    .package_digest = (char *) "00ff",
    .plan_digest = (char *) "11ee",
};

static void
set_up (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;

    fixture->directory = g_dir_make_tmp ("mfu-journal-XXXXXX", &error);
    g_assert_no_error (error);
    fixture->path = g_build_filename (fixture->directory, PLACE ".journal", NULL);
    fixture->archive = g_build_filename (fixture->directory, PLACE ".last", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
    g_unlink (fixture->path);
    g_unlink (fixture->archive);
    g_chmod (fixture->directory, 0700);
    g_rmdir (fixture->directory);
    g_free (fixture->directory);
    g_free (fixture->path);
    g_free (fixture->archive);
}

static MfuJournal *
begin (Fixture *fixture)
{
    g_autoptr (GError) error = NULL;
    MfuJournal *journal = mfu_journal_begin (fixture->directory, &sample, TRUE, &error);

    g_assert_no_error (error);
    return journal;
}

static void
begin_step (MfuJournal *journal, const char *step, gboolean is_past_no_return)
{
    g_autoptr (GError) error = NULL;

    g_assert_true (mfu_journal_begin_step (journal, step, is_past_no_return, &error));
    g_assert_no_error (error);
}

static void
test_round_trip (Fixture *fixture, gconstpointer data)
{
    g_autoptr (MfuJournal) journal = begin (fixture);
    g_autoptr (MfuJournalRecord) record = NULL;
    g_autoptr (GError) error = NULL;

    begin_step (journal, "switch", FALSE);
    g_assert_true (mfu_journal_note (journal, "serial", "0badcafe", &error));
    record = mfu_journal_load (fixture->directory, PLACE, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (record->package_name, ==, sample.package_name);
    g_assert_cmpstr (record->place, ==, sample.place);
    g_assert_cmpstr (record->port, ==, sample.port);
    g_assert_cmpstr (record->serial, ==, "0badcafe");
    g_assert_cmpstr (record->step, ==, "switch");
    g_assert_false (record->is_past_no_return);
    g_assert_false (record->is_torn);
    g_clear_pointer (&record, mfu_journal_record_free);

    begin_step (journal, "erase", TRUE);
    record = mfu_journal_load (fixture->directory, PLACE, &error);
    g_assert_no_error (error);
    g_assert_true (record->is_past_no_return);
    g_assert_cmpstr (record->step, ==, "erase");
}

static void
test_end (Fixture *fixture, gconstpointer data)
{
    g_autoptr (MfuJournal) journal = begin (fixture);
    g_autoptr (MfuJournalRecord) record = NULL;
    g_autoptr (GError) error = NULL;

    g_assert_true (mfu_journal_end (journal, "needs-recovery", FALSE, &error));
    g_assert_true (g_file_test (fixture->path, G_FILE_TEST_EXISTS));
    g_assert_true (mfu_journal_end (journal, "done", TRUE, &error));
    g_assert_false (g_file_test (fixture->path, G_FILE_TEST_EXISTS));
    g_assert_true (g_file_test (fixture->archive, G_FILE_TEST_EXISTS));
    record = mfu_journal_load (fixture->directory, PLACE, &error);
    g_assert_null (record);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND);
}

/* Archives move up one place each, and the oldest goes. */
static void
test_archives (Fixture *fixture, gconstpointer data)
{
    static const char *const outcomes[] = { "one", "two", "three", "four", "five" };
    static const char *const left[] = { "", ".1", ".2", ".3" };
    g_autoptr (GError) error = NULL;
    g_autofree char *too_old = g_strconcat (fixture->archive, ".4", NULL);

    for (gsize i = 0; i < G_N_ELEMENTS (outcomes); i++) {
        g_autoptr (MfuJournal) journal = begin (fixture);

        g_assert_true (mfu_journal_end (journal, outcomes[i], TRUE, &error));
    }
    g_assert_cmpuint (G_N_ELEMENTS (left), ==, MFU_JOURNAL_ARCHIVES);
    for (gsize i = 0; i < G_N_ELEMENTS (left); i++) {
        g_autofree char *path = g_strconcat (fixture->archive, left[i], NULL);
        g_autofree char *contents = NULL;

        g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
        g_assert_nonnull (strstr (contents, outcomes[G_N_ELEMENTS (outcomes) - 1 - i]));
        g_unlink (path);
    }
    g_assert_false (g_file_test (too_old, G_FILE_TEST_EXISTS));
}

static void
set_largest_file (rlim_t size)
{
    struct rlimit limit;

    g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
    limit.rlim_cur = MIN (size, limit.rlim_max);
    g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

/* A disk that is full at each byte of a line, and then is not: what was written in part is no damage later.
 */
static void
test_full_for_a_while (Fixture *fixture, gconstpointer data)
{
    g_autoptr (MfuJournal) journal = begin (fixture);
    g_autofree char *contents = NULL;
    gsize size;

    signal (SIGXFSZ, SIG_IGN);
    g_assert_true (g_file_get_contents (fixture->path, &contents, &size, NULL));
    for (gsize more = 0; more < 20; more++) {
        g_autoptr (MfuJournalRecord) record = NULL;
        g_autoptr (GError) error = NULL;

        set_largest_file (size + more);
        g_assert_false (mfu_journal_begin_step (journal, "a step of many bytes", FALSE, &error));
        set_largest_file (RLIM_INFINITY);
        g_assert_error (error, MFU_ERROR, MFU_ERROR_IO);
        g_clear_error (&error);
        record = mfu_journal_load (fixture->directory, PLACE, &error);
        g_assert_no_error (error);
        g_assert_cmpstr (record->step, ==, "");
        g_assert_false (record->is_torn);
    }
    begin_step (journal, "erase", TRUE);
    begin_step (journal, "write", TRUE);
    {
        g_autoptr (GError) error = NULL;
        g_autoptr (MfuJournalRecord) record = mfu_journal_load (fixture->directory, PLACE, &error);

        g_assert_no_error (error);
        g_assert_cmpstr (record->step, ==, "write");
    }
}

/* What is counted, allowed and checked goes on into the next run's journal. */
static void
test_taken_over (Fixture *fixture, gconstpointer data)
{
    MfuJournalRecord record = sample;
    g_autoptr (MfuJournal) journal = NULL;
    g_autoptr (MfuJournalRecord) loaded = NULL;
    g_autoptr (GError) error = NULL;
    g_auto (GStrv) places = NULL;

    record.n_attempts = 3;
    record.allow = (char *) "downgrade,project";
    record.fingerprint = (char *) "77aa";
    record.step = (char *) "seal";
    record.is_past_no_return = TRUE;
    journal = mfu_journal_begin (fixture->directory, &record, TRUE, &error);
    g_assert_no_error (error);
    loaded = mfu_journal_load (fixture->directory, PLACE, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (loaded->n_attempts, ==, 3);
    g_assert_cmpstr (loaded->allow, ==, "downgrade,project");
    g_assert_cmpstr (loaded->fingerprint, ==, "77aa");
    g_assert_cmpstr (loaded->step, ==, "seal");
    g_assert_true (loaded->is_past_no_return);
    places = mfu_journal_list (fixture->directory);
    g_assert_cmpuint (g_strv_length (places), ==, 1);
    g_assert_cmpstr (places[0], ==, PLACE);
}

/* What is not named after a socket is nobody's journal, and stays where it is. */
static void
test_strays (Fixture *fixture, gconstpointer data)
{
    static const char *const strays[] = { "1-2.journal", ".journal",        "port2.journal",
                                          "a+b.journal", "1-2.package",     "a+port2.3.package.new",
                                          "1-2.last",    "a+port2..journal" };
    g_autoptr (MfuJournal) journal = begin (fixture);
    g_auto (GStrv) places = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS (strays); i++) {
        g_autofree char *path = g_build_filename (fixture->directory, strays[i], NULL);

        g_assert_true (g_file_set_contents (path, "mm-firmware-journal\t1\n", -1, NULL));
    }
    places = mfu_journal_list (fixture->directory);
    g_assert_cmpuint (g_strv_length (places), ==, 1);
    g_assert_cmpstr (places[0], ==, PLACE);
    mfu_kept_clean_up (fixture->directory);
    for (gsize i = 0; i < G_N_ELEMENTS (strays); i++) {
        g_autofree char *path = g_build_filename (fixture->directory, strays[i], NULL);
        gboolean is_ours = g_str_has_prefix (strays[i], "a+port2.3");

        g_assert_cmpint (g_file_test (path, G_FILE_TEST_EXISTS), ==, !is_ours);
        g_unlink (path);
    }
    {
        g_autofree char *lock = g_build_filename (fixture->directory, "a+port2.3.lock", NULL);

        g_assert_cmpint (g_unlink (lock), ==, 0);
    }
}

/* A power cut at every byte of the file: the record is whole, or torn by its last line, never wrong. */
static void
test_every_cut (Fixture *fixture, gconstpointer data)
{
    g_autoptr (MfuJournal) journal = begin (fixture);
    g_autofree char *contents = NULL;
    g_autoptr (GError) error = NULL;
    gsize header_size, size;

    g_assert_true (g_file_get_contents (fixture->path, &contents, &header_size, &error));
    g_clear_pointer (&contents, g_free);
    begin_step (journal, "switch", FALSE);
    begin_step (journal, "erase", TRUE);
    g_assert_true (g_file_get_contents (fixture->path, &contents, &size, &error));

    for (gsize cut = header_size; cut <= size; cut++) {
        g_autoptr (MfuJournalRecord) record = NULL;
        gboolean is_whole_line = contents[cut - 1] == '\n';

        g_assert_true (g_file_set_contents (fixture->path, contents, (gssize) cut, &error));
        record = mfu_journal_load (fixture->directory, PLACE, &error);
        g_assert_no_error (error);
        g_assert_cmpstr (record->package_digest, ==, "00ff");
        /* Only the line feed is missing: the line is known to be whole by its CRC. */
        if (cut < size && contents[cut] == '\n')
            is_whole_line = TRUE;
        g_assert_cmpint (record->is_torn, ==, !is_whole_line);
        g_assert_cmpint (record->is_past_no_return, ==, cut >= size - 1);
    }
}

static void
test_damage (Fixture *fixture, gconstpointer data)
{
    g_autoptr (MfuJournal) journal = begin (fixture);
    g_autoptr (MfuJournalRecord) record = NULL;
    g_autofree char *contents = NULL;
    g_autoptr (GError) error = NULL;
    gsize size;

    g_assert_true (g_file_get_contents (fixture->path, &contents, &size, &error));
    *strstr (contents, "mdm9x07") = 'M';
    g_assert_true (g_file_set_contents (fixture->path, contents, (gssize) size, &error));
    record = mfu_journal_load (fixture->directory, PLACE, &error);
    g_assert_null (record);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_IO);
    g_assert_nonnull (strstr (error->message, "line 4"));
}

static void
test_disk_full (void)
{
    g_autoptr (MfuJournal) journal = NULL;
    g_autoptr (GError) error = NULL;

    /* A folder that cannot be made stands for every error before the first step. */
    journal = mfu_journal_begin ("/proc/nowhere", &sample, TRUE, &error);
    g_assert_null (journal);
    g_assert_nonnull (error);
    g_assert_true (error->domain == MFU_ERROR);
}

static void
test_volatile (void)
{
    g_autoptr (MfuJournal) journal = NULL;
    g_autoptr (GError) error = NULL;

    if (!g_file_test ("/dev/shm", G_FILE_TEST_IS_DIR)) {
        g_test_skip ("no /dev/shm here");
        return;
    }
    journal = mfu_journal_begin ("/dev/shm/mfu-test-journal", &sample, FALSE, &error);
    g_assert_null (journal);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED);
    g_assert_nonnull (strstr (error->message, "volatile-journal"));
    g_assert_cmpint (g_rmdir ("/dev/shm/mfu-test-journal"), ==, 0);
}

static void
test_lock (Fixture *fixture, gconstpointer data)
{
    g_autoptr (MfuPortLock) first = NULL;
    g_autoptr (MfuPortLock) second = NULL;
    g_autofree char *path = g_build_filename (fixture->directory, PLACE ".lock", NULL);
    g_autoptr (GError) error = NULL;

    first = mfu_port_lock_take (fixture->directory, PLACE, "1-2.3", &error);
    g_assert_no_error (error);
    second = mfu_port_lock_take (fixture->directory, PLACE, "1-2.3", &error);
    g_assert_null (second);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_BUSY);
    g_assert_nonnull (strstr (error->message, "port 1-2.3"));
    g_clear_error (&error);
    g_clear_pointer (&first, mfu_port_lock_free);
    second = mfu_port_lock_take (fixture->directory, PLACE, "1-2.3", &error);
    g_assert_no_error (error);
    g_assert_nonnull (second);
    g_unlink (path);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add ("/journal/round-trip", Fixture, NULL, set_up, test_round_trip, tear_down);
    g_test_add ("/journal/end", Fixture, NULL, set_up, test_end, tear_down);
    g_test_add ("/journal/archives", Fixture, NULL, set_up, test_archives, tear_down);
    g_test_add ("/journal/full-for-a-while", Fixture, NULL, set_up, test_full_for_a_while, tear_down);
    g_test_add ("/journal/taken-over", Fixture, NULL, set_up, test_taken_over, tear_down);
    g_test_add ("/journal/strays", Fixture, NULL, set_up, test_strays, tear_down);
    g_test_add ("/journal/every-cut", Fixture, NULL, set_up, test_every_cut, tear_down);
    g_test_add ("/journal/damage", Fixture, NULL, set_up, test_damage, tear_down);
    g_test_add_func ("/journal/disk-full", test_disk_full);
    g_test_add_func ("/journal/volatile", test_volatile);
    g_test_add ("/journal/lock", Fixture, NULL, set_up, test_lock, tear_down);
    return g_test_run ();
}
