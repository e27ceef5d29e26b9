/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Plans, without a modem: their text as it is in tests/job/plans, and the sentences of those that are
 * refused. MFU_UPDATE_PLANS=1 in the environment writes the files anew; the difference is then for a reviewer
 * to read. */

#include "job-fixture.h"

#include "job/plan.h"
#include "util/error.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define OLD    "EC25EFAR06A05M4G"
#define NEW    "EC25EFAR06A08M4G"
#define EP_OLD "EP06ELAR03A06M4G"
#define EP_NEW "EP06ELAR03A08M4G"
#define EM_OLD "EM06ELAR03A06M4G"
#define EM_NEW "EM06ELAR03A08M4G"
#define OLD_15 "EC20EQAR02A04E2G"
#define NEW_15 "EC20EQAR02A13E2G"

typedef struct {
    const char *name; /* of the golden file, or of the refusal */
    const char *package;
    const char *options[8]; /* of make-package */
    MfuMode mode;
    const char *version; /* of the modem */
    const char *method;
    guint allowed;
    int code;           /* refusals only */
    const char *needle; /* refusals only */
    const char *ports;  /* words of what differs from a modem with all its ports; NULL: nothing */
} Case;

#define EC25     "--family", "ec25", "--geometry", "p4K_b256K"
#define EP06     "--family", "ep06"
#define FASTBOOT EC25, "--without", "firehose"
#define EC20     "--family", "ec20"
#define PLAIN    EC20, "--without", "sbl2_tmp.mbn", "--without", "appsboot_tmp.mbn"

static const Case goldens[] = {
    { "ec25-firehose", NEW, { EC25 }, MFU_MODE_NORMAL, OLD },
    { "ec25-fastboot-asked-for", NEW, { EC25 }, MFU_MODE_NORMAL, OLD, "fastboot" },
    { "ec25-fastboot-alone", NEW, { FASTBOOT }, MFU_MODE_NORMAL, OLD },
    { "ec25-fastboot-boot-chain", NEW, { FASTBOOT }, MFU_MODE_NORMAL, OLD, NULL, MFU_ALLOW_BOOT_CHAIN },
    { "ec25-in-fastboot", NEW, { EC25 }, MFU_MODE_FASTBOOT, OLD },
    { "ec25-in-edl", NEW, { EC25 }, MFU_MODE_EDL, OLD },
    { "ep06-firehose", EP_NEW, { EP06 }, MFU_MODE_NORMAL, EP_OLD },
    { "ep06-fastboot", EP_NEW, { EP06 }, MFU_MODE_NORMAL, EP_OLD, "fastboot" },
    { "ec25-in-sbl-download", NEW, { EC25 }, MFU_MODE_SBL_DOWNLOAD, OLD },
    { "ec20", NEW_15, { EC20 }, MFU_MODE_NORMAL, OLD_15 },
    { "ec20-plain", NEW_15, { PLAIN }, MFU_MODE_NORMAL, OLD_15 },
    { "ec20-in-dload", NEW_15, { EC20 }, MFU_MODE_EDL, OLD_15 },
    { "ec20-plain-in-dload", NEW_15, { PLAIN }, MFU_MODE_EDL, OLD_15 },
    { "ec20-in-fastboot", NEW_15, { EC20 }, MFU_MODE_FASTBOOT, OLD_15 },
    { "ec25-no-diag", NEW, { EC25 }, MFU_MODE_NORMAL, OLD, .ports = "no-diag" },
    { "ec25-no-at", NEW, { EC25 }, MFU_MODE_NORMAL, OLD, .ports = "no-at" },
    { "em06-mbim", EM_NEW, { EP06 }, MFU_MODE_NORMAL, EM_OLD, .ports = "no-diag no-at mbim" },
};

