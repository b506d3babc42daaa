package dev.parley.rest;

import dev.parley.auth.Caller;
import dev.parley.auth.Callers.Identity;
import dev.parley.auth.SecretToken;
import dev.parley.config.Secret;
import dev.parley.dialect.Dialect;
import dev.parley.domain.ModelKind;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.domain.SessionId;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.quota.Admission.SessionDecision;
import dev.parley.quota.SessionPermit;
import dev.parley.quota.SessionRequest;
import dev.parley.session.Cover;
import dev.parley.session.ModelPolicy;
import dev.parley.session.SessionOrder;
import dev.parley.session.TenantTerms;
import dev.parley.session.Underwriter;
import dev.parley.tenancy.Tenant;
import dev.parley.upstream.FileUploads;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One file on its way. What it can cost is reserved when its beginning is there, and from then on it passes through, piece by
 * piece; the end of the form is held back until all of it was judged, so that the provider does nothing for what is refused. One
 * event loop.
 *
 * <pre>
 *   RECEIVING ──form whole and good──▶ AWAITING ──answer settled──▶ OVER
 *       └──refused, or the client is lost: the upstream's request is reset, all goes back──▶ OVER
 * </pre>
 */
final class Upload {
    private static final long BODY_BYTES_MAX = 26L << 20;
    private static final int CREDENTIAL_LENGTH_MAX = 8192;
    private static final Duration LONGEST = Duration.ofMinutes(10);

    private final AudioTranscriptions parts;
    private final HttpServerRequest request;
    private final Buffer pending = Buffer.buffer();
    private final SessionId id = SessionId.random();
    private Phase phase = Phase.RECEIVING;
    private long received;
    private boolean deciding;
    private long timer = -1;
    private @Nullable MultipartScan scan;
    private @Nullable UploadPrice prices;
    private @Nullable SessionOrder order;
    private @Nullable SessionPermit permit;
    private @Nullable Cover cover;
    private @Nullable PricedModel priced;
    private @Nullable HttpClientRequest upstream;
    private @Nullable UploadAnswer answer;
    private String account = "";

    private enum Phase {
        RECEIVING,
        AWAITING,
        OVER
    }

    Upload(AudioTranscriptions parts, HttpServerRequest request) {
        this.parts = parts;
        this.request = request;
    }

    void begin() {
        request.pause();
        request.exceptionHandler(_ -> lost());
        request.response().closeHandler(_ -> lost());
        timer = parts.vertx().setTimer(LONGEST.toMillis(), _ -> late());
        scan = MultipartScan.of(String.valueOf(request.getHeader("Content-Type")))
                .orElse(null);
        if (!request.method().name().equals("POST") || scan == null) {
            refuse(Refusal.of(
                    Kind.BAD_REQUEST, "invalid_content_type", "Send the file with POST, as multipart/form-data."));
            return;
        }
        if (declared() > BODY_BYTES_MAX) {
            refuse(tooLarge());
            return;
        }
        identify();
    }

    private void identify() {
        String line = String.valueOf(request.getHeader("Authorization"));
        boolean bearer = line.regionMatches(true, 0, "Bearer ", 0, 7) && line.length() <= CREDENTIAL_LENGTH_MAX;
        Secret credential = bearer ? new Secret(line.substring(7).trim()) : null;
        if (credential != null && SecretToken.is(credential.reveal())) {
            refuse(Refusal.of(
                    Kind.FORBIDDEN, "client_secret_not_allowed", "A client secret starts sessions, and nothing else."));
            return;
        }
        parts.callers()
                .identify(credential, request.getHeader("Origin"))
                .onSuccess(identity -> {
                    switch (identity) {
                        case Identity.Unknown(Refusal refusal) -> refuse(refusal);
                        case Identity.Known(Caller caller, Tenant tenant) -> admit(caller, tenant);
                    }
                })
                .onFailure(_ -> refuse(unavailable()));
    }

    private void admit(Caller caller, Tenant tenant) {
        if (!parts.services().ledger().healthy()) {
            refuse(parts.services().ledger().full());
            return;
        }
        parts.admission()
                .openSession(new SessionRequest(id, tenant, caller.subject(), null))
                .onSuccess(decision -> {
                    switch (decision) {
                        case SessionDecision.Refused(Refusal refusal) -> refuse(refusal);
                        case SessionDecision.Admitted(SessionPermit given) -> admitted(caller, tenant, given);
                    }
                })
                .onFailure(_ -> refuse(unavailable()));
    }

