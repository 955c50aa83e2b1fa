import { chooseEngine } from '../../../src/geodns/server/choose-engine.ts';
import { eventLevels } from '../../../src/observe/event-forward.ts';

/** Tells what engine a process gets that was started like this, and ends. */
const events: string[] = [];
const log = eventLevels(({ level, event }) => events.push(`${level}: ${event}`));
const { kind, reason } = await chooseEngine({ wanted: 'auto', log });
console.log(JSON.stringify({ kind, reason, events }));