static const Case refusals[] = {
    { "unknown-method", NEW, { EC25 }, MFU_MODE_NORMAL, OLD, "magic", 0, MFU_ERROR_INVALID_ARGS, "magic" },
    { "firehose-without-programmer",
      NEW,
      { FASTBOOT },
      MFU_MODE_NORMAL,
      OLD,
      "firehose",
      0,
      MFU_ERROR_UNSUPPORTED,
      "no firehose programmer" },
    { "fastboot-without-table",
      NEW,
      { EC25, "--without", "partition_nand.xml" },
      MFU_MODE_NORMAL,
      OLD,
      "fastboot",
      0,
      MFU_ERROR_UNSUPPORTED,
      "no partition_nand.xml" },
    { "in-fastboot-without-table",
      NEW,
      { EC25, "--without", "partition_nand.xml" },
      MFU_MODE_FASTBOOT,
      OLD,
      NULL,
      0,
      MFU_ERROR_UNSUPPORTED,
      "no partition_nand.xml" },
    { "in-fastboot-by-firehose",
      NEW,
      { EC25 },
      MFU_MODE_FASTBOOT,
      OLD,
      "firehose",
      0,
      MFU_ERROR_UNSUPPORTED,
      "fastboot mode" },
    { "in-edl-by-fastboot",
      NEW,
      { EC25 },
      MFU_MODE_EDL,
      OLD,
      "fastboot",
      0,
      MFU_ERROR_UNSUPPORTED,
      "edl mode" },
    { "in-edl-without-programmer",
      NEW,
      { FASTBOOT },
      MFU_MODE_EDL,
      OLD,
      NULL,
      0,
      MFU_ERROR_UNSUPPORTED,
      "no firehose programmer" },
    { "in-sbl-download-without-nprg",
      NEW,
      { EC25, "--without", "NPRG9x07.mbn" },
      MFU_MODE_SBL_DOWNLOAD,
      OLD,
      NULL,
      0,
      MFU_ERROR_UNSUPPORTED,
      "no NPRG loader" },
    { "ec20-by-firehose",
      NEW_15,
      { EC20 },
      MFU_MODE_NORMAL,
      OLD_15,
      "firehose",
      0,
      MFU_ERROR_UNSUPPORTED,
      "not flashed by firehose" },
    { "ec20-that-may-be-another",
      NEW_15,
      { EC20 },
      MFU_MODE_NORMAL,
      NULL,
      NULL,
      ~0u,
      MFU_ERROR_WRONG_PACKAGE,
      "does not say that it is" },
    { "ec20-that-is-another",
      NEW_15,
      { EC20 },
      MFU_MODE_NORMAL,
      "EC25EFAR02A04E2G",
      NULL,
      ~0u,
      MFU_ERROR_WRONG_PACKAGE,
      "does not say that it is" },
    { "ec20-downgrade",
      "EC20EQAR02A02E2G",
      { EC20 },
      MFU_MODE_NORMAL,
      OLD_15,
      NULL,
      0,
      MFU_ERROR_WRONG_PACKAGE,
      "downgrade" },
    { "ec20-too-large",
      NEW_15,
      { EC20, "--oversize", "system" },
      MFU_MODE_NORMAL,
      OLD_15,
      NULL,
      ~0u,
      MFU_ERROR_UNSUPPORTED,
      "fastboot takes 39845888" },
    { "efs2",
      NEW,
      { FASTBOOT, "--xml-image", "efs2=tz.mbn" },
      MFU_MODE_NORMAL,
      OLD,
      NULL,
      ~0u,
      MFU_ERROR_WRONG_PACKAGE,
      "efs2: calibration" },
    { "rawdata",
      NEW,
      { FASTBOOT, "--xml-image", "rawdata=tz.mbn" },
      MFU_MODE_NORMAL,
      OLD,
      NULL,
      ~0u,
      MFU_ERROR_WRONG_PACKAGE,
      "rawdata: calibration" },
    { "misc",
      NEW,
      { FASTBOOT, "--xml-image", "misc=tz.mbn" },
      MFU_MODE_NORMAL,
      OLD,
      NULL,
      ~0u,
      MFU_ERROR_WRONG_PACKAGE,
      "misc: calibration" },
    { "efs2-by-another-name",
      NEW,
      { FASTBOOT, "--xml-partition", "Sec=tz.mbn" },
      MFU_MODE_NORMAL,
      OLD,
      NULL,
      ~0u,
      MFU_ERROR_WRONG_PACKAGE,
      "sec: calibration" },
    { "too-large",
      NEW,
      { FASTBOOT, "--xml-size", "modem=512" },
      MFU_MODE_NORMAL,
      OLD,
      NULL,
      0,
      MFU_ERROR_CORRUPT_PACKAGE,
      "modem holds 1 to 524288" },
    { "other-layout",
      NEW,
      { FASTBOOT, "--xml-size", "efs2=1024" },
      MFU_MODE_NORMAL,
      OLD,
      NULL,
      0,
      MFU_ERROR_WRONG_PACKAGE,
      "geometry" },
    { "odd-layout",
      NEW,
      { FASTBOOT, "--xml-size", "sbl=1000" },
      MFU_MODE_NORMAL,
      OLD,
      NULL,
      0,
      MFU_ERROR_WRONG_PACKAGE,
      "geometry" },
    { "other-memory",
      NEW,
      { "--family", "ec25", "--geometry", "p2K_b128K", "--without", "firehose" },
      MFU_MODE_NORMAL,
      OLD,
      NULL,
      0,
      MFU_ERROR_WRONG_PACKAGE,
      "geometry" },
    { "chip",
      NEW,
      { FASTBOOT, "--chip", "MDM9640" },
      MFU_MODE_NORMAL,
      OLD,
      NULL,
      0,
      MFU_ERROR_WRONG_PACKAGE,
      "chip" },
    { "stranger",
      NEW,
      { FASTBOOT },
      MFU_MODE_FASTBOOT,
      NULL,
      NULL,
      0,
      MFU_ERROR_WRONG_PACKAGE,
      "unidentified" },
    { "downgrade",
      "EC25EFAR06A03M4G",
      { FASTBOOT },
      MFU_MODE_NORMAL,
      OLD,
      NULL,
      0,
      MFU_ERROR_WRONG_PACKAGE,
      "downgrade" },
    { "no-diag-and-no-table",
      NEW,
      { EC25, "--without", "partition_nand.xml" },
      MFU_MODE_NORMAL,
      OLD,
      .code = MFU_ERROR_UNSUPPORTED,
      .needle = "offers no DIAG port",
      .ports = "no-diag" },
    { "no-diag-by-firehose",
      NEW,
      { EC25 },
      MFU_MODE_NORMAL,
      OLD,
      "firehose",
      .code = MFU_ERROR_UNSUPPORTED,
      .needle = "offers no DIAG port",
      .ports = "no-diag" },
    { "no-at-by-fastboot",
      NEW,
      { EC25 },
      MFU_MODE_NORMAL,
      OLD,
      "fastboot",
      .code = MFU_ERROR_UNSUPPORTED,
      .needle = "offers no AT port",
      .ports = "no-at" },
    { "no-ports",
      NEW,
      { EC25 },
      MFU_MODE_NORMAL,
      OLD,
      .code = MFU_ERROR_UNSUPPORTED,
      .needle = "neither a DIAG nor an AT port, and no QMI command",
      .ports = "no-diag no-at" },
    { "mbim-without-qdu",
      EM_NEW,
      { EP06 },
      MFU_MODE_NORMAL,
      EM_OLD,
      .code = MFU_ERROR_UNSUPPORTED,
      .needle = "MBIM alone, without Quectel's firmware service",
      .ports = "no-diag no-at mbim no-qdu" },
    { "mbim-by-fastboot",
      EM_NEW,
      { EP06 },
      MFU_MODE_NORMAL,
      EM_OLD,
      "fastboot",
      .code = MFU_ERROR_UNSUPPORTED,
      .needle = "no AT port",
      .ports = "no-diag no-at mbim" },
};

