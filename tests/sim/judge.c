/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be said afterwards: verdict, operations, pages. */

#include "sim/internal.h"

#include <string.h>

void
sim_judge_boot (SimModem *modem, gboolean heeds_misc, SimBoot *boot)
{
    sim_chain_boot (modem->nand, &modem->factory, heeds_misc, boot);
    if (boot->is_boot_rom && modem->quirks & SIM_QUIRK_PBL_SILENT)
        boot->mode = SIM_MODE_OFF;
    /* Whoever looks at the flag is the first stage. */
    if (!modem->has_download_flag || boot->is_boot_rom || boot->mode == SIM_MODE_EDL)
        return;
    boot->mode = modem->family->is_9x15 ? SIM_MODE_DLOAD : SIM_MODE_SBL;
    boot->has_at = boot->has_diag = boot->is_healthy = FALSE;
    boot->version[0] = '\0';
    g_strlcpy (boot->reason, "the download flag is set", sizeof boot->reason);
}

const SimVerdict *
sim_modem_get_verdict (SimModem *modem)
{
    SimVerdict *verdict = &modem->verdict;
    SimBoot *boot = &modem->verdict_boot;

    sim_judge_boot (modem, TRUE, boot);
    memset (verdict, 0, sizeof *verdict);
    verdict->mode = modem->mode;
    verdict->boots = boot->is_healthy;
    verdict->version = boot->version[0] ? boot->version : NULL;
    verdict->reason = boot->reason[0] ? boot->reason : NULL;
    verdict->is_bricked = boot->is_identity_lost || boot->mode == SIM_MODE_OFF;
    if (boot->is_identity_lost)
        verdict->brick_reason = boot->lost;
    else if (boot->mode == SIM_MODE_OFF)
        verdict->brick_reason = boot->reason;
    verdict->n_failures = modem->record->n_failures;
    return verdict;
}

const char *
sim_modem_get_failure (SimModem *modem, guint i)
{
    return i < modem->record->failures->len ? g_ptr_array_index (modem->record->failures, i) : NULL;
}

guint
sim_modem_get_n_ops (SimModem *modem)
{
    return modem->record->ops->len;
}

const SimOp *
sim_modem_get_op (SimModem *modem, guint i)
{
    return i < modem->record->ops->len ? g_ptr_array_index (modem->record->ops, i) : NULL;
}

void
sim_modem_mark (SimModem *modem, gint64 now_us, const char *text)
{
    sim_modem_advance (modem, now_us);
    sim_op (modem, SIM_OP_OTHER, 0, 0, "mark %s", text)->is_done = TRUE;
}

char *
sim_modem_dup_verdict_text (SimModem *modem)
{
    const SimVerdict *verdict = sim_modem_get_verdict (modem);
    GString *text = g_string_new (NULL);

    g_string_append_printf (text, "boots=%s\n",
                            verdict->boots ? "yes" : sim_mode_name (modem->verdict_boot.mode));
    g_string_append_printf (text, "version=%s\n", verdict->version ? verdict->version : "");
    g_string_append_printf (text, "reason=%s\n", verdict->reason ? verdict->reason : "");
    g_string_append_printf (text, "bricked=%s\n", verdict->is_bricked ? verdict->brick_reason : "no");
    g_string_append_printf (text, "protected=%s\n",
                            modem->verdict_boot.is_identity_lost ? "changed" : "unchanged");
    g_string_append_printf (text, "failures=%u\n", verdict->n_failures);
    for (guint i = 0; i < modem->record->failures->len; i++)
        g_string_append_printf (text, "failure: %s\n", sim_modem_get_failure (modem, i));
    return g_string_free (text, FALSE);
}

char *
sim_modem_dup_ops_text (SimModem *modem)
{
    GString *text = g_string_new (NULL);

    for (guint i = 0; i < modem->record->ops->len; i++) {
        const SimOp *op = g_ptr_array_index (modem->record->ops, i);

        g_string_append_printf (text, "%s%s\n", op->text, op->is_done ? "" : " (not done)");
    }
    return g_string_free (text, FALSE);
}

