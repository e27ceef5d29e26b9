/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Packages are made once by the generator; everything else is new for each test. */

#include "job-fixture.h"

#include "util/error.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static char *package_dir;
static GHashTable *packages; /* arguments -> path */

static void
remove_tree (const char *path)
{
    g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
        g_autofree char *child = g_build_filename (path, name, NULL);

        if (g_file_test (child, G_FILE_TEST_IS_DIR) && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
            remove_tree (child);
        else
            g_unlink (child);
    }
    g_rmdir (path);
}

void
job_fixture_init (JobFixture *fixture, const SimConfig *config)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *why = NULL;
    SimModem *modem;

    memset (fixture, 0, sizeof *fixture);
    /* Jobs warn about what they meet while cleaning up; that is no failure of a test. */
    g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
    fixture->families = mfu_families_load (g_getenv ("MFU_TEST_DEVICES"), &error);
    g_assert_no_error (error);
    modem = sim_modem_new (config, 1, &why);
    g_assert_cmpstr (why, ==, NULL);
    fixture->sim = sim_world_new (modem, fixture->families);
    sim_world_pass_ms (fixture->sim, 60 * 1000);
    fixture->directory = g_dir_make_tmp ("mfu-job-XXXXXX", &error);
    g_assert_no_error (error);
    fixture->state_dir = g_build_filename (fixture->directory, "state", NULL);
    fixture->allow[0] = "volatile-journal";
}

void
job_fixture_clear (JobFixture *fixture)
{
    g_clear_pointer (&fixture->status, mfu_job_status_unref);
    sim_world_free (fixture->sim);
    mfu_families_free (fixture->families);
    remove_tree (fixture->directory);
    g_free (fixture->directory);
    g_free (fixture->state_dir);
}

const char *
job_fixture_package (const char *name, ...)
{
    g_autoptr (GPtrArray) argv = g_ptr_array_new ();
    g_autofree char *key = NULL;
    g_autofree char *errors = NULL;
    g_autofree char *folder = NULL;
    g_autoptr (GError) error = NULL;
    const char *argument;
    char *path;
    int status;
    va_list args;

    if (packages == NULL) {
        packages = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
        package_dir = g_dir_make_tmp ("mfu-packages-XXXXXX", NULL);
    }
    g_ptr_array_add (argv, (gpointer) g_getenv ("MFU_MAKE_PACKAGE"));
    va_start (args, name);
    while ((argument = va_arg (args, const char *)) != NULL)
        g_ptr_array_add (argv, (gpointer) argument);
    va_end (args);
    g_ptr_array_add (argv, (gpointer) "-o");
    g_ptr_array_add (argv, (gpointer) name);
    g_ptr_array_add (argv, NULL);
    key = g_strjoinv (" ", (char **) argv->pdata);
    path = g_hash_table_lookup (packages, key);
    if (path != NULL)
        return path;

    folder = g_strdup_printf ("%s/%u", package_dir, g_hash_table_size (packages));
    g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
    path = g_build_filename (folder, name, NULL);
    argv->pdata[argv->len - 2] = path;
    g_spawn_sync (NULL, (char **) argv->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, &errors, &status,
                  &error);
    g_assert_no_error (error);
    if (!g_spawn_check_wait_status (status, NULL))
        g_error ("%s: %s", key, errors);
    g_hash_table_insert (packages, g_steal_pointer (&key), path);
    return path;
}

void
job_fixture_remove_packages (void)
{
    if (package_dir != NULL)
        remove_tree (package_dir);
    g_clear_pointer (&package_dir, g_free);
    g_clear_pointer (&packages, g_hash_table_unref);
}

static MfuWorld *
world_of (JobFixture *fixture)
{
    return fixture->world != NULL ? fixture->world : sim_world_get (fixture->sim);
}

void
job_fixture_run_on (JobFixture *fixture, MfuUsbDevice *device, int fd, const char *name)
{
    g_autoptr (MfuJob) job = NULL;
    g_autoptr (GError) error = NULL;
    MfuJobConfig config = {
        .world = world_of (fixture),
        .host = fixture->host,
        .state_dir = fixture->state_dir,
        .job_id = "1",
        .package_fd = fd,
        .package_name = name,
        .device = device,
        .version = fixture->version,
        .asks_when_taken = fixture->asks_when_taken,
        .allow = fixture->allow,
        .method = fixture->method,
        .starts = !fixture->waits_for_start,
        .keeps_package = fixture->keeps_package,
        .is_automatic = fixture->is_automatic,
        .kept_digest = fixture->kept_digest,
        .changed = fixture->changed,
        .user_data = fixture->user_data,
    };

    job = mfu_job_new (&config, &error);
    g_assert_no_error (error);
    mfu_job_run (job);
    g_clear_pointer (&fixture->status, mfu_job_status_unref);
    fixture->status = mfu_job_get_status (job);
}

void
job_fixture_run (JobFixture *fixture, const char *path)
{
    MfuWorld *world = world_of (fixture);
    g_autofree char *name = g_path_get_basename (path);
    g_autofree char *port = sim_world_port (fixture->sim);
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuUsbDevice) device = world->klass->look (world, port, &error);
    int fd = open (path, O_RDONLY | O_CLOEXEC);

    g_assert_no_error (error);
    g_assert_cmpint (fd, >=, 0);
    job_fixture_run_on (fixture, device, fd, name);
    close (fd);
}

SimModem *
job_fixture_modem (JobFixture *fixture)
{
    return sim_world_modem (fixture->sim);
}

const SimVerdict *
job_fixture_verdict (JobFixture *fixture)
{
    return sim_modem_get_verdict (job_fixture_modem (fixture));
}

void
job_assert_state_at (JobFixture *fixture, MfuJobState expected, const char *where)
{
    if (fixture->status->state != expected)
        g_error ("%s: the job ended as %s instead of %s: %s", where,
                 mfu_job_state_to_string (fixture->status->state), mfu_job_state_to_string (expected),
                 fixture->status->error != NULL ? fixture->status->error->message : "no error");
}

void
job_assert_message (JobFixture *fixture, int code, const char *part)
{
    g_assert_error (fixture->status->error, MFU_ERROR, code);
    if (strcasestr (fixture->status->error->message, part) == NULL)
        g_error ("“%s” does not say “%s”", fixture->status->error->message, part);
}
