-- Hashes are 64 octets, times milliseconds since 1970. A line's number is its row's.
CREATE TABLE head (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    node BYTEA NOT NULL,
    seq BIGINT NOT NULL, last BYTEA NOT NULL, next BYTEA NOT NULL,
    clock BIGINT, token BYTEA NOT NULL, fence BIGINT NOT NULL
);
CREATE TABLE resource (
    n BIGINT PRIMARY KEY, id BYTEA NOT NULL UNIQUE, lid BYTEA NOT NULL UNIQUE,
    kind BIGINT NOT NULL, author BYTEA NOT NULL, signer BYTEA NOT NULL, trust BIGINT, created BIGINT,
    admitted BIGINT NOT NULL, size BIGINT NOT NULL, gone BIGINT NOT NULL, address BOOLEAN NOT NULL
);
CREATE INDEX resource_author ON resource (author, n) WHERE kind >= 3 AND gone = 0;
CREATE INDEX resource_address ON resource (signer, created, id) WHERE kind = 3;
CREATE INDEX resource_control ON resource (n) WHERE kind < 3;
CREATE INDEX resource_sealed ON resource (n) WHERE kind = 8;
-- Texts are base64 of what is already dense: to compress them takes longer than it saves.
CREATE TABLE text (n BIGINT PRIMARY KEY REFERENCES resource, text BYTEA NOT NULL);
ALTER TABLE text ALTER COLUMN text SET STORAGE EXTERNAL;
CREATE TABLE identity (n BIGINT PRIMARY KEY REFERENCES resource, type BIGINT NOT NULL, expires BIGINT NOT NULL);
CREATE TABLE trust (
    n BIGINT PRIMARY KEY REFERENCES resource, trustee BYTEA NOT NULL, bits BIGINT NOT NULL, expires BIGINT
);
CREATE TABLE revocation (
    n BIGINT PRIMARY KEY REFERENCES resource, target BYTEA NOT NULL, authorized BOOLEAN NOT NULL
);
CREATE TABLE peer (
    fp BYTEA PRIMARY KEY,
    count BIGINT NOT NULL, last BYTEA NOT NULL, next BYTEA NOT NULL, again BIGINT, stuck BOOLEAN NOT NULL,
    sent BYTEA NOT NULL, reread BIGINT, fails BIGINT NOT NULL, failing BIGINT, due BIGINT NOT NULL,
    access BIGINT NOT NULL, news BOOLEAN NOT NULL
);
CREATE TABLE session (fp BYTEA PRIMARY KEY, process TEXT NOT NULL, fence BIGINT NOT NULL, until BIGINT NOT NULL);
CREATE TABLE want (
    author BYTEA NOT NULL, id BYTEA NOT NULL,
    ord BIGINT NOT NULL, urgent BOOLEAN NOT NULL, reporter BYTEA NOT NULL,
    next BIGINT NOT NULL, due BIGINT, waits_author BYTEA, waits BYTEA, code TEXT,
    process TEXT, lease BIGINT,
    PRIMARY KEY (author, id)
);
CREATE INDEX want_due ON want (due);
CREATE TABLE holder (
    author BYTEA NOT NULL, id BYTEA NOT NULL, fp BYTEA NOT NULL,
    due BIGINT NOT NULL, misses BIGINT NOT NULL,
    doubt BIGINT NOT NULL, code TEXT, about_author BYTEA, about BYTEA,
    PRIMARY KEY (author, id, fp),
    FOREIGN KEY (author, id) REFERENCES want ON DELETE CASCADE
);
CREATE TABLE opened (n BIGINT PRIMARY KEY REFERENCES resource, sealed BYTEA UNIQUE, code TEXT);
CREATE TABLE blocked (fp BYTEA PRIMARY KEY);
CREATE TABLE event (
    e BIGINT PRIMARY KEY, n BIGINT NOT NULL, what BIGINT NOT NULL, gone BIGINT NOT NULL
);
-- Texts that other processes have fetched and verified, for the one that admits.
CREATE TABLE inbox (w BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, peer BYTEA NOT NULL, text BYTEA NOT NULL);
