// biome-ignore-all lint/suspicious/noTemplateCurlyInString: definitions of keepalived look like that
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { imported, linesOf } from './sources.ts';

/** Lines within an instance that is good without them. */
const within = (more: string, before = '') =>
  `${before}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority 150
  virtual_ipaddress {
    192.0.2.10
  }
  ${more}
}`;

function instanceOf(text: string): Record<string, unknown> | undefined {
  return parse(imported(text).yaml).vrrp.instances[0];
}

/** What became of the line that has this text in it. */
function judged(text: string, part: string): { verdict: string; why: string } | undefined {
  const line = linesOf(text).findLast((each) => each.text.includes(part));
  return line && { verdict: line.verdict, why: line.whys.join('; ') };
}

describe('a line', () => {
  test.each([
    { line: 'use_vmac', verdict: 'approximate', why: 'MAC of the interface' },
    { line: 'no_accept', verdict: 'refused', why: 'firewall' },
    { line: 'accept', verdict: 'exact', why: '' },
    { line: 'strict_mode on', verdict: 'approximate', why: 'no_accept' },
    { line: 'strict_mode off', verdict: 'exact', why: '' },
    { line: 'down_timer_adverts 5', verdict: 'refused', why: 'after 3 intervals' },
    { line: 'mcast_dst_ip 224.0.0.19', verdict: 'refused', why: 'unicast_peers' },
    { line: 'mcast_src_ip 192.0.2.1', verdict: 'exact', why: 'source' },
    { line: 'mcast_src_ip eth0', verdict: 'dropped', why: 'no address' },
    { line: 'mcast_src_ip 2001:db8::1', verdict: 'dropped', why: 'IPv4' },
    { line: 'unicast_src_ip 192.0.2.10', verdict: 'approximate', why: 'shared' },
    { line: 'track_src_ip', verdict: 'approximate', why: 'another one is taken' },
    { line: 'old_unicast_checksum', verdict: 'approximate', why: '1.3.6' },
    { line: 'notify_stop /bin/true', verdict: 'refused', why: 'ExecStopPost' },
    { line: 'priority 0', verdict: 'dropped', why: '1 to 255' },
    { line: 'version 4', verdict: 'dropped', why: '' },
    { line: 'virtual_adress 1', verdict: 'refused', why: 'no keyword of vrrp_instance' },
    { line: '__proto__ 1', verdict: 'refused', why: 'no keyword of vrrp_instance' },
    { line: 'constructor', verdict: 'refused', why: 'no keyword of vrrp_instance' },
    { line: 'track_bfd { peer }', verdict: 'refused', why: 'BFD' },
    { line: 'garp_master_repeat 1000', verdict: 'approximate', why: '100 at most' },
    { line: 'garp_master_delay 300', verdict: 'approximate', why: '1m at most' },
  ])('$line is $verdict', ({ line, verdict, why }) => {
    const text = within(line);
    const found = judged(text, line.split(' ')[0] ?? '');
    expect(found?.verdict).toBe(verdict);
    expect(found?.why).toContain(why);
  });

  test('init_fail is approximate: a script counts from its first run on, as to keepalived without it', () => {
    const script = 'vrrp_script up {\n script /bin/true\n init_fail\n}\n';
    const found = judged(within('track_script {\n up\n }', script), 'init_fail');
    expect(found).toEqual({
      verdict: 'approximate',
      why: 'it is taken for good until its first run ends, which counts at once; not for bad until rise of them were good',
    });
  });

  test('of an instance that cannot be had is refused as well', () => {
    const text = `vrrp_instance VI_1 {
      interface eth0
      virtual_ipaddress {
        192.0.2.10
      }
      notify_master /bin/true
    }`;
    expect(imported(text).yaml).toContain('instances: []');
    expect(linesOf(text).map(({ verdict }) => verdict)).toEqual(Array(5).fill('refused'));
  });

  test('that comes several times from a sequence has all that became of it', () => {
    const text = within('', '').replace('192.0.2.10\n', '~SEQ(N,254,256) 192.0.2.${N}\n');
    expect(judged(text, '~SEQ')).toEqual({ verdict: 'refused', why: 'stands for 3 lines; no address that is taken' });
    expect(instanceOf(text)).toMatchObject({ addresses: ['192.0.2.254/32', '192.0.2.255/32'] });
  });

  test('of a block that is not ours tells where pools are', () => {
    const text = 'virtual_server 192.0.2.10 80 {\n  lb_algo rr\n  real_server 10.0.0.1 80 {\n    weight 1\n  }\n}';
    expect(linesOf(text).map(({ verdict, whys }) => [verdict, ...whys])).toEqual([
      ['refused', expect.stringContaining('pools')],
      ['refused', 'of virtual_server, line 1'],
      ['refused', 'of virtual_server, line 1'],
      ['refused', 'of virtual_server, line 1'],
    ]);
  });
});

