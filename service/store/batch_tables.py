"""The tables of batches: their SQL, version by version, and the bytes that articles count for."""

FILE = "diglot.db"
RESULT_BYTES = 4096
"""Counted for the result of an article that has none so far."""
_ROW_BYTES = 200


def _size(row: str) -> str:
    """The SQL of the bytes that an article takes, with its place in the indexes."""
    return (
        f"{_ROW_BYTES} + coalesce(length(CAST({row}.article AS BLOB)), 0)"
        f" + coalesce(length(CAST({row}.line AS BLOB)), 0)"
        f" + CASE WHEN {row}.outcome IS NULL THEN {RESULT_BYTES} ELSE 0 END"
    )


_USAGE = f"""
    CREATE TABLE usage (owner TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO usage (owner, bytes)
        SELECT owner, sum({_size("articles")}) FROM articles
        JOIN batches ON batches.number = articles.batch GROUP BY owner;

    CREATE TRIGGER articles_added AFTER INSERT ON articles BEGIN
        INSERT INTO usage (owner, bytes)
            SELECT owner, {_size("NEW")} FROM batches WHERE number = NEW.batch
            ON CONFLICT (owner) DO UPDATE SET bytes = bytes + excluded.bytes;
    END;
    CREATE TRIGGER articles_changed AFTER UPDATE OF article, line, outcome ON articles BEGIN
        UPDATE usage SET bytes = bytes + ({_size("NEW")}) - ({_size("OLD")})
            WHERE owner = (SELECT owner FROM batches WHERE number = NEW.batch);
    END;
    CREATE TRIGGER articles_removed AFTER DELETE ON articles BEGIN
        UPDATE usage SET bytes = bytes - ({_size("OLD")})
            WHERE owner = (SELECT owner FROM batches WHERE number = OLD.batch);
    END;
"""
MIGRATIONS = (
    """
    CREATE TABLE batches (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        owner TEXT NOT NULL,
        key TEXT,
        body TEXT,
        receiving INTEGER NOT NULL DEFAULT 1,
        until REAL NOT NULL,
        created REAL NOT NULL,
        ended REAL,
        cancelled INTEGER NOT NULL DEFAULT 0
    );
    CREATE UNIQUE INDEX batches_key ON batches (owner, key) WHERE key IS NOT NULL;

    CREATE TABLE articles (
        batch INTEGER NOT NULL REFERENCES batches (number),
        place INTEGER NOT NULL,
        article TEXT,
        outcome TEXT CHECK (outcome IN ('done', 'failed', 'cancelled')),
        line TEXT,
        claim TEXT,
        until REAL NOT NULL DEFAULT 0,
        losses INTEGER NOT NULL DEFAULT 0,
        UNIQUE (batch, place),
        CHECK (outcome IS NULL OR article IS NULL)
    );
    CREATE INDEX articles_open ON articles (losses, batch, place) WHERE outcome IS NULL;
    CREATE INDEX articles_outcome ON articles (batch, outcome);
    CREATE INDEX articles_claimed ON articles (until) WHERE claim IS NOT NULL;
    """,
    _USAGE,
)
"""The SQL of each version, for `Database`.

A batch is numbered in the order of arrival. It is `receiving` until its body has come to the end:
before, nobody sees it. An article that is not settled has its text and what is asked; one that is
settled has its line instead. `until` is a Unix time: till then the lease of whoever holds `claim`
runs, or, for a batch, that of whoever receives it. `losses` counts leases that ran out. `usage`
is kept up by triggers: how many bytes each owner's articles and results take.
"""
