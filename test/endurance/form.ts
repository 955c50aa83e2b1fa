/**
 * How long the tests of endurance take. By themselves, and as a part of `npm test`, some seconds each:
 *
 *     npm run endurance                        the long form: a minute of everything, a hundred kills, a million objects
 *     PORTICO_ENDURANCE=long vitest run FILE   the same of one file
 *     PORTICO_SEED=7                           other random choices
 */
export const LONG = process.env.PORTICO_ENDURANCE === 'long';

export const SEED = Number(process.env.PORTICO_SEED ?? 1);

/** What was measured, where whoever runs the tests can read it. */
export function tell(subject: string, facts: object): void {
  if (LONG || process.env.PORTICO_TELL === '1') console.log(`${subject}: ${JSON.stringify(facts)}`);
}
