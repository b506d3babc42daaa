// The pages of the console, as the navigation, the palette and the shortcuts know them.
export interface Page {
  path: string;
  name: string;
  key: string;
  permission: string;
  icon: string;
}

export const PAGES: Page[] = [
  { path: '/', name: 'Overview', key: 'o', permission: 'overview:read', icon: 'M3 12h4l3-8 4 16 3-8h4' },
  { path: '/sessions', name: 'Live sessions', key: 's', permission: 'sessions:read', icon: 'M4 10v4M8 6v12M12 9v6M16 4v16M20 10v4' },
  { path: '/tenants', name: 'Tenants', key: 't', permission: 'tenants:read', icon: 'M4 20V8l8-4 8 4v12M9 20v-6h6v6M4 20h16' },
  { path: '/plans', name: 'Plans', key: 'p', permission: 'tenants:read', icon: 'M4 6h16M4 12h10M4 18h6M17 14l3 3-3 3' },
  { path: '/usage', name: 'Usage and cost', key: 'u', permission: 'usage:read', icon: 'M4 20V4M4 20h16M8 16v-4M12 16V8M16 16v-6' },
  { path: '/errors', name: 'Errors', key: 'e', permission: 'errors:read', icon: 'M12 4l9 16H3zM12 10v4M12 17v.5' },
  { path: '/playground', name: 'Playground', key: 'y', permission: 'playground:use', icon: 'M12 15a3 3 0 0 0 3-3V7a3 3 0 0 0-6 0v5a3 3 0 0 0 3 3zM6 11a6 6 0 0 0 12 0M12 17v4' },
  { path: '/webhooks', name: 'Webhooks', key: 'w', permission: 'webhooks:read', icon: 'M8 12a4 4 0 1 1 5-3.9M12 8l4 7M16 19a4 4 0 1 0 0-8M4 16a4 4 0 0 0 8 1h4' },
  { path: '/upstreams', name: 'Upstreams', key: 'c', permission: 'accounts:read', icon: 'M7 18a5 5 0 1 1 1-9.9A6 6 0 0 1 19.5 10 4 4 0 0 1 19 18zM12 20v-7M9 15l3-3 3 3' },
  { path: '/nodes', name: 'Nodes', key: 'n', permission: 'nodes:read', icon: 'M4 5h16v5H4zM4 14h16v5H4zM8 7.5h.5M8 16.5h.5' },
  { path: '/models', name: 'Models and prices', key: 'm', permission: 'prices:read', icon: 'M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9' },
  { path: '/audit', name: 'Audit', key: 'a', permission: 'audit:read', icon: 'M6 3h9l4 4v14H6zM9 12h6M9 16h6M9 8h3' },
  { path: '/administrators', name: 'Administrators', key: 'd', permission: 'administrators:read', icon: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 4-6 8-6s8 2 8 6' },
];