describe('two instances', () => {
  test('of one VRID on one interface are one', () => {
    const second = within('').replace('VI_1', 'VI_2').replace('.10', '.11');
    const text = within('') + second;
    expect(parse(imported(text).yaml).vrrp.instances).toHaveLength(1);
    expect(judged(text, 'VI_2')?.why).toContain('VRID 51 on eth0');
  });

  test('may have it on interfaces of their own', () => {
    const second = within('').replace('VI_1', 'VI_2').replace('.10', '.11').replace('eth0', 'eth1');
    expect(parse(imported(within('') + second).yaml).vrrp.instances).toHaveLength(2);
  });

  test('that track one file have one weight for it', () => {
    const file = 'track_file say {\n file /run/say\n}\n';
    const second = within('track_file {\n say weight 5\n }').replace('VI_1', 'VI_2').replace('51', '52');
    const text = file + within('track_file {\n say\n }') + second.replace('.10', '.11');
    const { instances } = parse(imported(text).yaml).vrrp;
    expect(instances[0].track.files).toEqual([{ path: '/run/say', weight: 1 }]);
    expect(instances[1].track).toBeUndefined();
    expect(judged(text, 'say weight 5')).toMatchObject({
      verdict: 'refused',
      why: expect.stringContaining('one weight'),
    });
  });

  test('of a sync group have one weight for what they track', () => {
    const script = 'vrrp_script up {\n script /bin/up\n}\n';
    const group = 'vrrp_sync_group G {\n group {\n VI_1 VI_2\n }\n sync_group_tracking_weight\n}\n';
    const second = within('track_script {\n up weight -5\n }').replace('VI_1', 'VI_2').replace('51', '52');
    const text = script + group + within('track_script {\n up weight -9\n }') + second.replace('.10', '.11');
    const { instances } = parse(imported(text).yaml).vrrp;
    expect(instances.map(({ track }: { track: { scripts: object[] } }) => track.scripts[0])).toEqual([
      expect.objectContaining({ weight: -9 }),
      expect.objectContaining({ weight: -9 }),
    ]);
    expect(judged(text, 'up weight -5')).toMatchObject({ verdict: 'approximate', why: expect.stringContaining('-9') });
    const again = `${text}vrrp_sync_group G {\n group {\n VI_1 VI_2\n }\n}\n`;
    expect(parse(imported(again).yaml).vrrp.sync_groups).toHaveLength(1);
    expect(linesOf(again).at(-1)?.verdict).toBe('dropped');
  });

  test('whose names are the same to us are told apart', () => {
    const second = within('').replace('VI_1', '"a!b"').replace('.10', '.11').replace('51', '52');
    const third = within('').replace('VI_1', '"a?b"').replace('.10', '.12').replace('51', '53');
    const { instances } = parse(imported(within('') + second + third).yaml).vrrp;
    expect(instances.map(({ name }: { name: string }) => name)).toEqual(['VI_1', 'a-b', 'a-b-2']);
  });
});

describe('passwords', () => {
  const text = `
$PASS=definedpw
@other $PASS=othersecret
${within('authentication {\n auth_type PASS\n auth_pass plainsecret # plainsecret\n }')}
${within('authentication {\n auth_type PASS\n auth_pass ${PASS}\n @other auth_pass "not mine"\n }').replace('VI_1', 'VI_2').replace('51', '52').replace('.10', '.11')}
`;

  test.each(['pässwörd', '""', '"  "'])('are refused when settings would not take them: %s', (password) => {
    const { files, secrets } = imported(within(`authentication {\n auth_type PASS\n auth_pass ${password}\n }`));
    const line = files.flatMap(({ lines }) => lines).find(({ text }) => text.includes('auth_pass'));
    expect([secrets, line]).toMatchObject([[], { verdict: 'refused', whys: [expect.stringContaining('ASCII')] }]);
  });

  test('are in files, and cut to what is sent', () => {
    expect(imported(text).secrets).toEqual([
      { file: 'secrets/vrrp-VI_1', content: 'plainsec' },
      { file: 'secrets/vrrp-VI_2', content: 'definedp' },
    ]);
  });

  test('are neither in the configuration nor in the report', () => {
    const { yaml, files, notes } = imported(text);
    const told = JSON.stringify([yaml, files, notes]);
    for (const secret of ['plainsec', 'definedp', 'not mine']) expect(told).not.toContain(secret);
  });

  test('of HMAC are not either', () => {
    const key = '0123456789abcdef0123456789abcdef';
    const { yaml, files, secrets } = imported(within(`auth_hmac {\n key 1 ${key}\n active_key 1\n }`));
    expect(JSON.stringify([yaml, files])).not.toContain(key);
    expect(secrets).toEqual([{ file: 'secrets/vrrp-VI_1-key-1', content: key }]);
  });
});

describe('whatever stands in a file', () => {
  test.each([
    { name: 'nothing', text: '' },
    { name: 'a block that is not closed', text: 'vrrp_instance VI_1 {\n interface eth0\n' },
    { name: 'braces without a keyword', text: '{ } } } {' },
    { name: 'an instance without a block', text: 'vrrp_instance VI_1' },
    {
      name: 'an instance without a name',
      text: 'vrrp_instance {\n virtual_router_id 1\n virtual_ipaddress { 192.0.2.1 }\n }',
    },
    {
      name: 'keywords without their arguments',
      text: within('advert_int\npreempt_delay\nauthentication {\nauth_pass\n}\ntrack_script {\nx weight\n}\nnotify'),
    },
    { name: 'a quote that is not closed', text: within('notify_master "/bin/true') },
    { name: 'bytes of no text', text: '\u0000\ufffd{\u0007}' },
    { name: 'blocks of great depth', text: 'a {\n'.repeat(20_000) },
  ])('$name: every line is named', ({ text }) => {
    const { files, yaml } = imported(text);
    expect(parse(yaml)).toHaveProperty('vrrp.instances');
    for (const { verdict, whys } of files.flatMap(({ lines }) => lines)) {
      if (verdict !== 'exact') expect(whys).not.toEqual([]);
    }
  });
});
