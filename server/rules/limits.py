"""Every limit, by name and unit. Over a limit the one who went over it is told and closed, nobody else."""

from crdt.bounds import UpdateBounds, WireBounds

KIB = 1024
MIB = 1024 * KIB

UPDATE = UpdateBounds(
    update_bytes_max=1 * MIB,
    update_structs_max=50_000,  # 25,000 keystrokes offline, each elsewhere and taken back
    update_clients_max=10_000,
    update_comparisons_max=300_000_000,  # 17,000 places of one paragraph; at worst 40 s of pycrdt, in steps
    step_comparisons_max=100_000,  # some 15 ms of pycrdt
    quick_update_bytes_max=4 * KIB,
    quick_byte_pairs_max=8_000_000,  # some 300,000 comparisons at most
    typed_changes_max=256,
    any_depth_max=8,
    value_bytes_max=1 * KIB,
    xml_depth_max=24,
    document_bytes_max=8 * MIB,
    document_clients_max=10_000,
    table_rows_max=500,
)

WIRE = WireBounds(
    frame_bytes_max=1 * MIB,
    document_name_bytes_max=256,
    token_bytes_max=1 * KIB,
    reason_bytes_max=256,
    stateless_bytes_max=4 * KIB,
    awareness_bytes_max=4 * KIB,
    awareness_clients_max=64,
    state_vector_clients_max=10_000,
    documents_per_connection_max=16,
    held_frames_max=1_000,
    held_bytes_max=4 * MIB,
)

# One connection (a browser's WebSocket).
CONNECTIONS_PER_PERSON_MAX = 32
OUTBOX_BYTES_MAX = 8 * MIB
"""What waits for one reader. A reader that lets more pile up is cut off."""
OUTBOX_FRAMES_MAX = 4_000
INBOUND_BYTES_PER_SECOND_MAX = 2 * MIB
INBOUND_BURST_BYTES_MAX = 8 * MIB
PLAIN_HEADERS_MAX = 64
PLAIN_HEADER_CHARACTERS_MAX = 4_096
"""Of a request that opens a socket and is understood at a glance: how many headers, and each one's value. One
that has more goes the long way."""
AUTH_SECONDS_MAX = 10
"""From the socket's opening to its first granted document."""
PULSE_SECONDS = 1
"""The one clock of all connections and rooms: every deadline below is looked at this often."""
PING_SECONDS = 4
"""Between two pings, on a fixed clock: nobody can read activity from them."""
SEND_SECONDS_MAX = 20
"""A reader that takes nothing for this long is cut off."""
GOODBYE_SECONDS_MAX = 5
"""From our closing frame to the end of the socket, should the other side not answer it."""
SESSION_CHECK_SECONDS = 60
"""How often an open socket asks whether its session still holds, should a doorbell have been lost."""

# Rooms.
WAITING_ITEMS_MAX = 10_000
"""What one connection may have waiting in one document's inbox, while the storage is slow."""
WAITING_BYTES_MAX = 8 * MIB
EFFORT_SECONDS_MAX = 5.0
"""How long what one person sends may occupy a node at once: while it is merged, everybody else waits."""
EFFORT_SECONDS_BACK = 0.1
"""How much of that comes back a second."""
SLOW_MERGES_AT_ONCE_MAX = 2
"""Costly updates that are merged beside each other, in threads. Others get their turn between two steps."""
BUSY_DOCUMENTS_MIN = 16
"""Documents in one commit of what is typed, from which on the next one waits a moment to be larger."""
BUSY_PAUSE_SECONDS = 0.002
TYPED_WAITING_MAX = 64
"""Items in one document's inbox, up to which they may be typing: two people, in the time of one commit."""
KEY_PRESS_BYTES_MAX = 127
"""Of an update that may be one, at first sight."""
BATCH_ITEMS_MAX = 256
"""What one document takes from its inbox for one commit."""
CONNECTIONS_A_TURN = 32
"""Whom the clock sees before everybody else gets a turn."""
TURN_SECONDS_MAX = 0.002
"""Of the clock's rounds, before everybody else gets a turn."""
QUICK_LOAD_BYTES = 256 * KIB
"""Of a stored document that is read within a few milliseconds; larger ones are read in another thread."""
SET_ASIDE_AT_ONCE_BYTES = 16 * KIB
"""Of a document that pycrdt makes again, in a tenth of a millisecond, whenever it is needed. Larger ones it
keeps while they are."""
LET_GO_DOCUMENTS = 50
"""Documents of which memory is let go of before it is given back to the system, which takes milliseconds."""
ROOM_IDLE_SECONDS = 30
"""An empty room stays loaded this long, so that a reload finds it warm."""
COMPACTION_ROWS = 2_000
"""Rows of the log after which a document is folded into a snapshot."""
COMPACTION_IDLE_SECONDS = 5
STORAGE_RETRY_SECONDS_MIN = 0.2
STORAGE_RETRY_SECONDS_MAX = 5.0
POLL_SECONDS = 2.0
"""How often a node makes sure that it hears the other nodes' bells (PostgreSQL)."""
DRAIN_SECONDS_MAX = 10

