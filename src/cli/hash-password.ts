import { formatHash, hashPassword } from '../admin/access/password.ts';
import { command, Failure, NO_OPERANDS, type Surroundings } from './command.ts';
import { PasswordPrompt, readPassword } from './password-input.ts';

export const HASH_PASSWORD = command({
  name: 'hash-password',
  operands: NO_OPERANDS,
  summary: 'makes the line of a password_file',
  details: ['Asks for a password on the terminal, or takes it from standard input.'],
  examples: [
    ['hash-password > secrets/ops', 'asks twice, and shows nothing'],
    ['hash-password < password.txt > secrets/ops', 'for programs'],
  ],
  options: {},
  async run(_operands, _values, surroundings) {
    const password = await (surroundings.stdin().isTTY ? askTwice(surroundings) : readPassword(surroundings));
    if (password === '') throw new Failure('expected a password, got nothing');
    surroundings.out.write(`${formatHash(await hashPassword(password))}\n`);
    return 0;
  },
});

async function askTwice(surroundings: Surroundings): Promise<string> {
  const prompt = new PasswordPrompt(surroundings);
  try {
    const password = await prompt.ask('Password: ');
    if (password === (await prompt.ask('The same again: '))) return password;
  } finally {
    prompt.close();
  }
  throw new Failure('these were not the same');
}
