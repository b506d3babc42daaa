// Who is signed in, and the password that changes ask for again.
import { call, get, hooks, Problem } from './api';
import type { Me } from './types';

const PLACE = 'parley.place';

class Session {
  me = $state<Me | null>(null);
  state = $state<'loading' | 'in' | 'out' | 'broken'>('loading');
  /** Set while somebody has to give the password again. */
  asking = $state<{ answer: (confirmed: boolean) => void } | null>(null);

  constructor() {
    hooks.signedOut = () => {
      this.me = null;
      this.state = 'out';
    };
    hooks.confirm = () => new Promise((resolve) => (this.asking = { answer: resolve }));
  }

  async load() {
    try {
      this.me = await get<Me>('/session');
      hooks.csrf = this.me.csrf_token;
      this.state = 'in';
      this.returnToPlace();
    } catch (failure) {
      if (failure instanceof Problem && failure.body.status === 401) this.state = 'out';
      else this.state = 'broken';
    }
  }

  /** Before the browser leaves for the OpenID provider. */
  rememberPlace() {
    if (!location.hash.includes('refused=')) sessionStorage.setItem(PLACE, location.hash);
  }

  private returnToPlace() {
    const place = sessionStorage.getItem(PLACE);
    sessionStorage.removeItem(PLACE);
    if (place && place !== location.hash) location.hash = place;
    else if (location.hash.includes('refused=')) location.hash = '#/';
  }

  async signIn(name: string, password: string) {
    await call('POST', '/session', { body: { name, password } });
    await this.load();
  }

  async useLink(secret: string, name: string | undefined, password: string) {
    await call('POST', '/sign-in-links/use', { body: { secret, name, password } });
    await this.load();
  }

  async signOut() {
    await call('DELETE', '/session');
    this.me = null;
    this.state = 'out';
  }

  async confirm(password: string) {
    await call('POST', '/session/confirmation', { body: { password } });
    this.asking?.answer(true);
    this.asking = null;
  }

  dismiss() {
    this.asking?.answer(false);
    this.asking = null;
  }

  may(permission: string): boolean {
    return this.me?.permissions.includes(permission) ?? false;
  }
}

export const session = new Session();
