import type { Statement } from '../blocks.ts';
import { addressIn } from './addresses.ts';
import type { Globals } from './globals.ts';
import { isTrue, wholeIn } from './numbers.ts';

/** What of an instance decides how the rest of it is read. keepalived settles these when it has read all. */
export interface Facts {
  readonly family: 4 | 6;
  readonly version: 2 | 3;
  readonly priority: number;
  readonly isMaster: boolean;
  readonly isStrict: boolean;
  readonly isUnicast: boolean;
}

const OWNER = 255;
const DEFAULT_PRIORITY = 100;

export function factsOf(block: readonly Statement[], globals: Globals): Facts {
  const family = familyOf(block);
  const isMaster = block.some(({ keyword, args }) => keyword === 'state' && args[0] === 'MASTER');
  return {
    family,
    version: versionOf(block, family, globals),
    // Without one it follows from the state: of MASTER that of an owner.
    priority: priorityIn(block) ?? (isMaster ? OWNER : DEFAULT_PRIORITY),
    isMaster,
    isStrict: strictIn(block) ?? globals.isStrict,
    isUnicast: block.some(({ keyword, block: peers = [] }) => keyword === 'unicast_peer' && peers.length > 0),
  };
}

/** As the first address, peer or source has it. */
function familyOf(block: readonly Statement[]): 4 | 6 {
  for (const { keyword, args, block: list = [] } of block) {
    if (keyword === 'native_ipv6') return 6;
    for (const text of addressesIn(keyword, args, list)) {
      const address = addressIn(text);
      if (address !== undefined) return address.family;
    }
  }
  return 4;
}

function addressesIn(keyword: string, args: readonly string[], list: readonly Statement[]): readonly string[] {
  if (keyword === 'mcast_src_ip' || keyword === 'unicast_src_ip') return args.slice(0, 1);
  return keyword === 'virtual_ipaddress' || keyword === 'unicast_peer' ? list.map((each) => each.keyword) : [];
}

/** The first counts; of IPv6 there is but 3. */
function versionOf(block: readonly Statement[], family: 4 | 6, globals: Globals): 2 | 3 {
  if (family === 6) return 3;
  const said = block.find(({ keyword, args }) => keyword === 'version' && (args[0] === '2' || args[0] === '3'));
  return said === undefined ? globals.version : said.args[0] === '2' ? 2 : 3;
}

function priorityIn(block: readonly Statement[]): number | undefined {
  const said = block.findLast(({ keyword }) => keyword === 'priority');
  return said && (wholeIn(said.args[0], 1, OWNER) ?? DEFAULT_PRIORITY);
}

function strictIn(block: readonly Statement[]): boolean | undefined {
  const said = block.findLast(({ keyword }) => keyword === 'strict_mode');
  return said && isTrue(said.args[0]);
}
