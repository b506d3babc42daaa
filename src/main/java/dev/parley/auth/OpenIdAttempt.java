package dev.parley.auth;

/**
 * One try to sign in at the OpenID provider: what the browser that tries keeps until it comes back.
 *
 * @param state comes back with the code: the same browser began it
 * @param nonce comes back in the ID token: it was made for this try
 * @param verifier proves to the provider that whoever redeems the code has begun the try (RFC 7636)
 * @param fresh whether the password is to be given anew
 */
public record OpenIdAttempt(String state, String nonce, String verifier, boolean fresh) {
    @Override
    public String toString() {
        return "OpenIdAttempt[fresh=" + fresh + "]";
    }
}
