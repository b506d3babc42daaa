package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.domain.TokenUsage;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.ledger.UsageEntry.Work;
import dev.parley.protocol.ClientEvents;
import dev.parley.protocol.InputSize;
import dev.parley.protocol.Json;
import dev.parley.protocol.JsonSplice;
import dev.parley.protocol.SessionView;
import dev.parley.protocol.UsageReport;
import dev.parley.quota.SessionPermit.WorstCase;
import dev.parley.relay.Delivery;
import dev.parley.session.OpenResponse.Terms;
import dev.parley.session.Underwriter.Decision;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Every response of one session, from the wish for it to its usage entry. */
final class Responses {
    private static final Logger LOGGER = LoggerFactory.getLogger(Responses.class);
    private static final List<String> LIMIT = List.of("response", "max_output_tokens");
    private static final List<String> EVENT_ID = List.of("event_id");
    private static final Refusal UNATTENDED = Refusal.of(
            Kind.FORBIDDEN, "session_unattended", "Responses started again and again while the client was lost.");

    private final ResponsePrice price;
    private final RequestRules rules;
    private final Supplier<PricedModel> priceNow;
    private final Underwriter underwriter;
    private final SpareCover spare;
    private final UsageFiler filer;
    private final OwnEvents ids;
    private final UpstreamLife life;
    private final Supplier<SessionView> view;
    private final ConversationMeter conversation;
    private final AutomaticResponses automatic;
    private final ResponseBook book = new ResponseBook();
    /** Whether others than the client can ask for responses. */
    private final boolean inCall;

    Responses(
            ResponsePrice price,
            RequestRules rules,
            Supplier<PricedModel> priceNow,
            Underwriter underwriter,
            SpareCover spare,
            UsageFiler filer,
            OwnEvents ids,
            UpstreamLife life,
            ConversationMeter conversation,
            UpdateQueue updates,
            Supplier<SessionView> view,
            boolean inCall) {
        this.inCall = inCall;
        this.price = price;
        this.rules = rules;
        this.priceNow = priceNow;
        this.underwriter = underwriter;
        this.spare = spare;
        this.filer = filer;
        this.ids = ids;
        this.life = life;
        this.conversation = conversation;
        this.view = view;
        this.automatic = new AutomaticResponses(underwriter, updates, life, this::standingNeed, view);
    }

    AutomaticResponses automatic() {
        return automatic;
    }

    /** Responses that run or were asked for. */
    boolean idle() {
        return book.empty();
    }

    int openCount() {
        return book.openCount();
    }

    /** A client's {@code response.create}: covered and lowered to what can be paid, or refused. */
    Future<Delivery> create(JsonNode event, Buffer utf8) {
        JsonNode wish = event.path("response");
        String clientId = event.path("event_id").textValue();
        Optional<Refusal> refusal = refusal(wish);
        if (refusal.isPresent()) {
            life.refuse(refusal.get(), clientId);
            return Future.succeededFuture(Delivery.dropped());
        }
        if (RequestRules.hidesInput(wish)) {
            conversation.hidden();
        }
        String sentId = clientId == null ? ids.next() : clientId;
        boolean standard = !"none".equals(wish.path("conversation").textValue());
        boolean overrides = wish.has("instructions") || wish.has("tools");
        InputTokens input = input(wish, utf8);
        Terms terms = new Terms(
                standard, standard && !wish.hasNonNull("input"), overrides, false, conversation.mark(), input);
        PendingCreate create = new PendingCreate(sentId, clientId, false, terms);
        return cover(create, asked(wish), textOnly(wish)).map(covered -> {
            if (!covered) {
                return Delivery.dropped();
            }
            Buffer limited = JsonSplice.set(utf8, LIMIT, Integer.toString(granted(create)));
            return Delivery.replaced(
                    clientId == null ? JsonSplice.set(limited, EVENT_ID, Json.quoted(sentId)) : limited);
        });
    }

    /** A turn has ended that the provider would have answered if it had not been switched off. */
    void gatedTurn() {
        if (life.noNewWork() != null || !life.attended() || book.standardOpen() || book.full()) {
            return;
        }
        Terms terms = new Terms(true, true, false, false, conversation.mark(), conversation.bound());
        PendingCreate create = new PendingCreate(ids.next(), null, true, terms);
        cover(create, sessionLimit(), view.get().textOnly()).onSuccess(covered -> {
            if (covered) {
                life.sendUpstream(ClientEvents.responseCreate(create.sentEventId(), granted(create)));
            }
        });
    }

