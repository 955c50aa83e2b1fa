import type { Concern } from './concern.ts';
import { datacenterProblem, datacenterWords } from './datacenter-words.ts';
import { DNS_PATH, datacenterAnchor } from './paths.ts';
import type { View } from './view.ts';

/** What is wrong with the name server and its datacenters, and what somebody has taken out of answers. */
export function dnsConcerns({ source, now }: View): Concern[] {
  const port = source.dns?.();
  if (port === undefined) return [];
  const { zones, databases, threads } = port.status();
  const silent: Concern[] = threads > 0 ? [] : [{ tone: 'bad', href: DNS_PATH, name: 'DNS', text: 'nobody answers' }];
  const open = port.failingOpen().map((choice): Concern => {
    const text = `of ${choice.join(', ')} none is in service: answers are given as if all were`;
    return { tone: 'bad', href: DNS_PATH, name: 'DNS fails open', text };
  });
  const out = port.datacenters().flatMap((datacenter): Concern[] => {
    const { name, word, observed } = datacenter;
    const concern = { href: `${DNS_PATH}#${datacenterAnchor(name)}`, name: `datacenter ${name}` };
    if (word !== undefined) {
      const text = `${datacenterWords(datacenter).word.toLowerCase()}, by ${word.by}`;
      return [{ tone: 'hand', ...concern, text }];
    }
    if (observed.health !== 'down') return [];
    return [{ tone: 'bad', ...concern, text: datacenterProblem(datacenter, now) ?? 'down' }];
  });
  const ofZones = zones.flatMap(({ name, problems }): Concern[] => {
    const [problem] = problems;
    return problem === undefined ? [] : [{ tone: 'bad', href: DNS_PATH, name: `zone ${name}`, text: problem }];
  });
  const ofDatabases = databases.flatMap(({ file, problem }): Concern[] => {
    return problem === undefined ? [] : [{ tone: 'bad', href: DNS_PATH, name: `database ${file}`, text: problem }];
  });
  return [...silent, ...open, ...out, ...ofZones, ...ofDatabases];
}
