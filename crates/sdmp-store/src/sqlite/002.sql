-- Which process has a peer's session, and which asks for a want.
CREATE TABLE session (
    k INTEGER PRIMARY KEY REFERENCES key,
    process TEXT NOT NULL, fence INTEGER NOT NULL, until INTEGER NOT NULL
);
ALTER TABLE want ADD COLUMN process TEXT;
ALTER TABLE want ADD COLUMN lease INTEGER;