    /** {@code response.created}. */
    void created(JsonNode response) {
        String id = response.path("id").textValue();
        if (id == null || book.find(id) != null || filer.isFiled(Work.RESPONSE, id)) {
            return;
        }
        boolean gated = automatic.gated(); // before: covering this one can leave too little for the next
        OpenResponse opened = open(id, response);
        boolean slipped = (gated || !life.attended()) && opened.terms().automatic();
        boolean late = opened.cover() == null && inCall && !slipped && life.relaying() && !price.isUnbounded(response);
        boolean uncovered = opened.cover() == null && !late;
        if (uncovered) {
            LOGGER.atWarn().addKeyValue("response", id).log("a response that nothing covers is cancelled");
        }
        if (uncovered || slipped || !life.relaying()) {
            cancel(opened);
        }
        boolean unasked = opened.cover() == null && !automatic.wanted();
        if (late) {
            coverNow(opened);
        } else if (unasked || price.isUnbounded(response)) {
            cancel(opened);
            life.end(Ending.of("client", RequestRules.smuggled()));
        } else if (opened.cover() == null && !life.attended()) {
            life.end(Ending.of("client", UNATTENDED).withoutAlarm());
        }
    }

    /**
     * The other side of a call has asked for it where the broker does not listen, or has spoken before the standing cover was
     * there: it is paid for as soon as it is known.
     */
    private void coverNow(OpenResponse opened) {
        WorstCase most = price.whole(
                opened.terms().input(), price.outputTokensMax(), view.get().textOnly());
        underwriter.cover(most).onSuccess(decision -> {
            switch (decision) {
                case Decision.Covered(Cover cover) -> {
                    if (book.find(opened.id()) == null || opened.cover() != null) {
                        cover.release(); // it was done before
                    } else {
                        opened.coverBy(cover);
                    }
                }
                case Decision.Refused(Refusal refusal) -> {
                    cancel(opened);
                    life.refuse(refusal, null);
                }
            }
        });
    }

    /** A delta of some response has passed. */
    void delivered(@Nullable String responseId, long messageBytes, boolean audio) {
        OpenResponse response = responseId == null ? book.single() : book.find(responseId);
        if (response != null) {
            response.delivered(messageBytes, audio);
        }
    }

    /** Whether a delta must say whose it is. */
    boolean ambiguous() {
        return book.openCount() > 1;
    }

    /** {@code response.done}: settled at once; goes on when its entry is committed. */
    Future<Delivery> done(JsonNode response, Delivery whenCommitted) {
        String id = response.path("id").textValue();
        if (id == null || filer.isFiled(Work.RESPONSE, id)) {
            return Future.succeededFuture(whenCommitted);
        }
        OpenResponse known = book.close(id);
        OpenResponse settled = known == null ? unannounced(id, response) : known;
        String status = response.path("status").asText("unknown");
        boolean textOnly = SessionView.onlyText(response.path("output_modalities"));
        PricedModel model = priceNow.get();
        Optional<Settlement> told =
                UsageReport.of(response.path("usage")).map(report -> Settlement.reported(report, model, textOnly));
        Future<Delivery> delivery = settle(settled, status, told, whenCommitted);
        automatic.topUp();
        life.progressed();
        return delivery;
    }

    /** An {@code error} answers a create: its cover goes back. Empty if it answers none. */
    Optional<PendingCreate> refused(String eventId) {
        Optional<PendingCreate> create = book.takeSent(eventId);
        create.ifPresent(this::giveUp);
        return create.or(() -> mistaken(eventId));
    }

    /**
     * The create was taken for the cause of a response that the provider had started by itself just before: that one runs on
     * the standing cover, and the create's own goes back.
     */
    private Optional<PendingCreate> mistaken(String eventId) {
        for (OpenResponse response : book.open()) {
            PendingCreate cause = response.cause();
            if (cause != null && cause.sentEventId().equals(eventId)) {
                response.causedBy(null);
                Cover standing = automatic.take();
                if (standing != null) {
                    response.coverBy(standing);
                    giveUp(cause);
                }
                return Optional.of(cause);
            }
        }
        return Optional.empty();
    }

    /** What would be cut off if the upstream were lost now. */
    Interrupted interrupted() {
        List<String> running = book.open().stream().map(OpenResponse::id).toList();
        List<String> asked = new ArrayList<>();
        for (PendingCreate create : book.pending()) {
            String clientId = create.clientEventId();
            if (!create.gated()) {
                asked.add(clientId == null ? "" : clientId);
            }
        }
        return new Interrupted(running, asked);
    }

    /** Asks the provider to stop whatever runs. */
    void cancelAll() {
        book.open().forEach(this::cancel);
    }

    /** Nothing more will come: what ran is estimated and filed, what was asked for is given up. */
    void abandon() {
        book.pending().forEach(create -> {
            book.remove(create);
            giveUp(create);
        });
        book.open().forEach(response -> {
            book.close(response.id());
            settle(response, "lost", Optional.empty(), Delivery.dropped());
        });
        automatic.close();
    }

    private Optional<Refusal> refusal(JsonNode wish) {
        Refusal noNewWork = life.noNewWork();
        if (noNewWork != null) {
            return Optional.of(noNewWork);
        }
        if (book.full()) {
            return Optional.of(Refusal.of(
                    Kind.RATE_LIMITED,
                    "too_many_responses",
                    "A session runs at most " + ResponseBook.OPEN_MAX + " responses at once."));
        }
        return rules.refusal(wish, "response").or(() -> RequestRules.outputLimitRefusal(wish, "response"));
    }