char *
sim_modem_dup_status_text (SimModem *modem)
{
    static const char *const bearers[] = { "none", "ipv4", "ipv6", "ipv4v6" };
    const SimUsb *usb = sim_modem_get_usb (modem);
    GString *text = g_string_new (NULL);

    g_string_append_printf (text, "mode=%s\n", sim_mode_name (modem->mode));
    g_string_append_printf (text, "plugged=%s\n", modem->is_plugged ? "yes" : "no");
    if (usb)
        g_string_append_printf (text, "usb=%04x:%04x\nspeed=%s\n", usb->vid, usb->pid,
                                usb->is_super_speed ? "super" : "high");
    else
        g_string_append (text, "usb=none\n");
    g_string_append_printf (text, "generation=%u\n", modem->generation);
    g_string_append_printf (text, "geometry=%s\n", modem->factory.geometry);
    g_string_append_printf (text, "running=%s\n", modem->boot.version);
    g_string_append_printf (text, "card=%s\n", sim_card_name (sim_card_get (&modem->card)));
    g_string_append_printf (text, "function=%u\n", modem->card.function);
    g_string_append_printf (text, "registered=%s\n", sim_card_is_registered (&modem->card) ? "yes" : "no");
    g_string_append_printf (text, "bearer=%s\n",
                            bearers[modem->net.is_up[SIM_IP_4] + 2 * modem->net.is_up[SIM_IP_6]]);
    g_string_append_printf (text, "packets=%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT "\n", modem->net.n_up,
                            modem->net.n_down);
    g_string_append_printf (text, "own-time-us=%" G_GINT64_FORMAT "\n", modem->own_us);
    g_string_append_printf (text, "blocks-erased=%" G_GUINT64_FORMAT "\n", modem->nand->n_erases);
    for (guint i = SIM_MODE_NORMAL; i < SIM_N_MODES; i++)
        g_string_append_printf (text, "bytes-%s=%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT "\n",
                                sim_mode_name (i), modem->record->bytes_out[i], modem->record->bytes_in[i]);
    g_string_append_printf (text, "faults-hit=%u\n", sim_faults_get_n_hit (modem->faults));
    return g_string_free (text, FALSE);
}

char *
sim_modem_dup_map_text (SimModem *modem)
{
    GString *text = g_string_new (NULL);

    for (guint i = 0; i < modem->factory.n_parts; i++) {
        const SimPart *part = &modem->factory.parts[i];
        guint start = part->start * modem->nand->pages_per_block;
        guint n = part->n_blocks * modem->nand->pages_per_block;
        guint erased = 0, programmed = 0, read_back = 0;

        for (guint page = start; page < start + n; page++) {
            guint8 flags = modem->nand->flags[page];

            erased += flags & SIM_PAGE_ERASED ? 1 : 0;
            programmed += flags & SIM_PAGE_PROGRAMMED ? 1 : 0;
            read_back += flags & SIM_PAGE_READ_BACK ? 1 : 0;
        }
        g_string_append_printf (text, "%-12s %u+%u erased=%u programmed=%u read-back=%u\n", part->name, start,
                                n, erased, programmed, read_back);
    }
    return g_string_free (text, FALSE);
}

void
sim_modem_flush_log (SimModem *modem)
{
    if (modem->record->log)
        fflush (modem->record->log);
}

guint64
sim_modem_get_bytes_out (SimModem *modem, SimMode mode)
{
    return modem->record->bytes_out[mode];
}

gint64
sim_modem_get_own_time_us (SimModem *modem)
{
    return modem->own_us;
}

gboolean
sim_modem_find_partition (SimModem *modem, const char *name, guint *start_page, guint *n_pages)
{
    const SimPart *part = sim_layout_find (&modem->factory, name);

    if (!part)
        return FALSE;
    *start_page = part->start * modem->nand->pages_per_block;
    *n_pages = part->n_blocks * modem->nand->pages_per_block;
    return TRUE;
}

char *
sim_modem_dup_partition_sha256 (SimModem *modem, const char *name, gsize size)
{
    guint start, n;

    if (!sim_modem_find_partition (modem, name, &start, &n))
        return NULL;
    if (size == 0) {
        for (guint page = start; page < start + n; page++)
            size += sim_nand_is_bad_page (modem->nand, page) ? 0 : modem->nand->page_size;
    }
    return sim_image_sha256 (modem->nand, start, n, 0, size);
}

guint
sim_modem_get_page_size (const SimModem *modem)
{
    return modem->nand->page_size;
}

guint
sim_modem_get_pages_per_block (const SimModem *modem)
{
    return modem->nand->pages_per_block;
}

void
sim_modem_read_page (SimModem *modem, guint page, guint8 *data)
{
    sim_nand_read (modem->nand, page, data);
}

guint
sim_modem_get_page_flags (const SimModem *modem, guint page)
{
    return modem->nand->flags[page];
}

gboolean
sim_modem_corrupt (SimModem *modem, const char *name)
{
    guint start, n;

    if (!sim_modem_find_partition (modem, name, &start, &n))
        return FALSE;
    sim_nand_fill (modem->nand, sim_nand_skip_bad (modem->nand, start, 0), 0x5a);
    return TRUE;
}

gboolean
sim_modem_save (SimModem *modem, const char *path, GError **error)
{
    return sim_nand_save (modem->nand, path, error);
}

gboolean
sim_modem_keep (SimModem *modem, const char *path, GError **error)
{
    return sim_nand_keep (modem->nand, path, error);
}
