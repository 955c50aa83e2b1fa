import { formatNet, type Net, netAround } from '../../src/geodns/geo/net.ts';
import { Random } from '../cache/memory/random.ts';
import { addressIn } from './gdnsd-geo-clients.ts';
import type { InnerPortico } from './gdnsd-geo-portico.ts';
import { depthOf, label, type MapSettings } from './gdnsd-geo-world.ts';
import { askByUdp, queryHead, readSubnetAnswer, type SubnetAnswer, subnetQuery } from './subnet-questions.ts';

/** What is wrong, each a line that says where; of each kind the first few. */
export interface Faults {
  /** gdnsd sends the client elsewhere. */
  readonly order: string[];
  /** Our scope is longer than gdnsd's. */
  readonly longer: string[];
  /** It is shorter, and there is no reason for that. */
  readonly shorter: string[];
  /** By our own table, or by gdnsd, not all in our scope get the same. */
  readonly unsafe: string[];
  /** Our scope is another when a datacenter is down. */
  readonly moved: string[];
}

interface Question {
  readonly client: Net;
  readonly down: number;
  readonly ours: SubnetAnswer;
  /** What is wrong if gdnsd says something else: of an address that is somewhere in the scope of another question. */
  readonly isElsewhere: boolean;
}

const MOST_FAULTS = 20;

/**
 * Asks both for each client while all datacenters are in service, then while the one of the first answer is down, and so on
 * for as many as are ranked. So an order that is the same so far is the same in the next place, or is told.
 */
export class Comparison {
  readonly faults: Faults = { order: [], longer: [], shorter: [], unsafe: [], moved: [] };
  /** That gdnsd was asked. */
  questions = 0;
  readonly #portico: InnerPortico;
  readonly #name: string;
  readonly #depth: number;
  readonly #heads = new Map<number, Buffer>();
  readonly #random = new Random(2);
  readonly #asked: Question[] = [];

  constructor(portico: InnerPortico, name: string, map: MapSettings) {
    this.#portico = portico;
    this.#name = name;
    this.#depth = depthOf(map);
  }

  async run(clients: readonly Net[], gdnsdPort: number): Promise<void> {
    await askByUdp(gdnsdPort, this.#queries(clients), (reply, index) => {
      const question = this.#asked[index] as Question;
      this.#compare(question, readSubnetAnswer(reply, this.#head(question.down)));
    });
    this.questions = this.#asked.length;
  }

  *#queries(clients: readonly Net[]): Generator<Buffer> {
    for (const [i, client] of clients.entries()) {
      const first = this.#ask(client, 0);
      yield first.query;
      const { host, scope } = first.ours;
      if (host === 0) continue;
      this.#check(client, scope);
      if (i % 4 === 0) yield this.#elsewhere(client, first.ours);
      let down = 1 << (host - 1);
      for (let rank = 1; rank < this.#depth; rank++) {
        const { query, ours } = this.#ask(client, down);
        yield query;
        if (ours.scope !== scope) this.#add('moved', `${formatNet(client)} /${scope}, /${ours.scope}`);
        const bit = 1 << (ours.host - 1);
        if (down & bit) break; // All of the order are down.
        down |= bit;
      }
    }
  }

  #ask(client: Net, down: number): { query: Buffer; ours: SubnetAnswer } {
    const head = this.#head(down);
    const query = subnetQuery(head, client);
    const ours = readSubnetAnswer(this.#portico.answer(query, down), head);
    this.#asked.push({ client, down, ours, isElsewhere: false });
    return { query, ours };
  }

  #check({ family, first }: Net, prefix: number): void {
    const scope = netAround(family, first, prefix);
    if (!this.#portico.isUniform(this.#name, scope)) this.#add('unsafe', formatNet(scope));
  }

  /** Of an address at random for which our answer holds as well. */
  #elsewhere({ family, first }: Net, ours: SubnetAnswer): Buffer {
    const address = addressIn(this.#random, netAround(family, first, ours.scope));
    const client = netAround(family, address, family === 4 ? 32 : 128);
    this.#asked.push({ client, down: 0, ours, isElsewhere: true });
    return subnetQuery(this.#head(0), client);
  }

  #compare({ client, down, ours, isElsewhere }: Question, theirs: SubnetAnswer): void {
    const line = `${formatNet(client)} ${label(down)}: gdnsd ${say(theirs)}, Portico ${say(ours)}`;
    if (ours.host !== theirs.host) this.#add(isElsewhere ? 'unsafe' : 'order', line);
    if (ours.scope > theirs.scope) this.#add('longer', line);
    if (ours.scope < theirs.scope && !isElsewhere && !this.#mayBeShorter(ours, down)) this.#add('shorter', line);
  }

  /**
   * That there is no record is told for everybody, as resolvers keep that so anyway (RFC 7871 §7.4). And an order by distance that is
   * the configured one is no other than that, while in gdnsd it ends after those that are ranked.
   */
  #mayBeShorter({ host }: SubnetAnswer, down: number): boolean {
    return host === 0 || down === 2 ** (host - 1) - 1;
  }

  #head(down: number): Buffer {
    const head = this.#heads.get(down) ?? queryHead(`${label(down)}.${this.#name}.example.com`);
    this.#heads.set(down, head);
    return head;
  }

  #add(kind: keyof Faults, line: string): void {
    if (this.faults[kind].length < MOST_FAULTS) this.faults[kind].push(line);
  }
}

function say({ host, scope }: SubnetAnswer): string {
  return `${host === 0 ? 'nobody' : `192.0.2.${host}`} /${scope}`;
}