static MfuPackage *
open_package (const Case *item)
{
    const char *const *o = item->options;
    const char *path;
    g_autoptr (GError) error = NULL;
    MfuPackage *package;
    int fd;

    path = job_fixture_package (item->package, "--version", item->package, o[0], o[1], o[2], o[3], o[4], o[5],
                                o[6], o[7], NULL);
    fd = open (path, O_RDONLY | O_CLOEXEC);
    g_assert_cmpint (fd, >=, 0);
    package = mfu_package_open (fd, item->package, NULL, NULL, &error);
    close (fd);
    g_assert_no_error (error);
    return package;
}

static gboolean
has_word (const char *words, const char *word)
{
    g_auto (GStrv) list = g_strsplit (words != NULL ? words : "", " ", -1);

    return g_strv_contains ((const char *const *) list, word);
}

static MfuPlan *
plan_of (const Case *item, MfuPackage *package, const MfuFamilies *families, GError **error)
{
    MfuDeviceFacts facts = { .port = "1-2", .mode = item->mode };
    MfuPlanOptions options = { .allowed = item->allowed, .method = item->method };

    facts.family = mfu_families_by_model (families, item->package);
    mfu_version_name_parse (&facts.version, item->version != NULL ? item->version : "");
    facts.lacks_diag = has_word (item->ports, "no-diag");
    facts.lacks_at = has_word (item->ports, "no-at");
    facts.has_mbim = has_word (item->ports, "mbim");
    facts.has_qmi = !facts.has_mbim;
    facts.refuses_qdu = has_word (item->ports, "no-qdu");
    facts.is_remembered = item->mode != MFU_MODE_NORMAL && facts.version.is_known;
    return mfu_plan_new (package, &facts, &options, error);
}

