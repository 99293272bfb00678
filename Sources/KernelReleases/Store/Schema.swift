import GRDB

/// The tables, and how a database of an older version comes to them.
///
/// A migration is one step of `user_version`. What stands here is history: a step that was released never changes.
enum Schema {
  /// Marks the file as ours (`PRAGMA application_id`): the letters `tbKn`.
  static let applicationID = 0x7462_4B6E

  struct Step: Sendable {
    /// The `user_version` that the step leads to.
    let version: Int
    let apply: @Sendable (Database) throws -> Void
  }

  static let steps: [Step] = [
    Step(version: 1) { db in
      try db.execute(
        sql: """
          -- What is remembered of an address that was fetched, to ask again politely.
          CREATE TABLE feed (
            address TEXT PRIMARY KEY,
            format TEXT NOT NULL,
            final_address TEXT NOT NULL,
            etag BLOB,
            last_modified BLOB,
            validators_at INTEGER NOT NULL,
            body_sha256 BLOB NOT NULL,
            fetched_at INTEGER NOT NULL,
            max_age INTEGER
          ) STRICT, WITHOUT ROWID;

          -- A server that asked us to wait, or that failed: scheme, host and port.
          CREATE TABLE origin (
            origin TEXT PRIMARY KEY,
            not_before INTEGER NOT NULL,
            failures INTEGER NOT NULL,
            is_request INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;

          -- The version's place in the order stands beside it, so that an index gives it.
          CREATE TABLE release (
            version TEXT PRIMARY KEY,
            line INTEGER NOT NULL,
            first INTEGER NOT NULL,
            second INTEGER NOT NULL,
            third INTEGER NOT NULL,
            fourth INTEGER NOT NULL,
            candidate INTEGER NOT NULL,
            series TEXT,
            channel TEXT NOT NULL,
            day INTEGER,
            released_at INTEGER,
            archive TEXT,
            source TEXT NOT NULL,
            first_seen INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX release_order ON release (line, first, second, third, fourth, candidate);
          CREATE INDEX release_series ON release (series, line, first, second, third, fourth, candidate);

          -- The accepted state of the feeds of one format, in the feed's order.
          CREATE TABLE listed (
            format TEXT NOT NULL,
            position INTEGER NOT NULL,
            version TEXT NOT NULL,
            channel TEXT NOT NULL,
            end_of_life INTEGER NOT NULL,
            day INTEGER,
            released_at INTEGER,
            archive TEXT,
            PRIMARY KEY (format, position)
          ) STRICT, WITHOUT ROWID;

          CREATE TABLE suspicion (
            format TEXT NOT NULL,
            what TEXT NOT NULL,
            since INTEGER NOT NULL,
            PRIMARY KEY (format, what)
          ) STRICT, WITHOUT ROWID;

          -- The log; number is the cursor of whoever reads along, id is what a happening is called for ever.
          CREATE TABLE event (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            version TEXT,
            series TEXT,
            channel TEXT,
            day INTEGER,
            previous TEXT,
            skipped TEXT NOT NULL,
            presumed INTEGER NOT NULL,
            detail TEXT,
            observed INTEGER NOT NULL
          ) STRICT;

          -- How far somebody has read the log.
          CREATE TABLE cursor (
            name TEXT PRIMARY KEY,
            number INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;
          """)
    },
    Step(version: 2) { db in
      try db.execute(
        sql: """
          -- Whether the day is that of a mail, not of the tag.
          ALTER TABLE release ADD COLUMN inferred INTEGER NOT NULL DEFAULT 0;

          -- Whether the row stays from an earlier state, for a doubt's sake.
          ALTER TABLE listed ADD COLUMN held INTEGER NOT NULL DEFAULT 0;

          -- Mails that announce a release; of several that name one version the first that came.
          CREATE TABLE announcement (
            version TEXT PRIMARY KEY,
            series TEXT,
            author TEXT NOT NULL,
            sent_at INTEGER,
            paragraph TEXT,
            link TEXT,
            source TEXT NOT NULL,
            first_seen INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;

          -- Versions whose files a list of checksums names.
          CREATE TABLE published (
            version TEXT PRIMARY KEY,
            series TEXT,
            source TEXT NOT NULL,
            first_seen INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;

          -- Versions that came and went unseen, told in a `skipped` event and not yet proven by another source.
          CREATE TABLE presumed (
            version TEXT PRIMARY KEY,
            series TEXT,
            since INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;

          -- The published end of a series: ended is 1 where it is said to have ended without a day.
          CREATE TABLE support (
            series TEXT PRIMARY KEY,
            longterm INTEGER,
            ended INTEGER NOT NULL,
            end_day INTEGER,
            final_day INTEGER,
            latest TEXT,
            source TEXT NOT NULL,
            changed_at INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;

          -- CVE records of the kernel; affects is JSON.
          CREATE TABLE vulnerability (
            id TEXT PRIMARY KEY,
            title TEXT NOT NULL,
            published_at INTEGER,
            rejected INTEGER NOT NULL,
            affects TEXT NOT NULL,
            source TEXT NOT NULL,
            stored_at INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;

          -- What somebody follows: origin is added or removed (of those that are there by default), or default.
          CREATE TABLE track (
            name TEXT PRIMARY KEY,
            origin TEXT NOT NULL,
            seen_number INTEGER NOT NULL,
            seen_version TEXT,
            seen_at INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;

          -- The runs of programs that were given an event; of several runs for one event the last.
          CREATE TABLE hook (
            program TEXT NOT NULL,
            number INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            status INTEGER,
            result TEXT NOT NULL,
            ended_at INTEGER NOT NULL,
            PRIMARY KEY (program, number)
          ) STRICT, WITHOUT ROWID;
          """)
    },
  ]
}
