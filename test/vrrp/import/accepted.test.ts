// biome-ignore-all lint/suspicious/noTemplateCurlyInString: definitions of keepalived look like that
import { beforeAll, describe, expect, test } from 'vitest';
import { ConfigScene, config } from '../../config/scene.ts';
import { randomFrom } from '../witness/simulation.ts';
import { imported } from './sources.ts';

/** What an import comes to is taken by `portico check`, whatever stood in the file: also where lines of it are refused. */

let scene: ConfigScene;
beforeAll(async () => {
  scene = await ConfigScene.open();
  scene.write('key', `${'k'.repeat(40)}\n`);
});

/** What our own check dislikes. */
function problems(text: string): readonly string[] {
  const { yaml, secrets } = imported(text);
  for (const { file, content } of secrets) scene.write(file, `${content}\n`);
  return scene.problems(config({ rest: yaml.replaceAll('/etc/keepalived/key', scene.path('key')) }));
}

const instance = (number: number, lines: string, addresses = `192.0.2.${number}`) =>
  `vrrp_instance VI_${number} {\ninterface eth0\nvirtual_router_id ${number}\n${lines}\nvirtual_ipaddress {\n${addresses}\n}\n}\n`;

const list = (keyword: string, ...lines: readonly string[]) => `${keyword} {\n${lines.join('\n')}\n}\n`;