static void
test_golden (gconstpointer data)
{
    const Case *item = data;
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuFamilies) families = mfu_families_load (g_getenv ("MFU_TEST_DEVICES"), &error);
    g_autoptr (MfuPackage) package = open_package (item);
    g_autofree char *file = g_strconcat (g_getenv ("MFU_TEST_PLANS"), "/", item->name, ".txt", NULL);
    g_autofree char *expected = NULL;
    MfuPlan *plan;

    g_assert_no_error (error);
    plan = plan_of (item, package, families, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (strlen (plan->digest), ==, 64);
    if (g_getenv ("MFU_UPDATE_PLANS") != NULL)
        g_assert_true (g_file_set_contents (file, plan->text, -1, NULL));
    g_assert_true (g_file_get_contents (file, &expected, NULL, NULL));
    g_assert_cmpstr (plan->text, ==, expected);
    mfu_plan_free (plan);
}

static void
test_refusal (gconstpointer data)
{
    const Case *item = data;
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuFamilies) families = mfu_families_load (g_getenv ("MFU_TEST_DEVICES"), &error);
    g_autoptr (MfuPackage) package = open_package (item);

    g_assert_no_error (error);
    g_assert_null (plan_of (item, package, families, &error));
    g_assert_error (error, MFU_ERROR, item->code);
    if (strstr (error->message, item->needle) == NULL)
        g_error ("“%s” does not say “%s”", error->message, item->needle);
}

/* What the boot loader tells of itself decides once more. */
static void
test_loader (void)
{
    static const struct {
        const char *product;
        guint64 max_download;
        int code; /* -1: none */
    } loaders[] = {
        { "MDM9607", 0x5000000, -1 },
        { "mdm9607", 0x5000000, -1 },
        { "", 0x5000000, -1 },
        { "MDM9640", 0x5000000, MFU_ERROR_WRONG_PACKAGE },
        { "Pixel", 0x5000000, MFU_ERROR_WRONG_PACKAGE },
        { "MDM9607", 0x100000, MFU_ERROR_UNSUPPORTED },
        { "MDM9607", 0, MFU_ERROR_UNSUPPORTED },
    };
    static const Case item = { "loader", NEW, { FASTBOOT }, MFU_MODE_NORMAL, OLD };
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuFamilies) families = mfu_families_load (g_getenv ("MFU_TEST_DEVICES"), &error);
    g_autoptr (MfuPackage) package = open_package (&item);
    MfuPlan *plan = plan_of (&item, package, families, &error);

    g_assert_no_error (error);
    for (gsize i = 0; i < G_N_ELEMENTS (loaders); i++) {
        g_autoptr (GError) local = NULL;

        g_assert_cmpint (mfu_plan_check_loader (plan, loaders[i].product, loaders[i].max_download, &local),
                         ==, loaders[i].code < 0);
        if (loaders[i].code >= 0)
            g_assert_error (local, MFU_ERROR, loaders[i].code);
    }
    mfu_plan_free (plan);
}

int
main (int argc, char **argv)
{
    int result;

    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (goldens); i++) {
        g_autofree char *path = g_strdup_printf ("/plan/golden/%s", goldens[i].name);

        g_test_add_data_func (path, &goldens[i], test_golden);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++) {
        g_autofree char *path = g_strdup_printf ("/plan/refusal/%s", refusals[i].name);

        g_test_add_data_func (path, &refusals[i], test_refusal);
    }
    g_test_add_func ("/plan/loader", test_loader);
    result = g_test_run ();
    job_fixture_remove_packages ();
    return result;
}
