// Light, dark, or what the system says.
type Choice = 'system' | 'light' | 'dark';
const KEY = 'parley.theme';

class Theme {
  choice = $state<Choice>((localStorage.getItem(KEY) as Choice | null) ?? 'system');

  constructor() {
    this.apply();
  }

  next() {
    this.choice = this.choice === 'system' ? 'dark' : this.choice === 'dark' ? 'light' : 'system';
    localStorage.setItem(KEY, this.choice);
    this.apply();
  }

  private apply() {
    if (this.choice === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.choice;
  }
}

export const theme = new Theme();
