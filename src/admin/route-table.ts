import type { Method, Mount } from './mount.ts';

export type Found =
  | { readonly kind: 'found'; readonly mount: Mount; readonly params: Readonly<Record<string, string>> }
  /** There is something at the path, but not for this method. */
  | { readonly kind: 'other-method'; readonly allow: readonly string[] }
  /** A segment is not percent-encoded as it has to be (RFC 3986 §2.1). */
  | { readonly kind: 'malformed' }
  | { readonly kind: 'nothing' };

/** What is mounted where. A path that is written out wins over one with a name in braces. */
export class RouteTable {
  readonly #paths: Path[] = [];

  /** Throws when there is something for this method and path already. */
  add(mount: Mount): void {
    const segments = mount.path.split('/').slice(1).map(segmentOf);
    let path = this.#paths.find((other) => isSamePlace(other.segments, segments));
    if (path === undefined) {
      path = { segments, methods: new Map() };
      this.#paths.push(path);
      this.#paths.sort((a, b) => a.segments.filter(isName).length - b.segments.filter(isName).length);
    }
    if (path.methods.has(mount.method)) throw new Error(`${mount.method} ${mount.path} is mounted twice`);
    path.methods.set(mount.method, mount);
  }

  find(method: string, path: string): Found {
    const parts = path.split('/').slice(1);
    const at = this.#paths.find(({ segments }) => fits(segments, parts));
    if (at === undefined) return { kind: 'nothing' };
    const mount = at.methods.get((method === 'HEAD' ? 'GET' : method) as Method);
    if (mount === undefined) return { kind: 'other-method', allow: allowed([...at.methods.keys()]) };
    const params: Record<string, string> = {};
    for (const [index, segment] of mount.path.split('/').slice(1).map(segmentOf).entries()) {
      if (!isName(segment)) continue;
      const value = decoded(parts[index] as string);
      if (value === undefined) return { kind: 'malformed' };
      params[segment.name] = value;
    }
    return { kind: 'found', mount, params };
  }
}

interface Path {
  readonly segments: readonly Segment[];
  readonly methods: Map<Method, Mount>;
}

type Segment = string | { readonly name: string };

function segmentOf(text: string): Segment {
  return text.startsWith('{') && text.endsWith('}') ? { name: text.slice(1, -1) } : text;
}

function isName(segment: Segment): segment is { readonly name: string } {
  return typeof segment !== 'string';
}

function fits(segments: readonly Segment[], parts: readonly string[]): boolean {
  return (
    segments.length === parts.length &&
    segments.every((segment, index) => (isName(segment) ? parts[index] !== '' : segment === parts[index]))
  );
}

function isSamePlace(a: readonly Segment[], b: readonly Segment[]): boolean {
  return (
    a.length === b.length &&
    a.every((segment, index) => segment === b[index] || (isName(segment) && isName(b[index] as Segment)))
  );
}

function allowed(methods: readonly Method[]): string[] {
  return methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
