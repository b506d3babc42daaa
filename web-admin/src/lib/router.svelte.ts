// Where we are: the hash, such as #/tenants/acme?tab=usage. Every view and filter has an address.

class Router {
  path = $state('/');
  params = $state<Record<string, string>>({});

  constructor() {
    this.read();
    addEventListener('hashchange', () => this.read());
  }

  private read() {
    const [path = '/', search = ''] = location.hash.replace(/^#/, '').split('?');
    this.path = path || '/';
    this.params = Object.fromEntries(new URLSearchParams(search));
  }

  /** The parts of the path, decoded. */
  get parts(): string[] {
    return this.path.split('/').filter(Boolean).map(decodeURIComponent);
  }

  /** Changes parameters in place, without a step in the history. */
  set(changes: Record<string, string | undefined>) {
    const next = { ...this.params };
    for (const [key, value] of Object.entries(changes)) {
      if (value) next[key] = value;
      else delete next[key];
    }
    const search = new URLSearchParams(next).toString();
    history.replaceState(null, '', '#' + this.path + (search ? '?' + search : ''));
    this.params = next;
  }

  go(to: string) {
    location.hash = to;
  }
}

export const router = new Router();

/** An address of the console. */
export function to(...parts: string[]): string {
  return '#/' + parts.map(encodeURIComponent).join('/');
}
