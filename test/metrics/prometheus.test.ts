import { describe, expect, test } from 'vitest';
import { chooseFormat, exposition } from '../../src/metrics/prometheus.ts';
import { counter, gauge, type HistogramFamily, single } from '../../src/observe/metric.ts';
import { Exposition } from '../support/exposition.ts';

const times: HistogramFamily = {
  name: 'x_seconds',
  type: 'histogram',
  help: 'Times.',
  samples: [{ labels: { pool: 'a' }, bounds: [0.005, 1], counts: [3, 0, 2], sum: 61.5 }],
};

describe('the text of a page', () => {
  test('has HELP and TYPE once for a family, then its samples in their order', () => {
    const families = [
      counter('b_total', 'Second.', [
        { labels: { site: 'www', code_class: '2xx' }, value: 3 },
        { labels: { site: 'api', code_class: '2xx' }, value: 0 },
      ]),
      gauge('a', 'First.', single(1.5)),
    ];
    expect(exposition(families, 'prometheus').split('\n')).toEqual([
      '# HELP b_total Second.',
      '# TYPE b_total counter',
      'b_total{site="www",code_class="2xx"} 3',
      'b_total{site="api",code_class="2xx"} 0',
      '# HELP a First.',
      '# TYPE a gauge',
      'a 1.5',
      '',
    ]);
  });

  test('tells a histogram cumulatively, with +Inf, sum and count', () => {
    expect(exposition([times], 'prometheus').split('\n').slice(2)).toEqual([
      'x_seconds_bucket{pool="a",le="0.005"} 3',
      'x_seconds_bucket{pool="a",le="1"} 3',
      'x_seconds_bucket{pool="a",le="+Inf"} 5',
      'x_seconds_sum{pool="a"} 61.5',
      'x_seconds_count{pool="a"} 5',
      '',
    ]);
  });

  test('in OpenMetrics names a counter without its suffix, writes whole bounds as 1.0, and says where it ends', () => {
    const lines = exposition([counter('b_total', 'Second.', single(3)), times], 'openmetrics').split('\n');
    expect(lines.slice(0, 3)).toEqual(['# HELP b Second.', '# TYPE b counter', 'b_total 3']);
    expect(lines).toContain('x_seconds_bucket{pool="a",le="1.0"} 3');
    expect(lines.slice(-2)).toEqual(['# EOF', '']);
  });

  test.each([
    { name: 'a quote', value: 'say "no"' },
    { name: 'a backslash', value: 'C:\\new' },
    { name: 'a line feed', value: 'one\ntwo' },
    { name: 'all that ends a label', value: '"},{="\\n\\\n' },
    { name: 'letters of any script', value: 'Süd-Ωrigin 東' },
    { name: 'nothing', value: '' },
  ])('brings $name through, in a label and in HELP', ({ value }) => {
    for (const format of ['prometheus', 'openmetrics'] as const) {
      const text = exposition([gauge('a', `Help ${value}.`, [{ labels: { site: value }, value: 1 }])], format);
      const family = new Exposition(text, format).families.get('a');
      expect(family).toMatchObject({ help: `Help ${value}.`, samples: [{ labels: { site: value } }] });
    }
  });

  test.each([
    { value: 0, text: '0' },
    { value: -1.25, text: '-1.25' },
    { value: 2 ** 53, text: '9007199254740992' },
    { value: 1e21, text: '1e+21' },
    { value: 1e-7, text: '1e-7' },
    { value: Number.POSITIVE_INFINITY, text: '+Inf' },
    { value: Number.NEGATIVE_INFINITY, text: '-Inf' },
    { value: Number.NaN, text: 'NaN' },
  ])('writes $value as $text', ({ value, text }) => {
    const page = exposition([gauge('a', 'A.', single(value))], 'prometheus');
    expect(page).toContain(`\na ${text}\n`);
    expect(new Exposition(page).value('a')).toBe(value);
  });
});

describe('the format', () => {
  test.each([
    { accept: undefined, format: 'prometheus' },
    { accept: '', format: 'prometheus' },
    { accept: '*/*', format: 'prometheus' },
    { accept: 'text/plain', format: 'prometheus' },
    { accept: 'application/openmetrics-text', format: 'openmetrics' },
    { accept: 'Application/OpenMetrics-Text; version=1.0.0; charset=utf-8', format: 'openmetrics' },
    {
      accept:
        'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      format: 'openmetrics',
    },
    { accept: 'application/openmetrics-text;q=0.2, text/plain;q=0.9', format: 'prometheus' },
    { accept: 'application/openmetrics-text;q=0', format: 'prometheus' },
    { accept: 'application/openmetrics-text;q=high', format: 'prometheus' },
    { accept: 'text/html, application/json', format: 'prometheus' },
  ])('for $accept is $format', ({ accept, format }) => {
    expect(chooseFormat(accept)).toBe(format);
  });
});

describe('the strict reader of these tests', () => {
  const head = '# HELP a A.\n# TYPE a gauge\n';
  test.each([
    { name: 'a page without its last line feed', text: `${head}a 1` },
    { name: 'a sample before its family', text: `a 1\n${head}` },
    { name: 'a family that comes twice', text: `${head}a 1\n${head}a 1\n` },
    { name: 'a sample that comes twice', text: `${head}a{x="1",y="2"} 1\na{y="2",x="1"} 1\n` },
    { name: 'a sample of another family', text: `${head}b 1\n` },
    { name: 'an unknown escape', text: `${head}a{x="\\t"} 1\n` },
    { name: 'a label without quotes', text: `${head}a{x=1} 1\n` },
    { name: 'a value that is no number', text: `${head}a one\n` },
    { name: 'a counter without its suffix', text: '# HELP a A.\n# TYPE a counter\na 1\n' },
    {
      name: 'buckets that are not cumulative',
      text: '# HELP a A.\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n',
    },
    {
      name: 'a histogram without +Inf',
      text: '# HELP a A.\n# TYPE a histogram\na_bucket{le="1"} 1\na_sum 1\na_count 1\n',
    },
    { name: 'an empty line', text: `${head}\na 1\n` },
  ])('refuses $name', ({ text }) => {
    expect(() => new Exposition(text)).toThrow();
  });
});
