package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.Refusal;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.ledger.UsageEntry.Work;
import dev.parley.protocol.SessionView;
import dev.parley.protocol.UsageReport;
import dev.parley.quota.SessionPermit.WorstCase;
import dev.parley.relay.Delivery;
import dev.parley.session.Underwriter.Decision;
import io.vertx.core.Future;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pays for the transcription of input audio, which a client orders by appending audio. While it is on, a cover is held
 * ahead of the audio and raised in steps; audio that cannot be paid for is refused. A commit gives the cover to the item
 * that it makes.
 */
final class Transcriptions {
    private static final Logger LOGGER = LoggerFactory.getLogger(Transcriptions.class);
    /** How far a cover is raised beyond what is needed now. */
    private static final long STEP_MILLIS = 10_000;

    private final Underwriter underwriter;
    private final SpareCover spare;
    private final UsageFiler filer;
    private final SessionLife life;
    private final AudioMeter audio;
    private final Supplier<SessionView> view;
    private final TranscriberName name;
    private final Function<String, Optional<PricedModel>> prices;
    private final Map<String, Item> items = new LinkedHashMap<>();

    /** What audio is being covered for; null while transcription is off. */
    private @Nullable PricedModel model;
    /** The last one that transcription was switched off from. */
    private @Nullable PricedModel before;

    private @Nullable Cover ahead;
    private long coveredMillis;
    private boolean closed;

    Transcriptions(
            Underwriter underwriter,
            SpareCover spare,
            UsageFiler filer,
            SessionLife life,
            AudioMeter audio,
            Supplier<SessionView> view,
            TranscriberName name,
            Function<String, Optional<PricedModel>> prices) {
        this.underwriter = underwriter;
        this.spare = spare;
        this.filer = filer;
        this.life = life;
        this.audio = audio;
        this.view = view;
        this.name = name;
        this.prices = prices;
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

    /**
     * The client is going to switch it on, or to another model: call before the provider is told. The refusal if what is in
     * the buffer, and a step more, cannot be paid; all is as it was then.
     */
    Future<Optional<Refusal>> enable(PricedModel wanted) {
        PricedModel was = model;
        long covered = coveredMillis;
        use(wanted);
        long pending = audio.pendingMillis(view.get().turnDetection() != null);
        return coverUpTo(wanted.equals(was) ? pending : Math.max(STEP_MILLIS, pending))
                .map(unpaid -> {
                    if (unpaid.isPresent() && wanted.equals(model)) {
                        model = was;
                        coveredMillis = covered;
                    }
                    return unpaid;
                });
    }

    /** The provider has told what is in force, and no update about it is under way. */
    void follow() {
        PricedModel inForce = inForce();
        if (inForce != null) {
            use(inForce);
        } else if (view.get().transcriptionModel() == null) {
            disable();
        }
    }

    /** The tenant's limits have changed: those that are new hold for audio that is covered already, too. */
    void hear() {
        Cover cover = ahead;
        if (cover == null) {
            return;
        }
        cover.renew().onSuccess(refusal -> {
            if (refusal.isPresent() && ahead == cover) {
                releaseAhead();
            }
        });
    }

    private void use(PricedModel wanted) {
        if (!wanted.equals(model)) {
            model = wanted;
            coveredMillis = 0;
        }
    }

    private @Nullable PricedModel inForce() {
        String name = view.get().transcriptionModel();
        return name == null ? null : prices.apply(name).orElse(null);
    }

    private void disable() {
        if (model != null) {
            before = model;
        }
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
                .compose(refusal ->
                        refusal.isEmpty() ? Future.succeededFuture(refusal) : raise(cover, pendingMillis, priced));
    }

    private Future<Optional<Refusal>> raise(Cover cover, long millis, PricedModel priced) {
        return cover.raiseTo(TranscriptionPrice.atMost(millis, priced), TranscriptionPrice.tokensAtMost(millis, priced))
                .map(refusal -> {
                    if (refusal.isEmpty() && ahead == cover) {
                        coveredMillis = Math.max(coveredMillis, millis);
                    }
                    return refusal;
                });
    }

    /**
     * {@code input_audio_buffer.committed}: an item of audio has been made. The provider transcribes it with what was in
     * force then, whatever is under way.
     */
    void committed(String itemId, long millis) {
        PricedModel wanted = model;
        if (wanted == null || view.get().transcriptionModel() == null) {
            return;
        }
        PricedModel priced = inForce();
        Cover cover = ahead;
        ahead = null;
        coveredMillis = 0;
        if (cover != null) {
            Item replaced = items.put(itemId, new Item(cover, priced == null ? wanted : priced, millis));
            if (replaced != null) {
                replaced.cover().release();
            }
        }
        arm(wanted, STEP_MILLIS);
    }

    /** {@code …transcription.completed}: goes on when its entry is committed. */
    Future<Delivery> completed(JsonNode event, Delivery whenCommitted) {
        String itemId = event.path("item_id").asText("");
        String reference = itemId + '/' + event.path("content_index").asInt(0);
        if (filer.isFiled(Work.TRANSCRIPTION, reference)) {
            return Future.succeededFuture(whenCommitted);
        }
        Item item = items.remove(itemId);
        PricedModel priced = item == null ? lastKnown() : item.model();
        if (priced == null) {
            life.end(Ending.of("client", RequestRules.smuggled()));
            return Future.succeededFuture(Delivery.dropped());
        }
        Cover cover = item == null ? spare.take() : item.cover();
        if (cover == null) {
            LOGGER.atError().addKeyValue("item", reference).log("usage without a place in the ledger");
            return Future.succeededFuture(Delivery.dropped());
        }
        long millis = item == null ? audio.pendingMillis(false) : item.millis();
        Settlement settlement = UsageReport.of(event.path("usage"))
                .filter(report -> Settlement.pricedBy(report, priced))
                .map(report -> Settlement.reported(report, priced, true))
                .orElseGet(() -> Settlement.estimated(millis, priced));
        Future<Delivery> delivery = filer.file(
                cover,
                new UsageFiler.Item(
                        Work.TRANSCRIPTION, reference, "completed", priced, settlement, name.asked(priced.name())),
                whenCommitted);
        life.progressed();
        return delivery;
    }

    private @Nullable PricedModel lastKnown() {
        PricedModel inForce = inForce();
        PricedModel wanted = model;
        return inForce != null ? inForce : wanted != null ? wanted : before;
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
                        Settlement.estimated(item.millis(), item.model()),
                        name.asked(item.model().name())),
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
                            cover.idle(() -> makeRoom(cover));
                        }
                        yield Optional.empty();
                    }
                });
    }

    /** Others need what is held for audio, and none has come for a while: the next that comes is covered anew. */
    private void makeRoom(Cover cover) {
        boolean empty = audio.pendingMillis(view.get().turnDetection() != null) == 0;
        if (ahead == cover && empty) {
            releaseAhead();
        }
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