# Presence.
PRESENCE_CLIENTS_OF_PERSON_MAX = 1_000
"""Yjs client ids (one a page and document) that are kept for one person while a document is loaded."""

# Presence between nodes (PostgreSQL).
PRESENCE_SECONDS_MAX = 40
"""After this long without a word from another node somebody is no longer shown. Browsers speak every 15."""
PRESENCE_PAUSE_SECONDS = 0.1
"""Between two messages of one node about where people are: a caret that moves on meanwhile is told once."""
PRESENCE_ELSEWHERE_BYTES_MAX = 7_500
"""What another node is told of one person, written as JSON (a notification has room for 7,999 bytes). Of
whoever says more it learns only that she is there."""

# The database.
COMMIT_JOBS_MAX = 1_000
"""How many waiting changes, of all rooms and pages, one transaction carries."""
JOTTED_APPENDS_MAX = BUSY_DOCUMENTS_MIN - 1
"""Appends that may be committed in the event loop: of more, the thread takes a part of the work (SQLite)."""
JOTTED_BYTES_MAX = 16 * KIB
"""Of changes in all of them (SQLite)."""
JOT_SECONDS_MAX = 0.002
"""What commits take of late, up to which the event loop waits for one of them (SQLite). On a slower disk the
writer's thread does it."""
JOT_MEMORY = 0.9
"""How much of what commits have taken of late is what they took before the last one (SQLite)."""
CHANGE_LOG_SECONDS = 1.0
"""How exact it is when somebody last wrote in a field: typing on then writes one row and not two (SQLite)."""
STORAGE_BUSY_MILLISECONDS = 2_000
"""How long another process may keep SQLite's file locked before what waits for it fails."""
READERS_MAX = 4
"""Connections that read SQLite's file at the same time."""
READER_CACHE_BYTES = 256 * KIB
"""Of the file's pages, kept by each connection that reads: the system keeps all of them (SQLite)."""
WRITER_CACHE_BYTES = 512 * KIB
"""The same, by the one that writes: what a commit changes of some hundred documents (SQLite)."""
GLANCED_BYTES_MAX = 128 * KIB
"""Of a folded document that is read in the event loop: some thirty pages of the file (SQLite)."""
CALLED_UP_BYTES = 256 * MIB
"""Of the file, read into the system's memory when the server starts (SQLite)."""
REMEMBERED_MAX = 2_000
"""Of each kind (sessions, people, forms, conversations), what a node keeps for the next who asks (SQLite)."""
CONNECTIONS_TO_POSTGRES_MAX = 8
"""Of one node, beside the one that hears the bells."""
STORAGE_ANSWER_SECONDS_MAX = 10
"""A statement or connection that takes PostgreSQL longer has failed."""
ERASURE_WAIT_MILLISECONDS = 50
"""How long all writing waits for readers to let deleted text leave the disk (SQLite)."""
ERASURE_RETRY_SECONDS = 1.0
"""How soon that is tried again when they did not."""
AUDIT_BATCH_EVENTS = 2_000
"""How many events of the audit are read at once when the chain is walked."""

# Signing in.
SIGN_IN_ATTEMPTS_MAX = 10
"""Failed attempts for one e-mail address from one network address in the window. Times three for the e-mail
address from everywhere, and times ten for the network address."""
SIGN_IN_WINDOW_SECONDS = 15 * 60
PASSWORD_HASHES_AT_ONCE_MAX = 2
"""Each takes 64 MiB and a core for some 50 ms."""
SESSION_HOURS_MAX = 12
"""A session ends this long after it began, whatever happens in it."""
SESSION_IDLE_HOURS_MAX = 4
PASSWORD_CHARACTERS_MIN = 12
"""Of a password that somebody chooses; the sample organisation's shared one is no secret."""
PASSWORD_CHARACTERS_MAX = 256
PASSWORD_UNKNOWN_CHARACTERS_MIN = 8
"""Of those, when each word, run and repetition that guessers know counts as one (``rules/passwords.py``)."""
EMAIL_CHARACTERS_MAX = 254

