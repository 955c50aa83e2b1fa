/** `${NAME}` in values: the text of an environment variable. */

export interface Substitution {
  readonly text: string;
  /** Whether there was anything to put in. */
  readonly changed: boolean;
  /** What could not be put in, and why: one message, or none. */
  readonly problem?: string;
}

/**
 * Puts the environment's variables into `text`. `$${` stands for `${` itself; any other `$` is left alone, so that
 * regular expressions need no escape.
 */
export function substitute(text: string, env: Readonly<Record<string, string | undefined>>): Substitution {
  const unset: string[] = [];
  const malformed: string[] = [];
  const substituted = text.replaceAll(/\$\$\{|\$\{([^}]*)\}?/g, (found: string, name: string | undefined) => {
    if (name === undefined) return '${';
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (!/^\$\{[A-Za-z_]\w*\}$/.test(found)) malformed.push(found);
    else if (value === undefined) unset.push(name);
    return value ?? '';
  });
  return { text: substituted, changed: substituted !== text, ...problemOf(unset, malformed) };
}

/**
 * The value of a plain scalar in the core schema of YAML 1.2.2 §10.3.2, so that `workers: ${N}` is a number. Variables
 * are put in after YAML was parsed: what they hold can become a number or a boolean, but never a list or a key.
 */
export function coreScalar(text: string): string | number | boolean | null {
  if (/^(?:null|Null|NULL|~|)$/.test(text)) return null;
  if (/^(?:true|True|TRUE)$/.test(text)) return true;
  if (/^(?:false|False|FALSE)$/.test(text)) return false;
  if (/^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$/.test(text)) return Number(text);
  if (/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(text)) return Number(text);
  return text;
}

function problemOf(unset: readonly string[], malformed: readonly string[]): { problem?: string } {
  const [odd] = malformed;
  if (odd !== undefined) {
    return { problem: `expected a variable such as \${NAME} (or $\${ for a plain \${), got ${JSON.stringify(odd)}` };
  }
  if (unset.length === 0) return {};
  return {
    problem: `${unset.map((name) => `\${${name}}`).join(' and ')} ${unset.length > 1 ? 'are' : 'is'} not set in the environment`,
  };
}
