/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The simulated modem: a pure model of one Quectel modem behind a USB plug. No threads, no descriptors, no
 * clock of its own: the caller tells the time (virtual microseconds, never going back) with each call.
 *
 * A user of it loops: sim_modem_advance (now) -> look at sim_modem_get_generation () (it grows with every
 * connect and disconnect) and sim_modem_get_usb () -> sim_modem_control (), sim_modem_out (), sim_modem_in ()
 * -> sleep until sim_modem_next_event_us (). After any call that changed something a transfer that was
 * answered with SIM_NOT_YET may go through now. README.md tells more. */

#include <glib.h>

typedef struct _SimModem SimModem;

typedef enum {
    SIM_SPEED_INSTANT, /* the NAND takes no time */
    SIM_SPEED_REAL,    /* about 4 MB/s program, real erase and boot times */
} SimSpeed;

typedef enum {
    SIM_START_NORMAL,         /* runs what its boot chain gives */
    SIM_START_EDL,            /* in EDL with a fresh Sahara session */
    SIM_START_EDL_HALF_WAY,   /* HELLO was read by someone else */
    SIM_START_EDL_ERROR,      /* Sahara in its error state */
    SIM_START_EDL_PROGRAMMER, /* a Firehose programmer runs, its first logs were read by someone else */
    SIM_START_EDL_RAW,        /* the programmer waits for raw data that nobody sends any more */
    SIM_START_FASTBOOT,
    SIM_START_FASTBOOT_DEAD, /* its data phase has broken: takes nothing until the bus is reset */
    SIM_START_FASTBOOT_DATA, /* it waits for data that nobody sends any more */
    SIM_START_DLOAD,         /* ec20 only: as if it had been switched there from normal mode */
    SIM_START_SBL,           /* others only: Quectel's download mode, with a fresh Sahara session */
    SIM_START_SBL_HALF_WAY,  /* HELLO was read by someone else */
    SIM_START_STREAMING,     /* a streaming loader runs in that mode */
} SimStart;

/* The SIM card: as it lies in its tray, or as the modem sees it. */
typedef enum {
    SIM_CARD_READY,
    SIM_CARD_ABSENT,
    SIM_CARD_PIN, /* asks for its PIN (1234) after each start */
    SIM_CARD_PUK, /* blocked: asks for its PUK (12345678) */
} SimCard;

typedef enum {
    SIM_NETWORK_HOME, /* registered as soon as the card is unlocked and the radio on */
    SIM_NETWORK_NONE,
} SimNetwork;

typedef enum {
    SIM_MODE_OFF, /* no power, or booting, or dead */
    SIM_MODE_NORMAL,
    SIM_MODE_EDL,
    SIM_MODE_FASTBOOT,
    SIM_MODE_DLOAD,     /* of the 9x15 */
    SIM_MODE_SBL,       /* Quectel's download mode: the modem's own VID:PID, one interface, Sahara */
    SIM_MODE_STREAMING, /* a loader runs that was loaded in one of the two, or in EDL */
} SimMode;
#define SIM_N_MODES (SIM_MODE_STREAMING + 1)

typedef enum {
    SIM_OK,
    SIM_NOT_YET, /* nothing happened; ask again after the next event */
    SIM_STALL,
    SIM_GONE, /* not connected, or no such endpoint */
} SimResult;

/* Everything has a default: sim_config_init (), then set what matters. Strings are copied at creation. */
typedef struct {
    const char *family;   /* "ec25", "eg25", "ep06", "em06", "ec20"; a stranger: README.md */
    const char *version;  /* firmware that is on the chip at first; NULL: the family's own */
    const char *geometry; /* "p2K_b128K", "p4K_b256K"; NULL: by the memory code at the end of the version */
    const char *serial;   /* chip serial, hex */
    const char *log_path; /* every transfer as a line of text; NULL: none */
    guint n_blocks;       /* a smaller chip; 0: 2048 blocks. At least 1500. */
    SimSpeed speed;
    SimStart start;
    guint boot_ms, edl_ms; /* from reset to enumeration; 0: by speed */
    const char *usb_id;    /* "2c7c:0800" in normal mode, for a modem that nobody knows; NULL: the family's */
    guint diag_noise;      /* log packets that wait on DIAG after each boot */
    guint max_payload;     /* Firehose payload limit; 0: 8192 */
    guint max_download;    /* fastboot's limit; 0: by family and geometry */
    const guint *bad_blocks;
    guint n_bad_blocks;
    SimCard card;
    SimNetwork network;
    guint function; /* AT+CFUN until the first reset: 0, 1 (as it is without a word), 4 */
    /* Functions of the normal mode at first: "mbim", "qmi", "no-diag", "no-nmea", "no-at", "no-modem",
     * "no-tty", "no-net", comma separated; NULL: the family's own. AT+QCFG changes them. */
    const char *composition;
    gboolean is_usb3; /* in a socket that has USB 3: normal mode is there, EDL and fastboot stay on USB 2 */
    /* Comma separated: nak-payload, no-read, no-diag-echo, other-table, in-zlp, sahara-zlp, no-command-mode,
     * done-complete, merge, fragment, read-64, no-qmi, mute-at, qfastboot-ok, qfastboot-error,
     * qfastboot-back, no-sticky, no-download-flag, go-stays, streaming-logs, dload-9215, dload-retry,
     * pbl-enprg, pbl-silent, fastboot-sbl2-dload, no-qdu, qdu-no-edl, qdu-back. README.md tells what each
     * does. */
    const char *quirks;
    /* As another tool has left it: boot-missing, sbl2-missing, round-1, round-2, round-3; NULL: untouched. */
    const char *half_flashed;
} SimConfig;

