// A certified OpenID provider with some people in it, for the sign-in of administrators. Prints its port.
import Provider from 'oidc-provider';

const { OIDC_PORT, OIDC_REDIRECT } = process.env;
const PEOPLE = {
  olivia: ['parley-owners', 'staff'],
  victor: ['parley-viewers'],
  nobody: ['staff'],
  root: ['parley-owners'],
};

const provider = new Provider(`http://127.0.0.1:${OIDC_PORT}`, {
  clients: [
    {
      client_id: 'parley',
      client_secret: 'a secret of the client',
      redirect_uris: [OIDC_REDIRECT],
      response_types: ['code'],
      grant_types: ['authorization_code'],
    },
  ],
  pkce: { required: () => true },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['groups'] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: id !== 'unverified', groups: PEOPLE[id] ?? [] }),
  }),
  cookies: { keys: ['one'] },
});
provider.listen(Number(OIDC_PORT), '127.0.0.1', () => console.log('ready'));