# The organisation.
NAME_CHARACTERS_MAX = 200
"""Of a person's name."""
PLACE_CHARACTERS_MAX = 300
"""Of the place where two people meet."""
MEETING_DAYS_MAX = 800
"""Between today and the day on which two people meet or met: a year further away is a slip of the finger."""
GUESTS_MAX = 6
"""Who take part in one conversation, or are invited to, beside the two whose it is."""
SEARCH_CHARACTERS_MIN = 2
"""Letters of a name that somebody looks for."""
SEARCH_RESULTS_MAX = 20
"""People who are shown for one search; for more, more of the name must be typed."""

# Activities and notes.
ACTIVITY_TITLE_CHARACTERS_MAX = 300
"""Of what lists show of a title; what is typed into one is never refused."""
ACTIVITY_COMMENT_CHARACTERS_MAX = 4_000
NOTE_BEGINNING_CHARACTERS_MAX = 200
"""Of what the list of notes shows of each."""

STAND_IN_DAYS_MAX = 366
"""For which somebody stands in for a manager."""
STAND_IN_REASON_CHARACTERS_MAX = 500

DEMO_PEOPLE_MIN = 2
DEMO_PEOPLE_MAX = 99_999
"""Of a large organisation that is made up: their ids have five digits."""

# A conversation's life.
REASON_CHARACTERS_MAX = 4_000
"""Of the reason for declining, cancelling or reopening, and of what is proposed instead."""
SIGNATURE_COMMENT_CHARACTERS_MAX = 4_000
"""Of what somebody says together with a signature."""
EARLIER_SHOWN_MAX = 20
"""Of the conversations that are over, on the start page: the newest."""
DECLINED_SHOWN_MAX = 20
"""Of the conversations that were declined, on HR's start page: the newest."""
WISH_CHARACTERS_MAX = 2_000
"""Of what an employee wants to talk about, of when it would suit, and of the answer."""
WISHES_A_DAY_MAX = 10
"""How often one employee may ask in 24 hours: each time somebody gets a letter."""
WISHES_SHOWN_MAX = 10
"""Of what one employee has asked for, the newest."""
HANDOVERS_SHOWN_MAX = 200
"""Conversations that go on with somebody who is not the employee's manager, on one page."""
SALT_BYTES = 32
"""Of randomness in each record, so that nobody finds a text by trying hashes."""

# How the organisation has it.
NOTICE_DAYS_MAX = 365
"""Before a meeting, as the organisation wishes invitations to come."""
REQUIRED_MONTHS_MAX = 60
"""Between two required conversations, and of an employment that needs none."""
REMINDER_DAYS_MAX = 60
"""Between a reminder and what it reminds of."""
RETENTION_DAYS_MAX = 3_650
RETENTION_YEARS_MAX = 100
DUE_SOON_DAYS = 60
"""Before the day by which somebody is to have had a conversation: from then on it is said that it is soon."""
SMALL_GROUP_MAX = 50
"""The least number of people whose figures are shown, at its highest."""

# What an older system leaves behind.
ARCHIVE_BYTES_MAX = 8 * MIB
"""Of one file of its activities: some 30,000 of them."""
ARCHIVE_ROWS_MAX = 50_000
ARCHIVE_COLUMNS_MAX = 60
ARCHIVE_CELL_CHARACTERS_MAX = 10_000
ARCHIVE_IDS_AT_ONCE_MAX = 5_000
"""Rows that one statement looks for: a database takes so many values at once and no more."""
ARCHIVE_FAULTS_SHOWN_MAX = 200
"""On the page: of a file in which every row is wrong the first ones tell what is."""

