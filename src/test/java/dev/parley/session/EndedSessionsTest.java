package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.domain.SessionId;
import java.util.List;
import org.junit.jupiter.api.Test;

class EndedSessionsTest {
    private static final SessionTimeline NOTHING = new SessionTimeline(List.of(), List.of());

    @Test
    void forgetsTheOldest() {
        EndedSessions ended = new EndedSessions();
        for (int i = 0; i <= EndedSessions.KEPT_MAX; i++) {
            ended.keep(new SessionId("psn_" + i), NOTHING);
        }

        assertThat(ended.find(new SessionId("psn_0"))).isEmpty();
        assertThat(ended.find(new SessionId("psn_1"))).hasValue(NOTHING);
        assertThat(ended.find(new SessionId("psn_" + EndedSessions.KEPT_MAX))).hasValue(NOTHING);
    }
}