void sim_config_init (SimConfig *config);

/* NULL with `*why` (free it) when the config makes no sense. The modem is powered on at `now_us`. */
SimModem *sim_modem_new (const SimConfig *config, gint64 now_us, char **why);
void sim_modem_free (SimModem *modem);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimModem, sim_modem_free)

/* Time. */
void sim_modem_advance (SimModem *modem, gint64 now_us);
gint64 sim_modem_next_event_us (SimModem *modem); /* G_MAXINT64: never */

/* The plug. */
typedef struct {
    guint8 address; /* 0x81, 0x01 */
    guint8 type;    /* 2 bulk, 3 interrupt */
    guint16 max_packet;
} SimEndpoint;

typedef struct {
    guint8 number, klass, subclass, protocol;
    SimEndpoint endpoints[3];
    guint n_endpoints;
    gboolean is_alternate; /* the endpoints are in alternate setting 1; 0 has none */
} SimInterface;

typedef struct {
    guint16 vid, pid, bcd_device;
    const char *manufacturer, *product, *serial; /* NULL: none */
    const SimInterface *interfaces;
    guint n_interfaces;
    gboolean is_super_speed; /* then bulk packets have 1024 bytes, whatever max_packet says */
} SimUsb;

guint sim_modem_get_generation (const SimModem *modem);
const SimUsb *sim_modem_get_usb (const SimModem *modem); /* NULL while nothing is connected */
SimMode sim_modem_get_mode (const SimModem *modem);

/* A control request. IN: fills `data` with at most wLength bytes, `*size` = how many. OUT: `data` holds
 * wLength bytes. Standard requests are answered too. */
SimResult sim_modem_control (SimModem *modem, gint64 now_us, const guint8 setup[8], guint8 *data,
                             gsize *size);
/* A whole bulk OUT transfer; size 0 is a zero-length packet. SIM_NOT_YET: the modem takes none of it now. */
SimResult sim_modem_out (SimModem *modem, gint64 now_us, guint8 endpoint, const guint8 *data, gsize size);
/* A bulk or interrupt IN transfer of at most `max` bytes; `*size` may be 0 with SIM_OK (zero-length packet).
 */
SimResult sim_modem_in (SimModem *modem, gint64 now_us, guint8 endpoint, guint8 *data, gsize max,
                        gsize *size);

/* The host resets the port: the modem stays what it is; a fastboot that was dead listens again. Over USB/IP a
 * second SET_CONFIGURATION is that. */
void sim_modem_usb_reset (SimModem *modem, gint64 now_us);

/* The program that talked to the modem has died, or a transfer has failed on the bus: nobody knows any more
 * which data the modem still waits for. It goes on waiting; but what it is sent instead, by one who has to
 * find out, is not taken for a failure. */
void sim_modem_lose_track (SimModem *modem);

/* The hand at the cable. */
void sim_modem_unplug (SimModem *modem, gint64 now_us); /* power is lost too */
void sim_modem_plug (SimModem *modem, gint64 now_us);
void sim_modem_power_cycle (SimModem *modem, gint64 now_us);
void sim_modem_usb_boot (SimModem *modem,
                         gint64 now_us); /* USB_BOOT test point and power cycle: EDL, DLOAD */
void sim_modem_reenumerate (SimModem *modem, gint64 now_us);

