import type { FromAgent, ToAgent } from '../../src/vrrp/agent/messages.ts';

/** In place of the VRRP agent: says something when it hears a sign of life, and then alone; and leaves by no other word than `atOnce`. */

const say = (message: FromAgent) => process.send?.(message);

process.on('message', (message: ToAgent) => {
  if (message.type === 'beat') say({ type: 'status', instances: [] });
  if (message.type === 'stop' && message.atOnce) say({ type: 'left', hooks: 1000 });
});
process.on('disconnect', () => process.exit());
say({ type: 'ready', realTime: undefined });
