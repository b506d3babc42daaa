package dev.parley.administration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.concurrent.ManualTicker;
import dev.parley.store.JdbcAdministrators;
import dev.parley.store.JdbcAuditLog;
import dev.parley.store.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Signing in, on a real database and with time in hand. */
class SignInIT {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String AGENT = "test";

    private final TestDatabase database = TestDatabase.create();
    private final ManualTicker clock = new ManualTicker(Instant.parse("2026-11-21T08:00:00Z"));
    private final JdbcAdministrators store = new JdbcAdministrators(database.database());
    private final SignIn signIn = new SignIn(store, new JdbcAuditLog(database.database()), new Passwords(), clock);

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void locksANameForLongerWithEachWrongPassword() throws Exception {
        String secret = signIn.firstLink().orElseThrow();
        signIn.withLink(secret, "root", PASSWORD, address(), AGENT);

        for (int i = 0; i < SignIn.FAILURES_FREE; i++) {
            refused("root", "wrong wrong wrong", null);
        }
        refused("root", PASSWORD, SignIn.LOCK_FIRST);
        clock.advance(SignIn.LOCK_FIRST.plusSeconds(1));
        refused("root", "wrong wrong wrong", null);
        refused("root", PASSWORD, SignIn.LOCK_FIRST.multipliedBy(2));
        clock.advance(SignIn.LOCK_FIRST.multipliedBy(2).plusSeconds(1));

        assertThat(signIn.withPassword("root", PASSWORD, address(), AGENT)).isNotEmpty();
        assertThat(store.find("root").orElseThrow().failures()).isZero();
    }

    @Test
    void anUnknownNameIsToldNothingElseThanAWrongPassword() throws Exception {
        signIn.withLink(signIn.firstLink().orElseThrow(), "root", PASSWORD, address(), AGENT);

        String unknown = refused("nobody", PASSWORD, null);
        String wrong = refused("root", "wrong wrong wrong", null);

        assertThat(unknown).isEqualTo(wrong);
    }

    @Test
    void aLockDoesNotTellWhetherTheNameIsKnown() throws Exception {
        signIn.withLink(signIn.firstLink().orElseThrow(), "root", PASSWORD, address(), AGENT);

        for (String name : List.of("root", "nobody")) {
            for (int i = 0; i < SignIn.FAILURES_FREE; i++) {
                refused(name, "wrong wrong wrong", null);
            }
            refused(name, "wrong wrong wrong", SignIn.LOCK_FIRST);
        }
    }

    @Test
    void triesAtOnceAreNoMoreThanOneAfterTheOther() throws Exception {
        signIn.withLink(signIn.firstLink().orElseThrow(), "root", PASSWORD, address(), AGENT);

        List<Future<Boolean>> tries = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            for (int i = 0; i < 4 * SignIn.FAILURES_FREE; i++) {
                tries.add(threads.submit(this::isLookedAt));
            }
        }
        int lookedAt = 0;
        for (Future<Boolean> one : tries) {
            lookedAt += one.get() ? 1 : 0;
        }