/* The hand at the card, and the world outside. */
void sim_modem_set_card (SimModem *modem, gint64 now_us, SimCard card);
void sim_modem_set_network (SimModem *modem, gint64 now_us, SimNetwork network);
gboolean sim_modem_set_function (SimModem *modem, gint64 now_us, guint function); /* FALSE: no such one */
/* "ready", "absent", "pin", "puk"; "home", "none". NULL, FALSE: no such one. */
const char *sim_card_name (SimCard card);
const char *sim_network_name (SimNetwork network);
gboolean sim_card_parse (const char *text, SimCard *card);
gboolean sim_network_parse (const char *text, SimNetwork *network);

/* Faults: "KIND[:N[+]]=ACTION[:ARGUMENT]", README.md has the table. FALSE with `*why` if not understood. */
gboolean sim_modem_add_fault (SimModem *modem, const char *text, char **why);
void sim_modem_clear_faults (SimModem *modem);
guint sim_modem_get_faults_hit (const SimModem *modem);

/* The judge. */
typedef enum {
    SIM_OP_ERASE,
    SIM_OP_PROGRAM,
    SIM_OP_READ,
    SIM_OP_OTHER,
} SimOpKind;

typedef struct {
    SimOpKind kind;
    gint64 time_us;
    guint start, pages; /* in pages; of what was asked */
    gboolean is_done;   /* FALSE: refused, or cut in the middle */
    char *text;         /* "erase SBL 0+640", "reset", "configure nand 8192" */
} SimOp;

typedef struct {
    SimMode mode;             /* what is to be seen now, or after the boot that is under way */
    gboolean boots;           /* the whole chain is valid: runs its firmware */
    const char *version;      /* what AT tells; NULL if it tells nothing */
    const char *reason;       /* why it does not boot; NULL if it does */
    gboolean is_bricked;      /* calibration or identity lost, or not to be revived by USB */
    const char *brick_reason; /* NULL if not bricked */
    guint n_failures;         /* what no host may do to a modem; texts by sim_modem_get_failure () */
} SimVerdict;

/* Judges what is on the chip now, as if it were powered on. Valid until the next call of it. */
const SimVerdict *sim_modem_get_verdict (SimModem *modem);
const char *sim_modem_get_failure (SimModem *modem, guint i); /* NULL behind the last */
guint sim_modem_get_n_ops (SimModem *modem);
const SimOp *sim_modem_get_op (SimModem *modem, guint i);
void sim_modem_mark (SimModem *modem, gint64 now_us, const char *text); /* a line into the log; ops too */

/* Verdict, ops and counters as text, for people and shell scripts. Free it. */
char *sim_modem_dup_verdict_text (SimModem *modem);
char *sim_modem_dup_ops_text (SimModem *modem);
char *sim_modem_dup_status_text (SimModem *modem);
/* By partition: how many pages the host has erased, programmed and read back. */
char *sim_modem_dup_map_text (SimModem *modem);
void sim_modem_flush_log (SimModem *modem);

/* Bytes that a host has sent in a mode since creation, on all endpoints but 0. */
guint64 sim_modem_get_bytes_out (SimModem *modem, SimMode mode);
/* What the modem itself needed so far: NAND, boot and reset times, in microseconds. */
gint64 sim_modem_get_own_time_us (SimModem *modem);

/* NAND. Names are those of the partition table without "0:". */
gboolean sim_modem_find_partition (SimModem *modem, const char *name, guint *start_page, guint *n_pages);
/* Hex SHA-256 of the first `size` bytes of a partition, bad blocks skipped; size 0: all of it. Free it. */
char *sim_modem_dup_partition_sha256 (SimModem *modem, const char *name, gsize size);
guint sim_modem_get_page_size (const SimModem *modem);
guint sim_modem_get_pages_per_block (const SimModem *modem);
void sim_modem_read_page (SimModem *modem, guint page, guint8 *data);
/* Since creation, by the host, page by page. */
#define SIM_PAGE_ERASED     1u
#define SIM_PAGE_PROGRAMMED 2u
#define SIM_PAGE_READ_BACK  4u /* read after it was programmed */
guint sim_modem_get_page_flags (const SimModem *modem, guint page);
/* Damages the chip behind everybody's back: overwrites the first page of the partition. */
gboolean sim_modem_corrupt (SimModem *modem, const char *name);

/* The chip's content only. Loading restarts the modem as it was started at creation. After `keep` the file
 * follows the chip, a record for each page that is written and each block that is erased. */
gboolean sim_modem_keep (SimModem *modem, const char *path, GError **error);
gboolean sim_modem_save (SimModem *modem, const char *path, GError **error);
gboolean sim_modem_load (SimModem *modem, const char *path, GError **error);
