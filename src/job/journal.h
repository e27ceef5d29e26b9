/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What survives of a job when everything else dies: one file a place (see tracker/place.h), a line an event,
 * synced before the event. `port` is only what the kernel calls the place now, for messages. */

#include <gio/gio.h>

typedef struct _MfuJournal MfuJournal;

/* What a journal tells about the modem in its port. Strings are never NULL. */
typedef struct {
    char *place; /* of the socket */
    char *port;  /* what it was called when the job began */
    char *family;
    char *serial; /* the chip's, once Sahara told it; "" before */
    char *from, *to;
    char *package_name, *package_digest, *plan_digest;
    char *fingerprint; /* of the package as the caller gave it */
    char *allow;       /* what the caller allowed, "downgrade,project" */
    char *window;      /* being written, and a power cut leaves nothing that answers: "SBL1"; or "" */
    guint n_attempts;  /* how often the service took the job up by itself, since somebody asked */
    char *step;        /* the last one begun */
    gboolean is_past_no_return; /* the firmware may be half-written */
    gboolean
        is_table_checked; /* the live partition table was compared with this package before it was erased */
    gboolean is_torn;     /* the last line was cut short by a crash, and is ignored */
} MfuJournalRecord;

void mfu_journal_record_free (MfuJournalRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuJournalRecord, mfu_journal_record_free)

/* STATE_DIR/PLACE and `suffix`. */
char *mfu_journal_path (const char *directory, const char *place, const char *suffix);

/* UNSUPPORTED when what is in `directory` is lost in a reboot (tmpfs, ramfs). */
gboolean mfu_journal_check_survives (const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Starts the journal of its place in `directory` (made if absent), over the one that is there. All of
 * `record` but is_torn is taken over. IO when anything but all of it is on the disk; with UNSUPPORTED when
 * the directory does not survive a reboot (tmpfs, ramfs) and `allows_volatile` is FALSE. */
MfuJournal *mfu_journal_begin (const char *directory, const MfuJournalRecord *record,
                               gboolean allows_volatile, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Events; each is on the disk when the call returns TRUE. A step is begun after this, never before. After a
 * failure the file is as it was before, or takes nothing more. */
gboolean mfu_journal_begin_step (MfuJournal *journal, const char *step, gboolean is_past_no_return,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean mfu_journal_note (MfuJournal *journal, const char *key, const char *value,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Before the first byte of what is written without a way back, and ("") once that is whole. Where it cannot
 * be noted the job goes on. */
void mfu_journal_note_window (MfuJournal *journal, const char *window);

/* The end: `outcome` is the job's last state. A journal that is of no more use (`is_settled`: the modem runs)
 * becomes the archive "PLACE.last", and what was that "PLACE.last.1" and so on, at most MFU_JOURNAL_ARCHIVES
 * of them; another one stays for the next run. */
#define MFU_JOURNAL_ARCHIVES 4
gboolean mfu_journal_end (MfuJournal *journal, const char *outcome, gboolean is_settled,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mfu_journal_free (MfuJournal *journal);

/* Archives the journal of `place`, if there is one: `moves` it away, or leaves it in its place until another
 * one is begun over it. */
gboolean mfu_journal_archive (const char *directory, const char *place, gboolean moves,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether `place` has an unsettled journal, readable or not. */
gboolean mfu_journal_exists (const char *directory, const char *place);

/* What may be taken up without anybody asking: a modem that can be told from others, and not for ever. FALSE
 * with the reason. */
gboolean mfu_journal_check_automatic (const MfuJournalRecord *record, const char *port,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What to do with a modem that needs recovery; `is_kept`: without the package, `is_silent`: only the hand at
 * the plug helps first. Newly allocated. */
char *mfu_journal_advice (const char *port, const char *package_name, gboolean is_kept, gboolean is_silent);

/* Makes an error that says NOT_FOUND of the empty `port` tell more, if its modem was cut off in a window that
 * the plan has named. The journal is found by what its port was called when the job began. */
void mfu_journal_explain_absence (const char *directory, const char *port, GError **error);

/* The places that have an unsettled journal, NULL at the end; none where there is no folder. A file that is
 * not named after a place is told in the log. */
char **mfu_journal_list (const char *directory);

/* The unsettled journal of `place`; NOT_FOUND if there is none, IO with the line's number when it is damaged.
 */
MfuJournalRecord *mfu_journal_load (const char *directory, const char *place,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One job a place: an advisory lock beside the journal, held until freed; BUSY when another process has it.
 */
typedef struct _MfuPortLock MfuPortLock;
MfuPortLock *mfu_port_lock_take (const char *directory, const char *place, const char *port,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mfu_port_lock_free (MfuPortLock *lock);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuJournal, mfu_journal_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuPortLock, mfu_port_lock_free)
