"""The tables of batches, version by version.

A batch is numbered in the order of arrival. It is `receiving` until its body has come to the end:
before, nobody sees it. An article that is not settled has its text and what is asked; one that is
settled has its line instead. `until` is a Unix time: till then the lease of whoever holds `claim`
runs, or, for a batch, that of whoever receives it. `losses` counts leases that ran out.
"""

FILE = "diglot.db"

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
)