    private void admitted(Caller caller, Tenant tenant, SessionPermit given) {
        if (phase == Phase.OVER) {
            given.release();
            return;
        }
        TenantTerms terms = new TenantTerms(tenant);
        ModelPolicy models = new ModelPolicy(parts.services().prices(), parts.ticker(), terms, caller);
        permit = given;
        prices = new UploadPrice(models);
        order = new SessionOrder(id, terms, caller, ModelKind.TRANSCRIPTION, null, null, Dialect.GA, models, given);
        if ("100-continue".equalsIgnoreCase(request.getHeader("Expect"))) {
            request.response().writeContinue();
        }
        request.handler(this::take);
        request.endHandler(_ -> bodyEnded());
        request.resume();
    }

    private void take(Buffer piece) {
        MultipartScan form = form();
        if (phase != Phase.RECEIVING || form.ended()) {
            return; // what follows the form means nothing
        }
        received += piece.length();
        form.take(piece);
        HttpClientRequest to = upstream;
        if (received > BODY_BYTES_MAX) {
            refuse(tooLarge());
        } else if (form.broken()) {
            refuse(badForm(form.problem()));
        } else if (to == null) {
            pending.appendBuffer(piece);
            if (!deciding && (form.fileBytes() >= AudioFile.HEAD_BYTES || form.ended())) {
                decide();
            }
        } else {
            pass(to, piece);
        }
    }

    private void bodyEnded() {
        if (phase == Phase.RECEIVING && !form().ended()) {
            refuse(badForm("it does not end"));
        }
    }

    /** The beginning is there: what it can cost is set aside, then it may go on. */
    private void decide() {
        deciding = true;
        request.pause();
        MultipartScan form = form();
        UploadPrice price = Objects.requireNonNull(prices);
        SessionPermit mine = Objects.requireNonNull(permit);
        Optional<String> name = form.field("model");
        Optional<Refusal> barred = name.isPresent() ? price.refusal(name) : Optional.empty();
        long bytes = form.ended() ? form.fileBytes() : declared();
        long millis = form.file().millisAtMost(bytes);
        Optional<PricedModel> model = barred.isPresent() ? Optional.empty() : price.model(name, millis);
        if (model.isEmpty()) {
            refuse(barred.or(() -> price.refusal(name)).orElseGet(Upload::unavailable));
            return;
        }
        priced = model.get();
        long likely = form.file().millisLikely(bytes);
        Future<Optional<Refusal>> counted =
                mine.countsAudio() ? mine.countAudio(likely) : Future.succeededFuture(Optional.empty());
        counted.compose(refusal -> refusal.isPresent()
                        ? Future.succeededFuture(new Underwriter.Decision.Refused(refusal.get()))
                        : new Underwriter(mine, parts.services().ledger())
                                .cover(UploadPrice.worstCase(millis, model.get())))
                .onSuccess(decision -> {
                    switch (decision) {
                        case Underwriter.Decision.Refused(Refusal refusal) -> refuse(refusal);
                        case Underwriter.Decision.Covered(Cover given) -> covered(given, name);
                    }
                })
                .onFailure(_ -> refuse(unavailable()));
    }

    private void covered(Cover given, Optional<String> name) {
        if (phase == Phase.OVER) {
            given.release();
            return;
        }
        cover = given;
        parts.files()
                .begin(
                        name.isPresent() ? Objects.requireNonNull(priced).name() : null,
                        AudioTranscriptions.PATH,
                        String.valueOf(request.getHeader("Content-Type")),
                        parts.ticker().nanos())
                .ifPresentOrElse(
                        opening -> opening.onSuccess(this::opened).onFailure(_ -> refuse(unavailable())),
                        () -> refuse(unavailable()));
    }

    private void opened(FileUploads.Upload open) {
        HttpClientRequest to = open.request();
        if (phase == Phase.OVER) {
            to.reset();
            return;
        }
        upstream = to;
        account = open.account();
        to.exceptionHandler(_ -> {}); // the response tells
        to.response()
                .onSuccess(heard -> {
                    if (phase == Phase.AWAITING) {
                        answer = UploadAnswer.of(heard, this::answered, request.response());
                    } else if (phase == Phase.RECEIVING) { // it refuses before it has heard all
                        refuse(unavailable());
                    }
                })
                .onFailure(_ -> unanswered());
        Buffer all = pending.copy();
        pass(to, all);
        request.resume();
    }

