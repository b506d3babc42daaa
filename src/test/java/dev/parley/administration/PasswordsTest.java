package dev.parley.administration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PasswordsTest {
    private final Passwords passwords = new Passwords();

    @Test
    void aHashIsOfItsPasswordOnlyAndSaltedAnew() {
        String hash = passwords.hash("correct horse battery staple");

        assertThat(hash).startsWith("$argon2id$v=19$m=19456,t=2,p=1$").doesNotContain("horse");
        assertThat(passwords.matches("correct horse battery staple", hash)).isTrue();
        assertThat(passwords.matches("correct horse battery stapl", hash)).isFalse();
        assertThat(passwords.hash("correct horse battery staple")).isNotEqualTo(hash);
    }

    /** A vector of the reference implementation, phc-winner-argon2. */
    @Test
    void computesWhatTheReferenceImplementationDoes() {
        String reference = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

        assertThat(passwords.matches("password", reference)).isTrue();
        assertThat(passwords.matches("differentpassword", reference)).isFalse();
    }

    @Test
    void nobodysPasswordMatchesNothing() {
        assertThat(passwords.matches("nobody's password", null)).isFalse();
        assertThat(passwords.matches("anything", "not a hash")).isFalse();
    }

    @Test
    void refusesShortAndEndlessOnes() {
        assertThatThrownBy(() -> Passwords.checked("elevenchars")).hasMessageContaining("12 to 256");
        assertThatThrownBy(() -> Passwords.checked("x".repeat(257))).hasMessageContaining("12 to 256");
    }
}