    /** Completes with false when it is refused; the client has been told then. */
    private Future<Boolean> cover(PendingCreate create, int asked, boolean textOnly) {
        book.add(create);
        return underwriter
                .cover(price.worstCase(create.terms().input(), asked, textOnly))
                .map(decision -> switch (decision) {
                    case Decision.Covered(Cover cover) -> {
                        create.coverBy(cover);
                        if (!life.relaying()) {
                            book.remove(create);
                            giveUp(create);
                            yield false;
                        }
                        yield true;
                    }
                    case Decision.Refused(Refusal refusal) -> {
                        book.remove(create);
                        life.refuse(refusal, create.clientEventId());
                        yield false;
                    }
                });
    }

    private void giveUp(PendingCreate create) {
        Cover cover = create.cover();
        if (cover != null) {
            cover.release();
        }
        life.progressed();
    }

    private static int granted(PendingCreate create) {
        Cover cover = create.cover();
        return cover == null ? 0 : cover.outputTokensMax();
    }

    private InputTokens input(JsonNode wish, Buffer utf8) {
        InputSize size = InputSize.of(utf8).orElse(new InputSize(utf8.length(), 0, 0, true));
        InputTokens own = conversation.tokens(size);
        return wish.hasNonNull("input") && !size.references()
                ? own.plus(conversation.config())
                : own.plus(conversation.boundNow());
    }

    private int asked(JsonNode wish) {
        int most = sessionLimit();
        JsonNode limit = wish.path("max_output_tokens");
        if (limit.isMissingNode()) {
            return most;
        }
        return Math.min(RequestRules.outputLimit(wish).orElse(price.outputTokensMax()), price.outputTokensMax());
    }

    private int sessionLimit() {
        return Math.min(view.get().outputTokensMax().orElse(price.outputTokensMax()), price.outputTokensMax());
    }

    private boolean textOnly(JsonNode wish) {
        JsonNode modalities = wish.path("output_modalities");
        return modalities.isArray()
                ? SessionView.onlyText(modalities)
                : view.get().textOnly();
    }

    private WorstCase standingNeed() {
        int output = book.standardOpen() ? price.outputTokensLeast() : price.outputTokensMax();
        return price.whole(conversation.boundSoon(), output, view.get().textOnly());
    }

    private OpenResponse open(String id, JsonNode response) {
        Boolean standard =
                response.has("conversation_id") ? Boolean.valueOf(response.hasNonNull("conversation_id")) : null;
        Optional<PendingCreate> create = book.takeFor(standard);
        if (create.isEmpty() && !automatic.wanted()) {
            create = book.takeFor(null);
        }
        if (create.isPresent()) {
            OpenResponse opened =
                    new OpenResponse(id, create.get().terms(), create.get().cover());
            opened.causedBy(create.get());
            book.open(opened);
            return opened;
        }
        boolean inConversation = !Boolean.FALSE.equals(standard);
        Terms terms = new Terms(
                inConversation, inConversation, false, true, conversation.settledMark(), conversation.bound());
        OpenResponse opened = new OpenResponse(id, terms, null);
        book.open(opened);
        Cover standing = automatic.take();
        if (standing != null) {
            opened.coverBy(standing);
        }
        return opened;
    }

    private OpenResponse unannounced(String id, JsonNode response) {
        OpenResponse opened = open(id, response);
        book.close(id);
        return opened;
    }

    private void cancel(OpenResponse response) {
        if (response.cancelOnce()) {
            life.sendUpstream(ClientEvents.responseCancel(ids.next(), response.id()));
        }
    }

    private Future<Delivery> settle(
            OpenResponse response, String status, Optional<Settlement> told, Delivery whenCommitted) {
        Cover found = response.cover();
        Cover cover = found == null ? spare.take() : found;
        PricedModel model = priceNow.get();
        Settlement settlement = told.orElseGet(() -> Settlement.estimated(estimate(response, status, model), model));
        remember(response.terms(), settlement.tokens());
        if (cover == null) {
            LOGGER.atError().addKeyValue("response", response.id()).log("usage without a place in the ledger");
            return Future.succeededFuture(Delivery.dropped());
        }
        return filer.file(
                cover,
                new UsageFiler.Item(Work.RESPONSE, response.id(), bounded(status), model, settlement),
                whenCommitted);
    }

    private void remember(Terms terms, TokenUsage used) {
        if (terms.readsConversation() && terms.overrides()) {
            conversation.settleOverridden(used, terms.mark());
        } else if (terms.readsConversation()) {
            conversation.settle(used, terms.mark());
        } else if (terms.standard()) {
            conversation.addOutput(used);
        }
    }

    /** A failed response that delivered nothing has most likely cost nothing: the provider's own figure is zero then. */
    private TokenUsage estimate(OpenResponse response, String status, PricedModel model) {
        TokenUsage estimate =
                response.estimate(model.contextTokensMax(), view.get().outputBytesPerMilli());
        return status.equals("failed") && estimate.output() == 0 ? TokenUsage.NONE : estimate;
    }

    private static String bounded(String status) {
        return status.length() <= 32 ? status : status.substring(0, 32);
    }
}
