/** Whose fault an error was. */
export const BLAMES = ['client', 'origin', 'us'] as const;
export type Blame = (typeof BLAMES)[number];

/** Every code that an exchange can end with, and whose fault that is: in all threads the same, in the same order. */
export type ErrorCodes = Readonly<Record<string, { readonly blame: Blame }>>;
