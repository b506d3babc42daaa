package dev.parley.session;

import dev.parley.domain.Charge;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.ledger.EntryId;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.ledger.UsageEntry;
import dev.parley.ledger.UsageEntry.Work;
import dev.parley.relay.Delivery;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes one session's usage into the ledger. An event that tells of usage goes on when its entry is committed; when that
 * takes too long the session ends, and the entry is written all the same.
 */
public final class UsageFiler {
    private static final Logger LOGGER = LoggerFactory.getLogger(UsageFiler.class);

    private static final int FILED_MAX = 64;

    private final Context context;
    private final SessionServices services;
    private final SessionOrder order;
    private final @Nullable UpstreamSession upstream;
    /** Within which the provider's ids of responses and items are unique. */
    private final String scope;

    private final Owner life;
    /** What was filed last, so that what the provider tells twice is charged once. */
    private final LinkedHashSet<String> filed = new LinkedHashSet<>();

    private @Nullable ModelName reported;
    private int committing;
    /** Read by other threads for snapshots. */
    private volatile NanoUsd spent = NanoUsd.ZERO;

    /** Whose usage it is. */
    public interface Owner {
        void end(Ending ending);

        /** A response or a transcription is settled or gone: what waits for the last one looks again. */
        void progressed();
    }

    /**
     * Where some work was done.
     *
     * @param scope within which the provider's ids of responses and items are unique
     * @param upstreamSession the provider's {@code sess_…}, if it gave one
     * @param model as the provider reported it
     */
    public record Source(
            String scope,
            @Nullable String upstreamSession,
            String account,
            @Nullable ModelName model) {}

    /** @param ordinal of this upstream in its session, from 1 */
    UsageFiler(
            Context context,
            SessionServices services,
            SessionOrder order,
            UpstreamSession upstream,
            int ordinal,
            SessionLife life) {
        this(context, services, order, life, upstream, scope(order, upstream, ordinal));
    }

    /** For a session whose work is done on many upstream sessions. */
    public UsageFiler(Context context, SessionServices services, SessionOrder order, Owner life) {
        this(context, services, order, life, null, order.id().value());
    }

    private UsageFiler(
            Context context,
            SessionServices services,
            SessionOrder order,
            Owner life,
            @Nullable UpstreamSession upstream,
            String scope) {
        this.context = context;
        this.services = services;
        this.order = order;
        this.upstream = upstream;
        this.scope = scope;
        this.life = life;
    }

    /**
     * What is filed.
     *
     * @param asked what the client calls the model; null if it is that of the session
     */
    public record Item(
            Work work,
            String reference,
            String status,
            PricedModel model,
            Settlement settlement,
            @Nullable ModelName asked) {
        public Item(Work work, String reference, String status, PricedModel model, Settlement settlement) {
            this(work, reference, status, model, settlement, null);
        }
    }

    /** The model as the provider last reported it. */
    void reported(@Nullable String model) {
        if (model != null && !model.isEmpty() && model.length() <= 128) {
            reported = new ModelName(model);
        }
    }

    /** Whether this work was filed of late. */
    boolean isFiled(Work work, String reference) {
        return filed.contains(work + reference);
    }

    /** Entries that are not committed yet. */
    public int committing() {
        return committing;
    }

    public NanoUsd spent() {
        return spent;
    }

    /** Settles the cover and files the entry; completes with {@code whenCommitted}, or drops the event. Never fails. */
    Future<Delivery> file(Cover cover, Item item, Delivery whenCommitted) {
        UpstreamSession own = upstream;
        if (own == null) {
            throw new IllegalStateException("the session has no upstream session of its own");
        }
        ModelName model = item.work() == Work.TRANSCRIPTION ? null : reported;
        return file(cover, item, new Source(scope, own.id(), own.account(), model), whenCommitted);
    }

    /** The same for work that was done anywhere. */
    public Future<Delivery> file(Cover cover, Item item, Source source, Delivery whenCommitted) {
        Settlement settlement = item.settlement();
        remember(item);
        spent = spent.plus(settlement.cost());
        committing++;
        Promise<Delivery> delivery = Promise.promise();
        long timer = context.owner().setTimer(timeout().toMillis(), _ -> {
            if (delivery.tryComplete(Delivery.dropped())) {
                life.end(Ending.of("broker", late()));
            }
        });
        Future<Void> commit = cover.settle(
                settlement.cost(),
                settlement.tokens().input() + settlement.tokens().output(),
                charges -> entry(item, source, cover, charges));
        commit.onComplete(committed -> {
            committing--;
            context.owner().cancelTimer(timer);
            if (committed.succeeded()) {
                delivery.tryComplete(whenCommitted);
            } else if (delivery.tryComplete(Delivery.dropped())) {
                LOGGER.atError()
                        .addKeyValue("tenant", order.tenant().id())
                        .addKeyValue("session", order.id())
                        .addKeyValue("reference", item.reference())
                        .setCause(committed.cause())
                        .log("a usage entry could not be committed");
                life.end(Ending.of("broker", late()));
            }
            life.progressed();
        });
        return delivery.future();
    }

    private void remember(Item item) {
        filed.add(item.work() + item.reference());
        if (filed.size() > FILED_MAX) {
            filed.removeFirst();
        }
    }

    private Duration timeout() {
        return services.config().commitTimeout();
    }

    private Refusal late() {
        return Refusal.of(
                        Kind.OVERLOADED,
                        "usage_commit_timeout",
                        "The usage could not be written down within "
                                + timeout().toSeconds() + " s; connect again later.")
                .retryAfter(timeout());
    }

    private UsageEntry entry(Item item, Source source, Cover cover, List<Charge> charges) {
        String id = source.upstreamSession();
        PricedModel model = item.model();
        Settlement settlement = item.settlement();
        return new UsageEntry(
                EntryId.of(source.scope(), item.work(), item.reference()),
                order.tenant().id(),
                order.caller().subject(),
                order.id(),
                id,
                item.reference(),
                item.work(),
                settlement.kind(),
                cover.period(),
                services.node(),
                source.account(),
                asked(item),
                model.name(),
                source.model(),
                item.status(),
                settlement.tokens(),
                settlement.millis(),
                model.priceVersion(),
                settlement.cost(),
                services.ticker().now(),
                cover.reservedAt(),
                charges);
    }

    private ModelName asked(Item item) {
        ModelName name = item.asked() == null ? order.asked() : item.asked();
        return name == null ? item.model().name() : name;
    }

    private static String scope(SessionOrder order, UpstreamSession upstream, int ordinal) {
        String id = upstream.id();
        if (id != null) {
            return id;
        }
        return ordinal == 1 ? order.id().value() : order.id().value() + '/' + ordinal;
    }
}
