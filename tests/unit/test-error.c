/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The error domain: each code has a name of its own on D-Bus and an exit code that tells whether the modem is
 * whole. */

#include "util/error.h"

#include <errno.h>
#include <gio/gio.h>

static void
test_names (void)
{
    g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
    MfuError code;

    for (MfuError i = 0; i < MFU_ERROR_LAST; i++) {
        const char *name = mfu_error_dbus_name (i);

        g_assert_true (g_dbus_is_interface_name (name));
        g_assert_true (g_hash_table_add (names, (gpointer) name));
        g_assert_true (mfu_error_from_dbus_name (name, &code));
        g_assert_cmpint (code, ==, i);
    }
    g_assert_false (mfu_error_from_dbus_name ("org.freedesktop.DBus.Error.Failed", &code));
    g_assert_false (mfu_error_from_dbus_name (NULL, &code));
}

static void
test_gdbus (void)
{
    g_autoptr (GError) error = g_error_new_literal (MFU_ERROR, MFU_ERROR_WRONG_PACKAGE, "text");
    g_autofree char *name = g_dbus_error_encode_gerror (error);
    g_autoptr (GError) back = g_dbus_error_new_for_dbus_error (name, "text");

    g_assert_cmpstr (name, ==, mfu_error_dbus_name (MFU_ERROR_WRONG_PACKAGE));
    g_assert_error (back, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE);
}

static void
test_exit_codes (void)
{
    for (MfuError i = 0; i < MFU_ERROR_LAST; i++) {
        g_autoptr (GError) error = g_error_new_literal (MFU_ERROR, (int) i, "text");
        int code = mfu_error_exit_code (error);

        g_assert_cmpint (code, >, 0);
        g_assert_cmpint (code, <, 126);
        /* 20 and more: the firmware is not whole. */
        g_assert_cmpint (code >= 20, ==, i == MFU_ERROR_NEEDS_RECOVERY);
    }
}

static void
test_foreign (void)
{
    g_autoptr (GError) foreign = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "text");
    g_autoptr (GError) broken = g_error_new_literal (MFU_ERROR, MFU_ERROR_LAST, "text");

    g_assert_cmpint (mfu_error_exit_code (NULL), ==, 0);
    g_assert_cmpint (mfu_error_exit_code (foreign), ==, 1);
    g_assert_cmpint (mfu_error_exit_code (broken), ==, 1);
}

static void
test_errno (void)
{
    static const struct {
        int number;
        MfuError code;
    } cases[] = {
        { ENODEV, MFU_ERROR_GONE },
        { ENXIO, MFU_ERROR_GONE },
        { ESHUTDOWN, MFU_ERROR_GONE },
        { ETIMEDOUT, MFU_ERROR_TIMED_OUT },
        { EBUSY, MFU_ERROR_BUSY },
        { ETXTBSY, MFU_ERROR_BUSY },
        { EACCES, MFU_ERROR_NOT_AUTHORIZED },
        { EPERM, MFU_ERROR_NOT_AUTHORIZED },
        { ENOENT, MFU_ERROR_NOT_FOUND },
        { EIO, MFU_ERROR_IO },
        { ENOSPC, MFU_ERROR_IO },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autoptr (GError) error = NULL;
        g_autofree char *message = g_strdup_printf ("opening 1-2: %s", g_strerror (cases[i].number));

        mfu_error_set_errno (&error, cases[i].number, "opening %s", "1-2");
        g_assert_error (error, MFU_ERROR, (int) cases[i].code);
        g_assert_cmpstr (error->message, ==, message);
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/error/names", test_names);
    g_test_add_func ("/error/gdbus", test_gdbus);
    g_test_add_func ("/error/exit-codes", test_exit_codes);
    g_test_add_func ("/error/foreign", test_foreign);
    g_test_add_func ("/error/errno", test_errno);
    return g_test_run ();
}