/** Lines of an instance, by keyword, with values at the ends of what keepalived takes, and beyond. */
const LINES: readonly string[] = [
  ...['MASTER', 'BACKUP', 'nonsense'].map((state) => `state ${state}`),
  ...['1', '100', '254', '255', '0', '256', '0x64', '+7', 'x'].map((priority) => `priority ${priority}`),
  ...['0.01', '0.015', '.5', '1', '1.5', '40.95', '41', '255', '256', '0', 'x', ''].map((time) => `advert_int ${time}`),
  ...['2', '3', '4', ''].map((version) => `version ${version}`),
  ...['nopreempt', 'preempt', 'preempt_delay 30', 'preempt_delay 0.0001', 'preempt_delay 1000', 'preempt_delay 0'],
  ...['strict_mode', 'strict_mode off', 'native_ipv6', 'accept', 'no_accept', 'debug 1', 'dont_track_primary'],
  ...['use_vmac', 'use_vmac vrrp.51', 'use_vmac_addr', 'use_ipvlan', 'vmac_xmit_base', 'vrf red', 'interface eth1'],
  ...['interface eth0:1', 'interface ..', 'interface a-name-that-is-far-too-long', 'interface é'],
  ...['virtual_router_id 0x33', 'virtual_router_id 0', 'virtual_router_id 256', 'virtual_router_id +5'],
  ...['mcast_src_ip 192.0.2.200', 'mcast_src_ip 192.0.2.1', 'mcast_src_ip fe80::1', 'mcast_src_ip 2001:db8::1'],
  ...[
    'unicast_src_ip 192.0.2.201',
    'unicast_src_ip 10.0.0.1',
    'unicast_src_ip ::ffff:10.0.0.1',
    'mcast_src_ip 0.0.0.0',
  ],
  ...['unicast_src_ip fe80::1%eth0', 'mcast_src_ip', 'track_src_ip', 'mcast_dst_ip 224.0.0.18', 'unicast_ttl 255'],
  list('unicast_peer', '10.0.0.1', '10.0.0.1', '10.0.0.2 min_ttl 255 max_ttl 255'),
  list('unicast_peer', '192.0.2.1', '2001:db8::1', '::ffff:10.0.0.9', 'fe80::2%eth0', 'nobody', '0.0.0.0'),
  list('unicast_peer', ...Array.from({ length: 70 }, (_, i) => `10.0.1.${i}`)),
  ...['check_unicast_src', 'unicast_fault_no_peer', 'old_unicast_checksum', 'v3_checksum_as_v2', 'promote_secondaries'],
  ...['0', '1', '5', '100', '1000', 'x', '-1'].map((count) => `garp_master_repeat ${count}`),
  ...['0', '5', '60', '300', '4294967', 'x'].map((time) => `garp_master_delay ${time}`),
  ...['0', '60', '86400', '4294967', 'x'].map((time) => `garp_master_refresh ${time}`),
  ...['garp_master_refresh_repeat 2', 'garp_lower_prio_repeat 0', 'garp_lower_prio_delay 9', 'garp_interval 0.1'],
  ...['gna_interval 0.1', 'garp_extra_if 30', 'vmac_garp_intvl 30', 'min_garp', 'down_timer_adverts 3'],
  ...['down_timer_adverts 5', 'lower_prio_no_advert', 'higher_prio_send_advert', 'owner_ignore_adverts', 'smtp_alert'],
  ...['skip_check_adv_addr', 'notify_priority_changes', 'lvs_sync_daemon_interface eth0', 'kernel_rx_buf_size 1'],
  ...['timer_expired_backup', 'thread_timer_expired', 'no_virtual_ipaddress', 'linkbeat_use_polling', 'no_keyword 1'],
  ...['notify_master', 'notify_backup', 'notify_fault', 'notify', 'notify_stop', 'notify_deleted'].flatMap(
    (keyword) => [
      `${keyword} /bin/true`,
      `${keyword} "/bin/tell it '' twice" root root`,
      `${keyword} "if true; then echo ready; fi"`,
      `${keyword} ""`,
      keyword,
    ],
  ),
  'notify_master_rx_lower_pri /bin/true',
  list('authentication', 'auth_type PASS', 'auth_pass secret'),
  list('authentication', 'auth_type PASS', 'auth_pass "a very long secret"'),
  list('authentication', 'auth_type PASS', 'auth_pass ""'),
  list('authentication', 'auth_type AH', 'auth_pass secret'),
  list('authentication', 'auth_pass secret'),
  list('auth_hmac', 'key 1 file:/etc/keepalived/key', 'active_key 1', 'mode permissive'),
  list('auth_hmac', `key 1 ${'a'.repeat(32)}`, `key 1 ${'b'.repeat(32)}`, 'active_key 2', 'mode nonsense'),
  list('auth_hmac', ...Array.from({ length: 12 }, (_, i) => `key ${i + 1} ${'c'.repeat(32)}`), 'anti_replay on'),
  list('auth_hmac', 'key 1 file:', 'key 0 short', 'key 256 hex:00', 'key'),
  list('track_interface', 'eth0 weight 5', 'eth1', 'eth2 weight -254', 'eth2 weight 3', 'eth3 weight 9 reverse'),
  list('track_interface', 'eth1 weight 7', 'eth0:1', '..', 'a-name-that-is-far-too-long', 'eth9 wieght 3'),
  list('track_interface', ...Array.from({ length: 70 }, (_, i) => `eth${i + 10}`)),
  list('track_script', 'up', 'up weight 9', 'down weight -254', 'nothing', 'up-reversed'),
  list('track_script', 'up weight 10 reverse', 'process-one weight 3', 'long-name'),
  list('track_script', 'down reverse', 'up weight 0 reverse', 'down weight x'),
  list('track_process', 'one', 'one weight 10', 'two weight -5 reverse', 'nothing'),
  list('track_process', 'up', 'two weight 5'),
  list('track_file', 'say', 'say weight 2', 'down'),
  list('track_file', 'say weight 10', 'same weight 3', 'down reverse'),
  list('track_file', 'say weight 2 reverse', 'down weight 0', 'empty', 'near weight 254'),
  list('track_bfd', 'one'),
  list('virtual_ipaddress_excluded', '192.0.2.240'),
  list('virtual_routes', '10.0.0.0/8 via 10.0.0.1'),
  list('virtual_rules', 'from 10.0.0.1 table 1'),
];

const NAME = 'a'.repeat(70);

