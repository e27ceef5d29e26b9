/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What survives of a job when everything else dies: one file a port, a line an event, synced before the
 * event. */

#include <gio/gio.h>

typedef struct _MfuJournal MfuJournal;

/* What a journal tells about the modem in its port. Strings are never NULL. */
typedef struct {
    char *port, *sysfs, *family;
    char *serial; /* the chip's, once Sahara told it; "" before */
    char *from, *to;
    char *package_name, *package_digest, *plan_digest;
    char *step;                 /* the last one begun */
    gboolean is_past_no_return; /* the firmware may be half-written */
    gboolean
        is_table_checked; /* the live partition table was compared with this package before it was erased */
    gboolean is_torn;     /* the last line was cut short by a crash, and is ignored */
} MfuJournalRecord;

void mfu_journal_record_free (MfuJournalRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuJournalRecord, mfu_journal_record_free)

/* Starts the journal of `port` in `directory` (made if absent), over the one that is there. `record` gives
 * port to plan_digest. IO when anything but all of it is on the disk; with UNSUPPORTED when the directory
 * does not survive a reboot (tmpfs, ramfs) and `allows_volatile` is FALSE. */
MfuJournal *mfu_journal_begin (const char *directory, const MfuJournalRecord *record,
                               gboolean allows_volatile, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Events; each is on the disk when the call returns TRUE. A step is begun after this, never before. */
gboolean mfu_journal_begin_step (MfuJournal *journal, const char *step, gboolean is_past_no_return,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean mfu_journal_note (MfuJournal *journal, const char *key, const char *value,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The end: `outcome` is the job's last state. A journal that is of no more use (`is_settled`: the modem runs)
 * becomes the archive "PORT.last"; another one stays for the next run. */
gboolean mfu_journal_end (MfuJournal *journal, const char *outcome, gboolean is_settled,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mfu_journal_free (MfuJournal *journal);

/* The unsettled journal of `port`; NOT_FOUND if there is none, IO with the line's number when it is damaged.
 */
MfuJournalRecord *mfu_journal_load (const char *directory, const char *port,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One job a port: an advisory lock beside the journal, held until freed; BUSY when another process has it. */
typedef struct _MfuPortLock MfuPortLock;
MfuPortLock *mfu_port_lock_take (const char *directory, const char *port,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mfu_port_lock_free (MfuPortLock *lock);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuJournal, mfu_journal_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuPortLock, mfu_port_lock_free)