# Letters: e-mail about a meeting.
MEETING_MINUTES = 60
"""How long a meeting is in a calendar."""
LETTER_SECONDS_MAX = 60
"""How long a mail server may take over one letter, connecting included."""
LETTER_LEASE_SECONDS = 5 * LETTER_SECONDS_MAX
"""For how long a letter is one node's: another one tries it afterwards."""
LETTER_PAUSE_SECONDS_MIN = 10
"""After the first failure; doubled by each more."""
LETTER_PAUSE_SECONDS_MAX = 15 * 60
LETTER_HOURS_MAX = 72
"""A letter that no server has taken by then is given up."""
LETTER_POLL_SECONDS = 5.0
"""How often a node looks for letters, of which it may not have heard."""
LETTER_FAILURE_CHARACTERS_MAX = 500
"""Of what a mail server said when it did not take a letter."""
LETTERS_SHOWN_MAX = 50
LETTERS_A_DAY_MAX = 20
"""To one person about one matter in 24 hours. What comes later waits, and only the newest of it leaves."""
LETTER_CROWD_SECONDS = 60 * 60
"""For how long."""
REMINDER_HOUR_MIN = 7
"""On the clock of the meeting's place: no reminder is written earlier in the day."""
REMINDER_HOUR_MAX = 19
"""From this hour on none is written."""
REMINDER_LATE_DAYS_MAX = 2
"""A reminder that nobody could write on its day is still of use so much later."""
REMINDER_POLL_SECONDS = 300.0
"""How often a node looks whether anybody is to be reminded."""
ROUND_GRACE_SECONDS = 2.0
"""What is done again and again in the background has so long to end by itself when the server stops."""
REMINDERS_AT_ONCE_MAX = 50
"""Letters that one transaction stores."""

# What is kept, and what everybody may have of it.
OWN_BUNDLE_DAYS = 7
"""For how long a bundle of somebody's own data is there to be downloaded."""
OWN_BUNDLES_A_DAY_MAX = 3
"""How often one person may have it made in 24 hours."""
OWN_BUNDLE_LEASE_SECONDS = 120
"""For how long one step of making it may take: another node begins it anew afterwards."""
OWN_BUNDLE_ATTEMPTS_MAX = 3
OWN_BUNDLE_BYTES_MAX = 1024 * MIB
OWN_BUNDLE_POLL_SECONDS = 5.0
"""How often a node looks for one to make, of which it may not have heard."""
RETENTION_ROUND_SECONDS = 24 * 60 * 60
"""How often what is no longer to be kept is erased."""
RETENTION_FIRST_ROUND_SECONDS = 60
"""From the server's start to the first time."""
RETENTION_PREVIEW_DAYS = 30
"""How far ahead it is shown what goes when."""
RETENTION_PREVIEW_DAYS_MAX = 3_650
RETENTION_SHOWN_MAX = 500
"""Lines on one page: the rest is counted."""

# Records.
RECORD_BYTES_MAX = 64 * MIB
"""Of a record as JSON: three documents at their largest, with room for how JSON writes them."""

# Templates.
SCALE_STEPS_MAX = 11
"""Of one scale: more do not fit beside each other on a phone."""

PDF_BYTES_MAX = 256 * MIB
"""Of a record as PDF: a page of plain text takes some 5 KiB."""
BUNDLE_BYTES_MAX = RECORD_BYTES_MAX + PDF_BYTES_MAX
BUNDLE_FILES_MAX = 16
UNBROKEN_CHARACTERS_MAX = 1_000
"""Of what is kept together on a page of paper: a row of a table, a signature with its comment."""
CLUSTER_CHARACTERS_MAX = 16
"""Of what is drawn as one on paper: a family of emoji has 11. More accents would cover the lines above."""
CERTIFICATE_NAME_CHARACTERS_MAX = 64
"""Of an organisation's name in its certificate (X.520)."""
RECORD_CHARACTERS_MAX = 500_000
"""Of all answers of a record together: some 200 pages."""
PAPER_CHARACTERS_MAX = 2_000_000
"""Of what is put on paper, as it is handed to the typesetter: each million takes it some 6 s and 300 MB."""
PAPERS_AT_ONCE_MAX = 2
"""Records that are being put on paper: each takes a core, for some 100 ms as a rule."""
PREVIOUS_RECORDS_MAX = 50
"""Of the same two people: among these the newest of the same kind is looked for."""
VERIFYING_MEMORY_BYTES_MAX = 4 * 1024 * MIB
"""What ``samsyn verify`` may take of the machine, whatever file it is given."""

# The process.
OPEN_FILES = 65_536
"""What the server asks the system for: a socket is an open file, and the usual allowance is 1,024."""

# HTTP.
FORM_BYTES_MAX = 1 * MIB

# Coverage, for HR.
COVERAGE_PEOPLE_SHOWN = 50
"""People on one page of the list."""
COVERAGE_NAMED_MAX = 500
"""People of whom details are asked by their ids, in one query; of more it asks everybody's."""
COVERAGE_YEARS_MAX = 20
"""How far from today a period may begin or end."""
SPREADSHEET_CHUNK_ROWS = 500
"""Rows of a table that are sent at once."""
