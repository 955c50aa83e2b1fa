import { z } from 'zod';
import { duration, expected, integer, text } from '../../../base/setting.ts';

/** `balance:` of a pool and what belongs to it: who gets a request, how many at once, and who comes back. */

const cookieName = '1 to 64 characters that a cookie name may have';
const COOKIE_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
const hashForm = 'path, client, header:NAME or cookie:NAME';
const HASH_ON = /^(path|client|(header|cookie):[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64})$/;

export const balance = z
  .enum(['round-robin', 'least-requests', 'ewma', 'consistent-hash'], {
    error: expected('round-robin, least-requests, ewma or consistent-hash').error,
  })
  .default('round-robin')
  .describe(
    'How the origin of a request is picked. round-robin: in turn, by weight. least-requests: the one with the fewest in flight for its weight. ewma: the one that has answered fastest of late for what is in flight there. consistent-hash: always the same for the same hash_on, while it is there.',
  );

export const hashOn = text(hashForm, (input) => HASH_ON.test(input), HASH_ON)
  .optional()
  .describe(
    'What consistent-hash goes by: path (without the query), client (its address), header:NAME or cookie:NAME (where there is none, the address). Default: path.',
  );

export const maxInFlight = z
  .union([z.literal('unlimited'), integer(1, 1_000_000)], expected('unlimited, or a whole number from 1 to 1000000'))
  .default('unlimited')
  .describe('How many requests each origin gets at once, over all workers; more wait in the queue.');

export const queueSettings = z
  .strictObject({
    size: integer(0, 1_000_000)
      .default(1000)
      .describe('How many requests may wait. One more: the splash page with status 503.'),
    timeout: duration({ min: '1ms', max: '10m' }).prefault('5s').describe('How long each may wait. Overdue: the same.'),
  })
  .prefault({})
  .describe('Where requests wait for an origin to be free, or for the first good check of any.');

export const stickySettings = z
  .union(
    [
      z.literal('off'),
      z.strictObject({
        cookie: text(cookieName, (input) => COOKIE_NAME.test(input), COOKIE_NAME)
          .optional()
          .describe('The name of a cookie of our own. Nobody can make one up, nor read from it which origin it means.'),
        same_site: z
          .enum(['lax', 'strict', 'none'])
          .default('lax')
          .describe('Its SameSite. none needs secure: browsers refuse it otherwise.'),
        secure: z
          .enum(['auto', 'always', 'never'])
          .default('auto')
          .describe('Whether it is for https alone. auto: when the client came by https.'),
        lifetime: z
          .union(
            [z.literal('session'), duration({ min: '1s', max: '366d' })],
            expected('session or a time such as 30m, 2h or 1d, at least 1s and at most 366d'),
          )
          .default('session')
          .describe('How long browsers keep it. session: until they are closed.'),
        route_of: text(cookieName, (input) => COOKIE_NAME.test(input), COOKIE_NAME)
          .optional()
          .describe(
            'In place of cookie: the name of one that the origins set, as Apache has it. What follows its last dot is the route of the origin (JSESSIONID=1234.app1); also as ;jsessionid= in the path.',
          ),
      }),
    ],
    expected('off or a map'),
  )
  .default('off')
  .describe('Keeps a client at the origin that it was sent to first, while that is usable. off: nobody is kept.');
