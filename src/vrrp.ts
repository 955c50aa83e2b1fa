import { runAgent } from './vrrp/agent/run-agent.ts';

/** The VRRP agent of `portico run`: a process of its own, so that a busy proxy never delays an advertisement. */
await runAgent();
