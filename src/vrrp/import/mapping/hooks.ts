import type { Statement } from '../blocks.ts';
import type { HookEvent, HooksDraft } from '../draft.ts';
import { approximate, type Findings, type Judgement, refused } from '../findings.ts';
import { allOf, type Command, commandIn } from './commands.ts';

/** `notify_…` of an instance or a group, as hooks. */
export interface Notifying {
  /** As `notify` is told of it. */
  readonly kind: 'INSTANCE' | 'GROUP';
  readonly name: string;
  readonly priority: number;
  readonly statements: readonly Statement[];
}

interface Notification {
  readonly event: HookEvent;
  readonly words: readonly string[];
}

const EVENTS: Readonly<Record<string, HookEvent>> = {
  notify_master: 'on_active',
  notify_backup: 'on_backup',
  notify_fault: 'on_fault',
};

const STATES = { on_active: 'MASTER', on_backup: 'BACKUP', on_fault: 'FAULT' } as const;
const HOOK_EVENTS = Object.keys(STATES) as HookEvent[];

/** Hooks of one instance. keepalived runs `notify` after the others. */
export function hooksOf(all: readonly Notifying[], findings: Findings): HooksDraft | undefined {
  const notifications = all.flatMap((notifying) => {
    const ordered = notifying.statements.toSorted(
      (a, b) => Number(a.keyword === 'notify') - Number(b.keyword === 'notify'),
    );
    return ordered.flatMap((statement) => notificationsOf(statement, notifying, findings));
  });
  const hooks: HooksDraft = {};
  for (const event of HOOK_EVENTS) {
    const commands = notifications.filter((notification) => notification.event === event).map(({ words }) => words);
    if (commands.length > 0) hooks[event] = { command: allOf(commands) };
  }
  return Object.keys(hooks).length === 0 ? undefined : hooks;
}

export function isNotify({ keyword }: Statement): boolean {
  return /^notify(_master|_backup|_fault|_stop|_deleted|_master_rx_lower_pri)?$/.test(keyword);
}

function notificationsOf(statement: Statement, notifying: Notifying, findings: Findings): Notification[] {
  const { keyword, place } = statement;
  const isBare = keyword === 'notify_deleted' && statement.args.length === 0;
  const command = isBare ? undefined : commandIn(statement);
  if (command === undefined && !isBare) {
    findings.add(place, refused('no program that can be read'));
    return [];
  }
  const event = EVENTS[keyword];
  if (command !== undefined && event !== undefined) {
    findings.add(place, judged(event, command));
    return [{ event, words: command.words }];
  }
  if (command !== undefined && keyword === 'notify') {
    const { kind, name, priority } = notifying;
    findings.add(
      place,
      judged('on_active, on_backup and on_fault', command, `the priority it is told is that of the configuration`),
    );
    return HOOK_EVENTS.map((each) => ({
      event: each,
      words: [...command.words, kind, name, STATES[each], String(priority)],
    }));
  }
  findings.add(place, refused(NO_EVENT[keyword] ?? 'no event of ours'));
  return [];
}

const NO_EVENT: Readonly<Record<string, string>> = {
  notify_stop: 'a stop runs on_backup: there is no hook for it alone; the unit of the system has ExecStopPost=',
  notify_deleted: 'an instance that is gone after a reload runs on_backup',
  notify_master_rx_lower_pri:
    'there is no hook for it: gratuitous ARP is sent, and an alarm tells of two that are active',
};

function judged(what: string, { user, note }: Command, more?: string): Judgement {
  const whys = [`${what}, ended after 10s (deadline)`, user && `as the user of the agent, not as ${user}`, more, note];
  return approximate(whys.filter(Boolean).join('; '));
}
