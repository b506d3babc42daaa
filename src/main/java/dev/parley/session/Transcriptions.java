package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.Refusal;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.ledger.UsageEntry.Work;
import dev.parley.protocol.UsageReport;
import dev.parley.quota.SessionPermit.WorstCase;
import dev.parley.relay.Delivery;
import dev.parley.session.Underwriter.Decision;
import io.vertx.core.Future;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Pays for the transcription of input audio, which a client orders by appending audio. While it is on, a cover is held
 * ahead of the audio and raised in steps; audio that cannot be paid for is refused. A commit gives the cover to the item
 * that it makes.
 */
final class Transcriptions {
    /** How far a cover is raised beyond what is needed now. */
    private static final long STEP_MILLIS = 10_000;

    private final Underwriter underwriter;
    private final SpareCover spare;
    private final UsageFiler filer;
    private final SessionLife life;
    private final AudioMeter audio;
    private final Refusal exhausted;
    private final Map<String, Item> items = new LinkedHashMap<>();

    private @Nullable PricedModel model;
    private @Nullable Cover ahead;
    private long coveredMillis;
    private boolean closed;

    Transcriptions(
            Underwriter underwriter,
            SpareCover spare,
            UsageFiler filer,
            SessionLife life,
            AudioMeter audio,
            Refusal exhausted) {
        this.underwriter = underwriter;
        this.spare = spare;
        this.filer = filer;
        this.life = life;
        this.audio = audio;
        this.exhausted = exhausted;
    }

    /** Committed audio whose transcription is awaited. */
    private record Item(Cover cover, PricedModel model, long millis) {}

    boolean on() {
        return model != null;
    }

    /** Whether nothing is awaited. */
    boolean idle() {
        return items.isEmpty();
    }

    /** The client is going to switch it on: call before the provider is told. The refusal if it cannot be paid. */
    Future<Optional<Refusal>> enable(PricedModel wanted) {
        if (!wanted.equals(model)) {
            model = wanted;
            coveredMillis = 0;
        }
        return ahead == null ? arm(wanted, STEP_MILLIS) : Future.succeededFuture(Optional.empty());
    }

    /** The provider has taken an update that switched it off. */
    void disable() {
        model = null;
        releaseAhead();
    }

    /** Covers the audio that is pending once an append has gone through; the refusal if it cannot be paid. */
    Future<Optional<Refusal>> coverUpTo(long pendingMillis) {
        PricedModel priced = model;
        Cover cover = ahead;
        if (priced == null || pendingMillis <= coveredMillis) {
            return Future.succeededFuture(Optional.empty());
        }
        if (cover == null) {
            return arm(priced, pendingMillis);
        }
        return raise(cover, pendingMillis + STEP_MILLIS, priced)
                .compose(raised -> raised ? Future.succeededFuture(true) : raise(cover, pendingMillis, priced))
                .map(raised -> raised ? Optional.empty() : Optional.of(exhausted));
    }

    private Future<Boolean> raise(Cover cover, long millis, PricedModel priced) {
        return cover.raiseTo(TranscriptionPrice.atMost(millis, priced), TranscriptionPrice.tokensAtMost(millis, priced))
                .map(raised -> {
                    if (raised && ahead == cover) {
                        coveredMillis = Math.max(coveredMillis, millis);
                    }
                    return raised;
                });
    }

    /** {@code input_audio_buffer.committed}: an item of audio has been made. */
    void committed(String itemId, long millis) {
        PricedModel priced = model;
        Cover cover = ahead;
        if (priced == null) {
            return;
        }
        ahead = null;
        coveredMillis = 0;
        if (cover != null) {
            items.put(itemId, new Item(cover, priced, millis));
        }
        arm(priced, STEP_MILLIS);
    }

    /** {@code …transcription.completed}: goes on when its entry is committed. */
    Future<Delivery> completed(JsonNode event, Delivery whenCommitted) {
        String itemId = event.path("item_id").asText("");
        String reference = itemId + '/' + event.path("content_index").asInt(0);
        Item item = items.remove(itemId);
        PricedModel priced = item == null ? model : item.model();
        Cover cover = item == null ? spare.take() : item.cover();
        if (priced == null || cover == null) {
            return Future.succeededFuture(whenCommitted);
        }
        long millis = item == null ? audio.pendingMillis(false) : item.millis();
        Settlement settlement = UsageReport.of(event.path("usage"))
                .filter(report -> Settlement.pricedBy(report, priced))
                .map(report -> Settlement.reported(report, priced))
                .orElseGet(() -> Settlement.estimated(millis, priced));
        Future<Delivery> delivery = filer.file(
                cover,
                new UsageFiler.Item(Work.TRANSCRIPTION, reference, "completed", priced, settlement),
                whenCommitted);
        life.progressed();
        return delivery;
    }

    /** {@code …transcription.failed}: costs nothing. */
    void failed(String itemId) {
        Item item = items.remove(itemId);
        if (item != null) {
            item.cover().release();
            life.progressed();
        }
    }

    /** Nothing more will come: what is awaited is estimated and filed. */
    void abandon() {
        items.forEach((id, item) -> filer.file(
                item.cover(),
                new UsageFiler.Item(
                        Work.TRANSCRIPTION,
                        id + "/0",
                        "lost",
                        item.model(),
                        Settlement.estimated(item.millis(), item.model())),
                Delivery.dropped()));
        items.clear();
        closed = true;
        disable();
    }

    private Future<Optional<Refusal>> arm(PricedModel priced, long millis) {
        return underwriter
                .cover(WorstCase.ofFixed(
                        TranscriptionPrice.atMost(millis, priced), TranscriptionPrice.tokensAtMost(millis, priced)))
                .map(decision -> switch (decision) {
                    case Decision.Refused(Refusal refusal) -> Optional.of(refusal);
                    case Decision.Covered(Cover cover) -> {
                        if (closed || ahead != null) {
                            cover.release();
                        } else {
                            ahead = cover;
                            coveredMillis = millis;
                        }
                        yield Optional.empty();
                    }
                });
    }

    private void releaseAhead() {
        Cover cover = ahead;
        ahead = null;
        coveredMillis = 0;
        if (cover != null) {
            cover.release();
        }
    }
}
