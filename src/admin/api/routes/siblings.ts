import { z } from 'zod';
import { siblingsBody } from '../represent-siblings.ts';
import { type AnyRoute, route } from '../route.ts';
import { siblingsSchema } from '../sibling-schemas.ts';

/** The nodes whose caches are asked before the origins are. */
export const SIBLINGS_ROUTE: AnyRoute = route({
  method: 'GET',
  path: '/siblings',
  id: 'listSiblings',
  summary: 'All siblings: who answers, who is linked, what became of what they were asked, and what they ask us',
  role: 'read',
  params: z.strictObject({}),
  query: z.strictObject({}),
  replies: { 200: { description: 'As they are now.', schema: siblingsSchema } },
  problems: [],
  handle: (_, { siblings, now }) => ({ status: 200, body: siblingsBody(siblings(), now()) }),
});
