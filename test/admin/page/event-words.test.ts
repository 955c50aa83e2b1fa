import { expect, test } from 'vitest';
import { changeOf, eventWords } from '../../../src/admin/page/event-words.ts';

const NOW = 1_700_000_000_000;

test.each([
  {
    type: 'origin-changed',
    detail: {
      by: 'ops',
      reason: 'deploy',
      before: { admin: 'active', weight: 1 },
      after: { admin: 'drain', weight: 1 },
    },
    words: { text: 'state active → drain', by: 'ops', reason: 'deploy' },
  },
  {
    type: 'origin-health',
    detail: { from: 'up', to: 'down', problem: 'connection refused' },
    words: { text: 'up → down: connection refused', tone: 'bad' },
  },
  {
    type: 'origin-ejected',
    detail: { until: NOW + 30_000 },
    words: { text: 'ejected: requests failed there, until 22:13:50' },
  },
  { type: 'origin-returned', detail: { trial: false }, words: { text: 'is back', tone: 'good' } },
  { type: 'pool-panic', detail: { panic: true }, words: { tone: 'bad' } },
  { type: 'pool-panic', detail: { panic: false }, words: { text: 'panic is over', tone: 'good' } },
  { type: 'pool-usable', detail: { usable: false }, words: { tone: 'bad' } },
  { type: 'pool-usable', detail: { usable: true }, words: { text: 'an origin is usable again', tone: 'good' } },
  { type: 'drained', detail: { final: true }, words: { text: 'drained: safe to stop' } },
  { type: 'drained', detail: { final: false }, words: { text: 'nothing in flight any more' } },
  {
    type: 'drain-deadline',
    detail: { inFlight: 1, cut: true },
    words: { text: 'deadline: 1 request in flight were cut' },
  },
  { type: 'pool-maintenance', detail: { on: false, by: 'ops' }, words: { text: 'maintenance page ended', by: 'ops' } },
  {
    type: 'node-changed',
    detail: { after: { admin: 'drain' }, by: 'ops' },
    words: { text: 'the node drains', by: 'ops' },
  },
  {
    type: 'datacenter-changed',
    detail: { datacenter: 'uk', before: { admin: 'active' }, after: { admin: 'drain' }, by: 'ops', reason: 'flood' },
    words: { text: 'datacenter uk: state active → drain', by: 'ops', reason: 'flood', tone: 'hand' },
  },
  {
    type: 'datacenter-health',
    detail: { datacenter: 'uk', from: 'up', to: 'down', problem: 'connection refused' },
    words: { text: 'datacenter uk: up → down: connection refused', tone: 'bad' },
  },
  {
    type: 'dns-failing-open',
    detail: { datacenters: ['us', 'uk'], open: true },
    words: { text: 'of us, uk none is in service: answers are given as if all were', tone: 'bad' },
  },
  {
    type: 'dns-failing-open',
    detail: { datacenters: ['us', 'uk'], open: false },
    words: { text: 'of us, uk some are in service again', tone: 'good' },
  },
  {
    type: 'vrrp-changed',
    detail: { instance: 'front', command: 'handover', by: 'ops', reason: 'kernel' },
    words: { text: 'addresses front: to be handed over', by: 'ops', reason: 'kernel', tone: 'hand' },
  },
  {
    type: 'vrrp-role',
    detail: { instance: 'front', from: 'backup', to: 'active', because: 'nobody advertised for 3.2 s' },
    words: { text: 'addresses front: backup → active, as nobody advertised for 3.2 s', tone: 'good' },
  },
  {
    type: 'vrrp-role',
    detail: { instance: 'front', from: 'active', to: 'fault' },
    words: { text: 'addresses front: active → fault', tone: 'bad' },
  },
  {
    type: 'vrrp-alarm',
    detail: { instance: 'front', alarm: 'two-actives', says: 'two nodes were active' },
    words: { text: 'addresses front: two nodes were active', tone: 'bad' },
  },
  { type: 'vrrp-agent', detail: { ready: false, says: 'the VRRP agent ended with SIGKILL' }, words: { tone: 'bad' } },
  { type: 'vrrp-agent', detail: { ready: true }, words: { tone: 'good' } },
  {
    type: 'override-dropped',
    detail: { what: 'datacenter', because: 'expired', datacenter: 'uk' },
    words: { text: 'datacenter uk: goes by the file again: expired' },
  },
  { type: 'never-heard-of', detail: { a: 1, b: { c: 2 } }, words: { text: 'never heard of · a 1 · b {"c":2}' } },
  { type: 'origin-changed', detail: { by: 7, before: 'x', after: null }, words: { text: 'changed', by: undefined } },
])('$type with $detail reads as $words', ({ type, detail, words }) => {
  expect(eventWords({ number: 1, time: NOW, type, detail }, NOW)).toMatchObject(words);
});

test.each([
  {
    before: { admin: 'active', set: 0 },
    after: { admin: 'drain', set: 0, expires: 5 },
    text: 'admin active → drain, expires – → 5',
  },
  { before: { set: 0 }, after: { set: 0 }, text: 'nothing' },
  { before: undefined, after: { tags: ['a'] }, text: '{"tags":["a"]}' },
  { before: 'x', after: 7, text: 'x → 7' },
])('from $before to $after is told as $text', ({ before, after, text }) => {
  expect(changeOf(before, after)).toBe(text);
});
