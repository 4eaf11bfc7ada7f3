-- Checked by a query for each row, it took a third of the time of an append; no row of `resource` is ever deleted.
ALTER TABLE text DROP CONSTRAINT text_n_fkey;