/** What is tracked. */
const DEFINITIONS = `
vrrp_script up {\nscript "/bin/up '' twice"\ninterval 1\ntimeout 5\nweight 5\nrise 1000\nfall 0\nuser root\ninit_fail\n}
vrrp_script up-reversed {\nscript /bin/true\ninterval 0\ntimeout 0\n}
vrrp_script down {\nscript /bin/down\ninterval 0.0101\ntimeout 0.0104\nweight -20 reverse\n}
vrrp_script process-one {\nscript /bin/true\ninterval 100000\n}
vrrp_script none {\nweight 3\n}
vrrp_script long-name {\nscript /bin/true\ninterval 1.0005\n}
vrrp_script ${NAME} {\nscript /bin/true\nweight 3\n}
vrrp_track_process one {\nprocess haproxy\nquorum 2\nquorum_max 4\ndelay 1.5\n}
vrrp_track_process two {\nprocess nginx -g "daemon off;"\nparam_match partial\nfork_delay 3600\nweight 4\n}
vrrp_track_process up {\nprocess "a b"\nfull_command\n}
vrrp_track_process none {\n}
track_file say {\nfile /run/say\nweight 1\ninit_file 5\n}
track_file same {\nfile /run/./say\nweight 5\n}
track_file down {\nfile /run/down\nweight 0\n}
track_file near {\nfile run/near\nweight 254\n}
track_file empty {\nfile ""\n}
track_file none {\n}
`;

const GLOBALS = [
  '',
  'vrrp_version 3',
  'vrrp_version 3\nvrrp_startup_delay 5.5\nvrrp_garp_master_repeat 0\nvrrp_garp_master_refresh 0\nv3_checksum_as_v2',
  'vrrp_startup_delay 100000\nvrrp_min_garp\nvrrp_strict\ndefault_interface eth7\nvrrp_mcast_group4 224.0.0.19',
  'vrrp_version 4\nvrrp_startup_delay x\nvrrp_garp_master_delay 4294967\nvrrp_down_timer_adverts 7',
].map((lines) => list('global_defs', lines));

describe('of one instance', () => {
  test.each(LINES.map((line) => ({ line })))('$line', ({ line }) => {
    for (const globals of GLOBALS) {
      expect(problems(globals + DEFINITIONS + instance(1, line))).toEqual([]);
      expect(problems(globals + DEFINITIONS + instance(1, line, 'fe80::1/64\n2001:db8::1'))).toEqual([]);
    }
    expect(problems(DEFINITIONS + instance(1, `state MASTER\n${line}`))).toEqual([]);
  });

  test.each([
    { name: 'none', addresses: '' },
    { name: 'of both families', addresses: '192.0.2.1\nfe80::1\n2001:db8::1' },
    { name: 'IPv6 without a link-local one', addresses: '2001:db8::1/64' },
    { name: 'twice the same', addresses: '192.0.2.1\n192.0.2.1/24\n192.0.2.1/32' },
    { name: 'of no host', addresses: '0.0.0.0\n224.0.0.1\n::\nff02::1\n127.0.0.1/0\n192.0.2.9/33\n192.0.2.1' },
    { name: 'mapped, and in a zone', addresses: '::ffff:192.0.2.1\nfe80::1%eth0\n192.0.2.1' },
    { name: 'with options', addresses: '192.0.2.1/24 brd + dev eth1 scope link label eth0:1 no_track peer 10.0.0.1' },
    { name: 'too many', addresses: Array.from({ length: 300 }, (_, i) => `10.0.${i >> 8}.${i & 255}`).join('\n') },
    {
      name: 'too many of IPv6',
      addresses: ['fe80::1', ...Array.from({ length: 100 }, (_, i) => `2001:db8::${i + 1}`)].join('\n'),
    },
  ])('with addresses: $name', ({ addresses }) => {
    expect(problems(instance(1, '', addresses))).toEqual([]);
  });

  test.each(['"a b"', '""', '"${HOME}"', '123', 'off', 'ünïcödé', NAME, '"# no: comment"', '__proto__'])(
    'that is called %s',
    (name) => {
      const text = DEFINITIONS + instance(1, list('track_script', NAME, `${NAME} weight 3 reverse`));
      expect(problems(text.replace('VI_1', () => name) + instance(2, '').replace('VI_2', () => `${name}x`))).toEqual(
        [],
      );
    },
  );
});

