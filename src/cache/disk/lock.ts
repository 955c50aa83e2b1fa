import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** SQLite's result code for a lock that somebody else has. */
const SQLITE_BUSY = 5;

/**
 * A directory's lock: a lock of the operating system on the file `lock` in it, which ends with the process that has it,
 * however that ends. Node offers such locks through SQLite alone (fcntl on all systems that we run on): a transaction
 * that is open for as long as we are, on an empty database that is never written. A listener on a socket would be
 * the other way; its name is not seen from another container that has the same directory.
 */
export class DirectoryLock {
  readonly #database: DatabaseSync;

  /** `undefined` when another process, or this one, has it. Throws when the file cannot be made. */
  static take(directory: string): DirectoryLock | undefined {
    const database = new DatabaseSync(join(directory, 'lock'), { timeout: 0 });
    try {
      // A journal on disk would be a second file there.
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE');
      return new DirectoryLock(database);
    } catch (error) {
      database.close();
      if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
      throw error;
    }
  }

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  release(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}