    /** Judges what the piece completes before it lets it go. */
    private void pass(HttpClientRequest to, Buffer piece) {
        MultipartScan form = form();
        if (form.ended()) {
            Optional<Refusal> refusal = judged(form);
            if (refusal.isPresent()) {
                refuse(refusal.get());
                return;
            }
            phase = Phase.AWAITING;
            to.end(piece).onFailure(_ -> unanswered());
            return;
        }
        to.write(piece);
        if (to.writeQueueFull()) {
            request.pause();
            to.drainHandler(_ -> request.resume());
        }
    }

    private Optional<Refusal> judged(MultipartScan form) {
        if (form.files() != 1 || form.fileBytes() == 0) {
            return Optional.of(
                    badForm("it must have one file that is not empty").param("file"));
        }
        UploadPrice price = Objects.requireNonNull(prices);
        Optional<Refusal> refusal = price.refusal(form.field("model"));
        if (refusal.isEmpty()) {
            priced = price.model(form.field("model"), 0).orElse(priced);
        }
        return refusal;
    }

    /** The provider has answered, or not: the one who has asked is told when it is written down. */
    private void answered(UploadAnswer.Outcome outcome) {
        if (phase != Phase.AWAITING) {
            return;
        }
        phase = Phase.OVER;
        Cover mine = Objects.requireNonNull(cover);
        cover = null;
        if (outcome instanceof UploadAnswer.Outcome.Refused(Refusal refusal)) {
            mine.release();
            over();
            tell(Answer.refused(refusal));
            return;
        }
        UploadBill bill = new UploadBill(parts, Objects.requireNonNull(order), account);
        bill.file(mine, outcome, Objects.requireNonNull(priced), form()).onComplete(written -> {
            over();
            if (!written.succeeded() || !written.result() || outcome instanceof UploadAnswer.Outcome.Lost) {
                tell(Answer.refused(unavailable()));
            } else if (outcome instanceof UploadAnswer.Outcome.Told told) {
                told.tell(request.response());
            }
        });
    }

    /** All of it was sent, and no answer can come: the provider may have done the work. */
    private void unanswered() {
        if (phase == Phase.AWAITING) {
            answered(new UploadAnswer.Outcome.Lost());
        } else if (phase == Phase.RECEIVING) {
            refuse(unavailable());
        }
    }

    /** The client is gone. What the provider has begun by then is awaited all the same, to be written down. */
    private void lost() {
        UploadAnswer read = answer;
        if (phase == Phase.RECEIVING) {
            end();
        } else if (read != null) {
            read.clientGone();
        }
    }

    private void late() {
        HttpClientRequest to = upstream;
        if (phase == Phase.AWAITING && to != null) {
            to.reset();
            unanswered();
        } else {
            lost();
        }
    }

    private void refuse(Refusal refusal) {
        if (phase == Phase.RECEIVING) {
            end();
            tell(Answer.refused(refusal));
        }
    }

    /** Nothing was done: all goes back. */
    private void end() {
        phase = Phase.OVER;
        HttpClientRequest to = upstream;
        if (to != null) {
            to.reset();
        }
        Cover mine = cover;
        cover = null;
        if (mine != null) {
            mine.release();
        }
        over();
    }

    private void over() {
        parts.vertx().cancelTimer(timer);
        SessionPermit mine = permit;
        permit = null;
        if (mine != null) {
            mine.release();
        }
    }

    private void tell(Answer answer) {
        boolean waits = "100-continue".equalsIgnoreCase(request.getHeader("Expect")) && received == 0;
        if (waits) {
            LastWord.write(request, answer);
        } else {
            LastWord.say(parts.vertx(), request, answer);
        }
    }

    private long declared() {
        List<String> lengths = request.headers().getAll("Content-Length");
        try {
            return lengths.isEmpty() ? BODY_BYTES_MAX : Long.parseLong(lengths.getFirst());
        } catch (NumberFormatException notANumber) {
            return Long.MAX_VALUE;
        }
    }

    private MultipartScan form() {
        return Objects.requireNonNull(scan);
    }

    private static Refusal badForm(String why) {
        return Refusal.of(Kind.BAD_REQUEST, "invalid_form", "The form cannot be read: " + why + '.');
    }

    private static Refusal tooLarge() {
        return Refusal.of(Kind.BAD_REQUEST, "file_too_large", "A file may have 25 MB.")
                .param("file");
    }

    private static Refusal unavailable() {
        return Refusal.of(Kind.UPSTREAM_UNAVAILABLE, "upstream_unavailable", "This cannot be transcribed now.")
                .retryAfter(Duration.ofSeconds(2));
    }
}
