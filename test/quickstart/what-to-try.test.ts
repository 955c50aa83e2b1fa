import { expect, test } from 'vitest';
import { printWhatToTry } from '../../src/quickstart/what-to-try.ts';

test('names commands for each address that the node listens on', () => {
  const told = whatIsTold(['http://127.0.0.1:8080', 'https://127.0.0.1:8443']);
  expect(told).toContain('  curl http://127.0.0.1:8080/  ');
  expect(told).toContain('  curl -k --http2 -i https://127.0.0.1:8443/  ');
});

test('says nothing of TLS when there is none', () => {
  expect(whatIsTold(['http://127.0.0.1:8080/'])).not.toContain('https');
});

test('tells where the dashboard is, and how to drain an origin', () => {
  const told = whatIsTold(['http://127.0.0.1:8080'], 'http://127.0.0.1:8400');
  expect(told).toContain('The dashboard is at http://127.0.0.1:8400/ (user admin, password in state/admin-password).');
  expect(told).toContain('bin/portico drain north --wait');
  expect(whatIsTold(['http://127.0.0.1:8080'])).not.toContain('dashboard');
});

test('asks the name server, where there is one', () => {
  const told = whatIsTold(['http://127.0.0.1:8080'], undefined, '127.0.0.1:8053');
  expect(told).toContain('  dig @127.0.0.1 -p 8053 www.example.com +subnet=203.0.113.0/24  ');
  expect(whatIsTold(['http://127.0.0.1:8080'])).not.toContain('dig');
});

function whatIsTold(urls: readonly string[], admin?: string, dns?: string): string {
  let told = '';
  printWhatToTry(
    (text) => {
      told += text;
    },
    { urls, admin, dns },
  );
  return told;
}