describe('of several', () => {
  test.each([
    { name: 'one file of two weights', lines: [list('track_file', 'say'), list('track_file', 'say weight 10')] },
    { name: 'one file by two names', lines: [list('track_file', 'say'), list('track_file', 'same')] },
    { name: 'a file, of an owner', lines: [list('track_file', 'say'), `priority 255\n${list('track_file', 'say')}`] },
    { name: 'a script, and its opposite', lines: [list('track_script', 'up'), list('track_script', 'up reverse')] },
    {
      name: 'what is called as an opposite is',
      lines: [list('track_script', 'up weight 3 reverse'), list('track_script', 'up-reversed')],
    },
    {
      name: 'a process that is called as a script is',
      lines: [list('track_process', 'one', 'up'), list('track_script', 'process-one', 'up')],
    },
    { name: "another's address as a source", lines: ['mcast_src_ip 192.0.2.2', 'unicast_src_ip 192.0.2.1'] },
    { name: 'one VRID', lines: ['virtual_router_id 7', 'virtual_router_id 7'] },
    { name: 'one priority 255', lines: ['priority 255', 'priority 100\nnopreempt'] },
    { name: 'one that is owner by its state', lines: ['priority 100\nnopreempt', 'state MASTER'] },
  ])('$name, alone and in sync groups', ({ lines }) => {
    const text = DEFINITIONS + lines.map((line, index) => instance(index + 1, line)).join('');
    expect(problems(text)).toEqual([]);
    for (const more of GROUPS) {
      expect(problems(text + more)).toEqual([]);
      expect(problems(more + text)).toEqual([]);
    }
  });

  test('more than there may be', () => {
    const many = Array.from({ length: 300 }, (_, i) =>
      instance(i + 1, `virtual_router_id ${(i % 255) + 1}\ninterface eth${i}`, `10.1.${i >> 8}.${i & 255}`),
    );
    const groups = Array.from({ length: 100 }, (_, i) =>
      list(`vrrp_sync_group G${i}`, list('group', `VI_${2 * i + 1}`, `VI_${2 * i + 2}`)),
    );
    expect(problems(many.join('') + groups.join(''))).toEqual([]);
  });

  test.each(Array.from({ length: 8 }, (_, part) => ({ part })))(
    'at random ($part)',
    { timeout: 60_000 },
    ({ part }) => {
      for (let seed = part * 25; seed < part * 25 + 25; seed++) {
        const text = random(seed);
        expect({ seed, problems: problems(text) }).toEqual({ seed, problems: [] });
      }
    },
  );
});

const GROUPS = [
  list('vrrp_sync_group G', list('group', 'VI_1', 'VI_2')),
  list(
    'vrrp_sync_group G',
    list('group', 'VI_1 VI_2'),
    list('track_file', 'say', 'down'),
    'sync_group_tracking_weight',
  ),
  list('vrrp_sync_group G', list('group', 'VI_2', 'VI_1'), list('track_script', 'up weight 7'), 'global_tracking'),
  list('vrrp_sync_group G', list('group', 'VI_1'), list('track_interface', 'eth1 weight 7')) +
    list('vrrp_sync_group H', list('group', 'VI_1', 'VI_2', 'VI_3'), 'sync_group_tracking_weight', 'notify /bin/true'),
  list('vrrp_sync_group G', list('group', 'VI_1', 'VI_2')) + list('vrrp_sync_group G', list('group', 'VI_1', 'VI_2')),
] as const;

/** Up to four instances of a few lines each, of either family, with or without a group. */
function random(seed: number): string {
  const next = randomFrom(seed);
  const one = <T>(of: readonly T[]) => of[Math.floor(next() * of.length)] as T;
  const instances = Array.from({ length: 1 + Math.floor(next() * 4) }, (_, index) => {
    const lines = Array.from({ length: Math.floor(next() * 6) }, () => one(LINES)).join('\n');
    const number = index + 1;
    return instance(number, lines, next() < 0.7 ? `192.0.2.${number}` : `fe80::${number}/64\n2001:db8::${number}`);
  });
  return one(GLOBALS) + DEFINITIONS + instances.join('') + (next() < 0.6 ? one(GROUPS) : '');
}
