-- An index over whole hashes is written at random places, a page or two for each row. `place` finds rows by the first
-- octets of their identifiers: new ones in a small table, which is emptied into a large one part by part.
CREATE TABLE hash (h BLOB NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (h, n)) WITHOUT ROWID;
CREATE TABLE recent (h BLOB NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (h, n)) WITHOUT ROWID;
INSERT INTO hash SELECT substr(id, 1, 8), n FROM resource UNION ALL SELECT substr(lid, 1, 8), n FROM resource ORDER BY 1;
CREATE TABLE resource_3 (
    n INTEGER PRIMARY KEY, id BLOB NOT NULL, lid BLOB NOT NULL,
    kind INTEGER NOT NULL, author INTEGER NOT NULL REFERENCES key,
    signer INTEGER NOT NULL REFERENCES key, trust INTEGER, created INTEGER,
    admitted INTEGER NOT NULL, size INTEGER NOT NULL,
    gone INTEGER NOT NULL, address INTEGER NOT NULL
);
INSERT INTO resource_3 SELECT * FROM resource;
DROP TABLE resource;
ALTER TABLE resource_3 RENAME TO resource;
CREATE INDEX resource_author ON resource (author) WHERE kind >= 3 AND gone < 2;
CREATE INDEX resource_address ON resource (signer, created, id) WHERE kind = 3;
CREATE INDEX resource_control ON resource (n) WHERE kind < 3;
CREATE VIEW place AS SELECT h, n FROM recent UNION ALL SELECT h, n FROM hash;
-- Events are never deleted, so their numbers need no table of their own.
CREATE TABLE event_3 (e INTEGER PRIMARY KEY, n INTEGER NOT NULL, what INTEGER NOT NULL, gone INTEGER NOT NULL);
INSERT INTO event_3 SELECT * FROM event;
DROP TABLE event;
ALTER TABLE event_3 RENAME TO event;
DROP INDEX want_waits;
DROP INDEX want_author;
-- Sealed texts that are here and were not tried yet: an index over all sealed ones grows for ever.
CREATE TABLE sealed (n INTEGER PRIMARY KEY REFERENCES resource);
INSERT INTO sealed SELECT n FROM resource WHERE kind = 8 AND gone = 0 AND n NOT IN (SELECT n FROM opened);
-- Whether more texts of a blocked author are to go: a person may ask for some of them back later.
ALTER TABLE blocked ADD COLUMN rest INTEGER NOT NULL DEFAULT 0;
-- How many octets of content are here, by author (N51).
CREATE TABLE taken (k INTEGER PRIMARY KEY REFERENCES key, octets INTEGER NOT NULL);
INSERT INTO taken SELECT author, sum(size) FROM resource WHERE kind >= 3 AND gone < 2 GROUP BY author;
-- Texts in the object store (gone = 1), by their names there.
CREATE TABLE blob (n INTEGER PRIMARY KEY REFERENCES resource, name TEXT NOT NULL UNIQUE);