        assertThat(lookedAt).isEqualTo(SignIn.FAILURES_FREE);
    }

    /** Whether a wrong password was compared, and not turned away by the lock. */
    private boolean isLookedAt() {
        SignInRefused refused = org.assertj.core.api.Assertions.catchThrowableOfType(
                SignInRefused.class, () -> signIn.withPassword("root", "wrong wrong wrong", address(), AGENT));
        return refused.retryAfter() == null;
    }

    @Test
    void anAddressThatTriesTooOftenWaits() {
        for (int i = 0; i < SignIn.TRIES; i++) {
            assertThatThrownBy(() -> signIn.withPassword("nobody" + System.nanoTime(), PASSWORD, "198.51.100.7", AGENT))
                    .hasMessageContaining("wrong");
        }
        assertThatThrownBy(() -> signIn.withPassword("nobody", PASSWORD, "198.51.100.7", AGENT))
                .hasMessageContaining("Too many tries");
        clock.advance(SignIn.TRY_EVERY);
        assertThatThrownBy(() -> signIn.withPassword("nobody", PASSWORD, "198.51.100.7", AGENT))
                .hasMessageContaining("wrong");
    }

    @Test
    void whoIsTurnedAwayIsNotedOnceAMinute() {
        String often = "too many tries from this address";
        for (int i = 0; i < 3 * SignIn.TRIES; i++) {
            String name = "made-up-" + i;
            assertThatThrownBy(() -> signIn.withPassword(name, PASSWORD, "198.51.100.7", AGENT))
                    .isInstanceOf(SignInRefused.class);
        }
        assertThat(notes(often)).isEqualTo("1");
        assertThat(database.query("select actor || ' ' || address || ' ' || target from audit_entry where after like '%"
                        + often + "%'"))
                .isEqualTo("administrator:made-up-10 198.51.100.7 administrator/made-up-10");
        clock.advance(Refusals.EVERY);
        for (int i = 0; i < 2 * SignIn.TRIES; i++) {
            assertThatThrownBy(() -> signIn.look("no link", "198.51.100.7").orElseThrow());
        }
        assertThat(notes(often)).isEqualTo("2");
    }

    @Test
    void aLockIsNotedOnceAMinuteForEachNameAndAddress() {
        String lock = "too many wrong passwords for this name";
        for (String address : List.of("198.51.100.7", "198.51.100.8")) {
            for (int i = 0; i < SignIn.TRIES; i++) {
                assertThatThrownBy(() -> signIn.withPassword("root", "wrong wrong wrong", address, AGENT))
                        .isInstanceOf(SignInRefused.class);
            }
        }

        assertThat(notes(lock)).isEqualTo("2");
    }

    private String notes(String why) {
        return database.query(
                "select count(*) from audit_entry where action = 'sign_in.refused' and after like '%" + why + "%'");
    }

    @Test
    void aNetworkThatTriesTooOftenWaitsWhateverItsAddress() {
        for (int i = 0; i < SignIn.TRIES; i++) {
            String own = "2001:db8:7:7::" + Integer.toHexString(i);
            assertThatThrownBy(() -> signIn.withPassword("nobody" + own, PASSWORD, own, AGENT))
                    .hasMessageContaining("wrong");
        }
        assertThatThrownBy(() -> signIn.withPassword("nobody", PASSWORD, "2001:db8:7:7:8000::1", AGENT))
                .hasMessageContaining("Too many tries");
        assertThatThrownBy(() -> signIn.withPassword("nobody", PASSWORD, "2001:db8:7:8::1", AGENT))
                .hasMessageContaining("wrong");
    }

    @Test
    void theFirstLinkMakesOneOwnerAndNoMore() throws Exception {
        String one = signIn.firstLink().orElseThrow();
        String two = signIn.firstLink().orElseThrow();

        signIn.withLink(one, "root", PASSWORD, address(), AGENT);

        assertThatThrownBy(() -> signIn.withLink(two, "other", PASSWORD, address(), AGENT))
                .isInstanceOf(SignInRefused.class);
        assertThat(store.list()).hasSize(1);
        assertThat(signIn.firstLink()).isEmpty();
        assertThat(database.query(
                        "select actor || ' ' || action || ' ' || target from audit_entry order by no desc limit 1"))
                .isEqualTo("stranger sign_in.refused sign_in_link");
    }

    @Test
    void anotherPasswordEndsTheOtherBrowsers() throws Exception {
        String here = signIn.withLink(signIn.firstLink().orElseThrow(), "root", PASSWORD, address(), AGENT);
        String there = signIn.withPassword("root", PASSWORD, address(), AGENT);

        signIn.changePassword(session(here), "another horse battery staple");

        assertThat(store.useSession(SecretText.digest(here), SignIn.IDLE_MAX, SignIn.LIFE_MAX))
                .isPresent();
        assertThat(store.useSession(SecretText.digest(there), SignIn.IDLE_MAX, SignIn.LIFE_MAX))
                .isEmpty();
        refused("root", PASSWORD, null);
    }

    private AdministratorStore.Session session(String secret) {
        return store.useSession(SecretText.digest(secret), SignIn.IDLE_MAX, SignIn.LIFE_MAX)
                .orElseThrow();
    }

    private String refused(String name, String password, @org.jspecify.annotations.Nullable Duration retryAfter) {
        SignInRefused refused = org.assertj.core.api.Assertions.catchThrowableOfType(
                SignInRefused.class, () -> signIn.withPassword(name, password, address(), AGENT));
        assertThat(refused).isNotNull();
        assertThat(refused.retryAfter()).isEqualTo(retryAfter);
        return String.valueOf(refused.getMessage());
    }

    /** A new one each time, so that only names are limited. */
    private static String address() {
        return "198.51.100." + System.nanoTime();
    }
}
