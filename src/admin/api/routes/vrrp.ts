import { z } from 'zod';
import type { AddressCommand } from '../../../operator/commands.ts';
import { Problem } from '../../problem.ts';
import type { ApiContext } from '../context.ts';
import { done } from '../refused.ts';
import { vrrpBody } from '../represent-vrrp.ts';
import { type AnyRoute, route } from '../route.ts';
import { actorOf } from '../source.ts';
import type { VrrpPort } from '../vrrp-port.ts';
import { handoverSchema, resumeSchema, vrrpSchema } from '../vrrp-schemas.ts';

const SUMMARIES: Readonly<Record<AddressCommand, readonly [all: string, one: string]>> = {
  handover: [
    'Leaves all addresses that this node has to others, and takes none from who has them',
    'Leaves the addresses of one instance to others, and does not take them from who has them',
  ],
  release: [
    'Leaves all addresses to others, and takes none whatever happens',
    'Leaves the addresses of one instance to others, and does not take them whatever happens',
  ],
  resume: ['Takes part again, with all addresses', 'Takes part again, with the addresses of one instance'],
};

/** The addresses that this node shares with others: how each stands, and what an operator wants of them. */
export const VRRP_ROUTES: readonly AnyRoute[] = [
  route({
    method: 'GET',
    path: '/vrrp',
    id: 'getVrrp',
    summary: 'The addresses that this node shares with others, and the process that has them',
    role: 'read',
    params: z.strictObject({}),
    query: z.strictObject({}),
    replies: { 200: { description: 'As it is now.', schema: vrrpSchema } },
    problems: ['vrrp-off'],
    handle(_, context) {
      const port = portOf(context);
      return { status: 200, body: vrrpBody(port.agent(), port.instances()) };
    },
  }),
  ...routesOf('handover', 'handOver'),
  ...routesOf('release', 'release'),
  ...routesOf('resume', 'resume'),
];

function routesOf(command: AddressCommand, id: string): AnyRoute[] {
  const [all, one] = SUMMARIES[command];
  const rest = {
    method: 'POST',
    role: 'operate',
    query: z.strictObject({}),
    body: command === 'resume' ? resumeSchema : handoverSchema,
    replies: { 200: { description: 'It was told: what is meant, as it is then.', schema: vrrpSchema } },
  } as const;
  const problems = [
    'vrrp-off',
    'agent-away',
    'not-kept',
    ...(command === 'handover' ? ['nothing-to-hand-over' as const] : []),
  ] as const;
  return [
    route({
      ...rest,
      path: `/vrrp/${command}`,
      id: `${id}Addresses`,
      summary: all,
      params: z.strictObject({}),
      problems,
      handle: ({ body: { reason }, request }, context) => order(context, command, undefined, reason, request),
    }),
    route({
      ...rest,
      path: `/vrrp/instances/{instance}/${command}`,
      id: `${id}Instance`,
      summary: one,
      params: z.strictObject({ instance: z.string().describe('The name of an instance.') }),
      problems: [...problems, 'unknown-instance'],
      handle: ({ params, body: { reason }, request }, context) =>
        order(context, command, params.instance, reason, request),
    }),
  ];
}

async function order(
  context: ApiContext,
  command: AddressCommand,
  instance: string | undefined,
  reason: string | undefined,
  request: Parameters<typeof actorOf>[0],
) {
  const port = portOf(context);
  const instances = done(await port.command(command, instance, reason ?? '', actorOf(request)));
  return { status: 200, body: vrrpBody(port.agent(), instances) };
}

function portOf({ vrrp }: ApiContext): VrrpPort {
  const port = vrrp?.();
  if (port !== undefined) return port;
  throw new Problem('vrrp-off', 'expected a node that shares addresses, this one has vrrp: off');
}
