import { test } from 'vitest';
import { answer, startOrigin } from '../support/origin.ts';
import { startPortico } from '../support/portico.ts';
import { fetchRaw } from '../support/raw-client.ts';
import { frontDoor } from './front-door.ts';
test('x', async () => {
  const origin = await startOrigin(() => answer('ok'));
  const portico = await startPortico(frontDoor({ origins: [origin.url], node: {workers: 1} }));
  console.log(await fetchRaw(portico.port(), '/\xe4'));
  console.log(portico.accessLog.all, portico.events.tail(), origin.connections.map(c => c.received.toString('latin1').slice(0,200)));
});
