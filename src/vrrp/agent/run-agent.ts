import type { Ms } from '../../base/units.ts';
import { forwardedEventLog } from '../../observe/event-forward.ts';
import { runInRealTime } from '../net/scheduling.ts';
import { proveNet } from '../net/self-test.ts';
import { openVrrpSystem } from '../net/system.ts';
import { Agent } from './agent.ts';
import type { FromAgent, ToAgent } from './messages.ts';
import { newsInWords } from './news.ts';

/** From one status to the next; what changed is told at once. */
const STATUS: Ms = 1_000;

/**
 * The program of the agent's process. Its channel is the only bond between it and the proxy: while it is open, control says what is to be
 * done; its end says that the proxy is gone, and then the addresses go, with a goodbye. The hooks that are due come then, and only when
 * they have ended does the agent. It has no address and no socket by that time, so that another one may be there already. What happens
 * after the end of the channel stands in no log, and the webhook is not told of it: both are control's.
 */
export async function runAgent(): Promise<void> {
  // From a terminal it comes to all processes at once, and it is control that says how this one ends.
  process.on('SIGINT', () => {});
  process.on('SIGHUP', () => {});
  const say = (message: FromAgent) => {
    if (process.connected) process.send?.(message);
  };
  const log = forwardedEventLog((record) => say({ type: 'event', record }));
  let agent: Agent | undefined;
  let isToBeTold = false;
  let kept = '{}';
  /** One plan at a time, in the order in which they came. */
  let taking: Promise<void> = Promise.resolve();
  const tellState = () => {
    isToBeTold = false;
    if (agent === undefined) return;
    say({ type: 'status', instances: agent.status(Date.now()) });
    // A takeover ends what an operator said.
    const next = agent.kept();
    const text = JSON.stringify(next);
    if (text !== kept) say({ type: 'kept', kept: next });
    kept = text;
  };
  const onChange = () => {
    if (isToBeTold) return;
    isToBeTold = true;
    setImmediate(tellState);
  };
  const end = async (atOnce: boolean) => {
    if (agent !== undefined) {
      await agent.stop(atOnce);
      say({ type: 'left', hooks: agent.hookTime });
      await agent.hooked();
    }
    process.exit(0);
  };

  process.on('disconnect', () => {
    agent?.proxyEnded();
    void end(true);
  });
  process.on('SIGTERM', () => void end(false));
  try {
    const system = openVrrpSystem();
    await proveNet(system);
    agent = new Agent({
      system,
      log,
      onNews: (instance, news) => say({ type: 'news', instance, at: Date.now(), news, words: newsInWords(news) }),
      onMoving: (instance, within) => say({ type: 'moving', instance, within }),
      onChange,
    });
    say({ type: 'ready', realTime: runInRealTime(system) });
  } catch (error) {
    say({ type: 'refused', problem: (error as Error).message });
    process.exitCode = 1;
    process.disconnect?.();
    return;
  }
  setInterval(tellState, STATUS);
  process.on('message', (message: ToAgent) => hear(agent as Agent, message));

  function hear(running: Agent, message: ToAgent): void {
    switch (message.type) {
      case 'plan':
        taking = taking.then(async () => {
          const problem = await running.take(message.plan, message.kept).then(() => undefined, String);
          if (problem !== undefined) log.error('the floating addresses are as they were', { problem });
          kept = JSON.stringify(running.kept());
          say({ type: 'planned', generation: message.generation });
          onChange();
        });
        return;
      case 'beat':
        running.beat(message.serving, message.late);
        return;
      case 'command': {
        const { id, command, instance, by, why } = message;
        const problem = running.command(command, instance, by, why);
        tellState();
        say({ type: 'commanded', id, problem });
        return;
      }
      case 'stop':
        void end(message.atOnce);
    }
  }
}
