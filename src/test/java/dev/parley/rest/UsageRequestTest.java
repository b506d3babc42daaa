package dev.parley.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.auth.Caller;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.ledger.UsageBook.Period;
import dev.parley.ledger.UsageBook.Question;
import io.vertx.core.MultiMap;
import java.time.Instant;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class UsageRequestTest {
    private static final Instant NOW = Instant.parse("2026-11-21T13:00:00Z");

    @Test
    void asksForThisMonthByDayUnlessToldOtherwise() {
        Question question = asked(MultiMap.caseInsensitiveMultiMap(), false);

        assertThat(question.from()).isEqualTo("2026-11-01T00:00:00Z");
        assertThat(question.to()).isEqualTo("2026-11-22T00:00:00Z");
        assertThat(question.period()).isEqualTo(Period.DAY);
    }

    @Test
    void tellsASubjectItsOwnUsageOnlyUnlessTheTokenSpeaksForTheTenant() {
        assertThat(asked(MultiMap.caseInsensitiveMultiMap(), false).subject()).isEqualTo(new SubjectId("alice"));
        assertThat(asked(MultiMap.caseInsensitiveMultiMap(), true).subject()).isNull();
        assertThat(asked(with("subject", "bob"), true).subject()).isEqualTo(new SubjectId("bob"));
        assertThat(code(with("subject", "bob"), false)).isEqualTo("usage_not_allowed");
        assertThat(asked(with("subject", "alice"), false).subject()).isEqualTo(new SubjectId("alice"));
    }

    @Test
    void refusesWhatIsNoTimeOrNoPeriod() {
        assertThat(code(with("from", "yesterday"), true)).isEqualTo("invalid_value");
        assertThat(code(with("from", "2026-13-01"), true)).isEqualTo("invalid_value");
        assertThat(code(with("from", "2026-12-01"), true)).isEqualTo("invalid_value");
        assertThat(code(with("from", "2020-01-01"), true)).isEqualTo("invalid_value");
        assertThat(code(with("period", "week"), true)).isEqualTo("invalid_value");
        assertThat(asked(with("period", "hour").add("from", "2026-11-21T10:00:00Z"), true)
                        .from())
                .isEqualTo("2026-11-21T10:00:00Z");
    }

    private static MultiMap with(String name, String value) {
        return MultiMap.caseInsensitiveMultiMap().add(name, value);
    }

    private static Question asked(MultiMap parameters, boolean wholeTenant) {
        return ((UsageRequest.Outcome.Asked) UsageRequest.read(parameters, caller(wholeTenant), NOW)).question();
    }

    private static String code(MultiMap parameters, boolean wholeTenant) {
        return ((UsageRequest.Outcome.Invalid) UsageRequest.read(parameters, caller(wholeTenant), NOW))
                .refusal()
                .code();
    }

    private static Caller caller(boolean wholeTenant) {
        return new Caller(
                new TenantId("acme"),
                new SubjectId("alice"),
                "parley",
                null,
                NOW,
                NOW.plusSeconds(60),
                null,
                OptionalInt.empty(),
                wholeTenant,
                null);
    }
}
