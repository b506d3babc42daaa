package dev.parley.ledger;

import dev.parley.domain.Charge;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.domain.TokenUsage;
import java.time.Instant;
import java.util.List;

/** Usage entries for tests. */
public final class UsageEntries {
    private UsageEntries() {}

    /** A completed response of one cent. */
    public static UsageEntry response(String tenant, String reference) {
        return response(tenant, reference, 202611, NanoUsd.ofUsd("0.01"), Instant.parse("2026-11-21T10:00:00Z"));
    }

    public static UsageEntry response(String tenant, String reference, int period, NanoUsd cost, Instant eventTime) {
        return new UsageEntry(
                EntryId.of("sess_1", UsageEntry.Work.RESPONSE, reference),
                new TenantId(tenant),
                new SubjectId("alice"),
                new SessionId("psn_1"),
                "sess_1",
                reference,
                UsageEntry.Work.RESPONSE,
                UsageEntry.Kind.USAGE,
                period,
                "node-1",
                "default",
                new ModelName("gpt-realtime"),
                new ModelName("gpt-realtime"),
                null,
                "completed",
                new TokenUsage(869, 42, 0, 832, 0, 0, 27, 77, 0),
                0,
                1,
                cost,
                eventTime,
                eventTime,
                List.of());
    }

    public static UsageEntry charged(UsageEntry entry, List<Charge> charges) {
        return new UsageEntry(
                entry.id(),
                entry.tenant(),
                entry.subject(),
                entry.session(),
                entry.upstreamSession(),
                entry.reference(),
                entry.work(),
                entry.kind(),
                entry.period(),
                entry.node(),
                entry.account(),
                entry.modelAsked(),
                entry.modelResolved(),
                entry.modelReported(),
                entry.status(),
                entry.tokens(),
                entry.millis(),
                entry.priceVersion(),
                entry.cost(),
                entry.eventTime(),
                entry.reservedAt(),
                charges);
    }
}
