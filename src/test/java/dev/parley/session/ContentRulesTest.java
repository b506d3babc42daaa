package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.content.SessionContent;
import dev.parley.content.SessionContent.Said;
import dev.parley.dialect.BetaDialect;
import dev.parley.domain.SessionId;
import dev.parley.relay.LegEnd;
import dev.parley.tenancy.LimitName;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is kept of what is said in a session, and when. */
class ContentRulesTest {
    private static final String HELLO =
            "{\"type\":\"conversation.item.create\",\"item\":{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"hello\"}]}}";
    private static final String DELTA =
            "{\"type\":\"response.output_text.delta\",\"item_id\":\"item_1\",\"delta\":\"hi there\"}";
    private static final String UNKNOWN = "{\"type\":\"response.output_text.done\",\"text\":\"hi there\"}";

    @Test
    void nothingIsKeptUnlessTheTenantAllowsIt() {
        try (SessionRig rig = SessionRig.started()) {
            rig.clientSends(HELLO);
            rig.upstreamSends(DELTA);

            assertThat(content(rig)).contains(SessionContent.NOTHING);
        }
    }

    @Test
    void whatBothSidesSayIsKeptAndGoesOnAsItCame() {
        try (SessionRig rig = allowing(true)) {
            rig.clientSends(HELLO);
            rig.upstreamSends(DELTA);
            rig.upstreamSends(UNKNOWN);

            assertThat(said(rig)).contains("hello", "hi there");
            assertThat(content(rig).orElseThrow().entries())
                    .extracting(Said::type)
                    .containsSubsequence(
                            "conversation.item.create", "response.output_text.delta", "response.output_text.done");
            assertThat(rig.on(rig.upstream::written)).contains(HELLO);
            assertThat(rig.on(rig.client::written)).contains(DELTA, UNKNOWN);
        }
    }

    @Test
    void aClientThatSpeaksBetaIsToldInItsWordsWhileContentIsKept() {
        try (SessionRig rig = SessionRig.started(setup -> {
            setup.settings = own -> own.withContentCapture(true);
            setup.dialect = new BetaDialect(false, null);
            return setup;
        })) {
            rig.upstreamSends(DELTA);

            assertThat(said(rig)).contains("hi there");
            assertThat(rig.clientTypes()).contains("response.text.delta").doesNotContain("response.output_text.delta");
        }
    }

    @Test
    void aChangeHoldsForWhatComesAfterItAndTakesBackWhatWasKept() {
        try (SessionRig rig = allowing(false)) {
            rig.clientSends(HELLO);
            rig.change(own -> own.withContentCapture(true));
            rig.upstreamSends(DELTA);
            assertThat(said(rig)).contains("hi there").doesNotContain("hello");

            rig.change(own -> own.withContentCapture(false));
            assertThat(content(rig)).contains(SessionContent.NOTHING);

            rig.change(own -> own.withContentCapture(true));
            rig.upstreamSends(UNKNOWN);
            assertThat(said(rig)).contains("response.output_text.done").doesNotContain("response.output_text.delta");
        }
    }

    @Test
    void aClientThatComesBackIsStillHeard() {
        try (SessionRig rig = SessionRig.started(setup -> {
            setup.settings = own -> own.withContentCapture(true).with(LimitName.RESUME_WINDOW_SECONDS, 30);
            return setup;
        })) {
            rig.clientLost(new LegEnd(LegEnd.Cause.PEER_LOST, 1006, ""));
            FakeLeg back = rig.resume(null);
            rig.on(() -> {
                back.receive(HELLO);
                return true;
            });

            assertThat(said(rig)).contains("hello");
        }
    }

    @Test
    void whatWasSaidOutlivesItsSessionUntilTheTenantChanges() {
        try (SessionRig rig = allowing(true)) {
            SessionId id = rig.order().id();
            rig.upstreamSends(SessionRig.updated(false));
            rig.clientSends(HELLO);
            rig.clientLost(new LegEnd(LegEnd.Cause.PEER_CLOSED, 1000, ""));
            rig.assertNothingLeft();
            assertThat(rig.registry.content(id).result().orElseThrow().entries())
                    .extracting(Said::json)
                    .contains(HELLO);

            rig.registry.recheck(Set.of(rig.order().tenant().id()));

            assertThat(rig.registry.content(id).result()).isEmpty();
        }
    }

    private static SessionRig allowing(boolean allowed) {
        return SessionRig.started(setup -> {
            setup.settings = own -> own.withContentCapture(allowed);
            return setup;
        });
    }

    private static Optional<SessionContent> content(SessionRig rig) {
        var asked = rig.registry.content(rig.order().id());
        rig.until("the content is told", asked::isComplete);
        return asked.result();
    }

    private static String said(SessionRig rig) {
        return content(rig).orElseThrow().entries().stream()
                .map(said -> said.json() + said.text())
                .toList()
                .toString();
    }
}
