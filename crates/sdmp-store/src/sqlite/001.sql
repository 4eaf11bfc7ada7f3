-- Hashes are 64 octets, times milliseconds since 1970. A line's number is its row's.
CREATE TABLE key (k INTEGER PRIMARY KEY, fp BLOB NOT NULL UNIQUE);
CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    node INTEGER NOT NULL REFERENCES key,
    seq INTEGER NOT NULL, last BLOB NOT NULL, next BLOB NOT NULL,
    clock INTEGER, token BLOB NOT NULL, fence INTEGER NOT NULL, clean INTEGER NOT NULL
);
CREATE TABLE resource (
    n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, lid BLOB NOT NULL UNIQUE,
    kind INTEGER NOT NULL, author INTEGER NOT NULL REFERENCES key,
    signer INTEGER NOT NULL REFERENCES key, trust INTEGER, created INTEGER,
    admitted INTEGER NOT NULL, size INTEGER NOT NULL,
    gone INTEGER NOT NULL, address INTEGER NOT NULL
);
CREATE INDEX resource_author ON resource (author, kind, created);
CREATE INDEX resource_signer ON resource (signer);
CREATE INDEX resource_address ON resource (signer, created, id) WHERE kind = 3;
CREATE INDEX resource_control ON resource (n) WHERE kind < 3;
CREATE INDEX resource_sealed ON resource (n) WHERE kind = 8;
CREATE TABLE text (n INTEGER PRIMARY KEY REFERENCES resource, text BLOB NOT NULL);
CREATE TABLE identity (n INTEGER PRIMARY KEY REFERENCES resource, type INTEGER NOT NULL, expires INTEGER NOT NULL);
CREATE TABLE trust (
    n INTEGER PRIMARY KEY REFERENCES resource,
    trustee INTEGER NOT NULL REFERENCES key, bits INTEGER NOT NULL, expires INTEGER
);
CREATE INDEX trust_trustee ON trust (trustee);
CREATE TABLE revocation (n INTEGER PRIMARY KEY REFERENCES resource, target BLOB NOT NULL, authorized INTEGER NOT NULL);
CREATE INDEX revocation_target ON revocation (target);
CREATE TABLE peer (
    k INTEGER PRIMARY KEY REFERENCES key,
    count INTEGER NOT NULL, last BLOB NOT NULL, next BLOB NOT NULL, again INTEGER, stuck INTEGER NOT NULL,
    sent BLOB NOT NULL, reread INTEGER, fails INTEGER NOT NULL, failing INTEGER, due INTEGER NOT NULL,
    access INTEGER NOT NULL, news INTEGER NOT NULL
);
CREATE TABLE want (
    w INTEGER PRIMARY KEY, author INTEGER NOT NULL REFERENCES key, id BLOB NOT NULL,
    ord INTEGER NOT NULL, urgent INTEGER NOT NULL, reporter INTEGER NOT NULL REFERENCES key,
    next INTEGER NOT NULL, due INTEGER, waits_author BLOB, waits BLOB, code TEXT,
    UNIQUE (id, author)
);
CREATE INDEX want_due ON want (due);
CREATE INDEX want_waits ON want (waits);
CREATE INDEX want_author ON want (author);
CREATE TABLE holder (
    w INTEGER NOT NULL REFERENCES want ON DELETE CASCADE, k INTEGER NOT NULL REFERENCES key,
    due INTEGER NOT NULL, misses INTEGER NOT NULL,
    doubt INTEGER NOT NULL, code TEXT, about_author BLOB, about BLOB,
    PRIMARY KEY (w, k)
) WITHOUT ROWID;
CREATE TABLE opened (n INTEGER PRIMARY KEY REFERENCES resource, sealed BLOB UNIQUE, code TEXT);
CREATE TABLE blocked (k INTEGER PRIMARY KEY REFERENCES key);
CREATE TABLE event (e INTEGER PRIMARY KEY AUTOINCREMENT, n INTEGER NOT NULL, what INTEGER NOT NULL, gone INTEGER NOT NULL);
