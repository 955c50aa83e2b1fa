/** Why a geo database is not taken, in words that an operator can do something with. The file is damaged, or of another kind. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
}
