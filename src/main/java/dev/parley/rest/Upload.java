package dev.parley.rest;

import dev.parley.domain.Refusal;
import dev.parley.session.Cover;
import dev.parley.session.Underwriter;
import dev.parley.upstream.FileUploads;
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
    private static final Duration LONGEST = Duration.ofMinutes(10);

    private final AudioTranscriptions parts;
    private final HttpServerRequest request;
    private final Buffer pending = Buffer.buffer();
    private Phase phase = Phase.RECEIVING;
    private long received;
    private boolean deciding;
    private long timer = -1;
    private @Nullable MultipartScan scan;
    private @Nullable UploadTerms terms;
    private @Nullable Cover cover;
    private @Nullable HttpClientRequest upstream;
    private @Nullable NamedForm outgoing;
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
            refuse(UploadRefusals.noForm());
            return;
        }
        if (declared() > BODY_BYTES_MAX) {
            refuse(UploadRefusals.tooLarge());
            return;
        }
        UploadEntry.ask(parts, request)
                .onSuccess(outcome -> {
                    switch (outcome) {
                        case UploadEntry.Outcome.Refused(Refusal refusal) -> refuse(refusal);
                        case UploadEntry.Outcome.Admitted(UploadTerms given) -> admitted(given);
                    }
                })
                .onFailure(_ -> refuse(UploadRefusals.unavailable()));
    }

    private void admitted(UploadTerms given) {
        if (phase == Phase.OVER) {
            given.release();
            return;
        }
        terms = given;
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
            refuse(UploadRefusals.tooLarge());
        } else if (form.broken()) {
            refuse(UploadRefusals.badForm(form.problem()));
        } else if (to == null) {
            pending.appendBuffer(form.within(piece));
            if (!deciding && (form.fileBytes() >= AudioFile.HEAD_BYTES || form.ended())) {
                decide();
            }
        } else {
            pass(to, form.within(piece));
        }
    }

    private void bodyEnded() {
        if (phase == Phase.RECEIVING && !form().ended()) {
            refuse(UploadRefusals.badForm("it does not end"));
        }
    }

    /** The beginning is there: what it can cost is set aside, then it may go on. */
    private void decide() {
        deciding = true;
        request.pause();
        MultipartScan form = form();
        Optional<String> name = form.field("model");
        terms().cover(form, form.ended() ? form.fileBytes() : declared())
                .onSuccess(decision -> {
                    switch (decision) {
                        case Underwriter.Decision.Refused(Refusal refusal) -> refuse(refusal);
                        case Underwriter.Decision.Covered(Cover given) -> covered(given, name.isPresent());
                    }
                })
                .onFailure(_ -> refuse(UploadRefusals.unavailable()));
    }

    private void covered(Cover given, boolean named) {
        if (phase == Phase.OVER) {
            given.release();
            return;
        }
        cover = given;
        parts.files()
                .begin(
                        named ? terms().model().name() : null,
                        AudioTranscriptions.PATH,
                        form().contentType(),
                        parts.ticker().nanos())
                .ifPresentOrElse(
                        opening -> opening.onSuccess(this::opened).onFailure(_ -> refuse(UploadRefusals.unavailable())),
                        () -> refuse(UploadRefusals.unavailable()));
    }

    private void opened(FileUploads.Upload open) {
        HttpClientRequest to = open.request();
        if (phase == Phase.OVER) {
            to.reset();
            return;
        }
        upstream = to;
        account = open.account();
        outgoing = new NamedForm(form(), name -> open.names().sent(terms().resolve(name)));
        to.exceptionHandler(_ -> {}); // the response tells
        to.response()
                .onSuccess(heard -> {
                    if (phase == Phase.AWAITING) {
                        answer = UploadAnswer.of(heard, this::answered, request.response());
                    } else if (phase == Phase.RECEIVING) { // it refuses before it has heard all
                        refuse(UploadRefusals.unavailable());
                    }
                })
                .onFailure(_ -> unanswered());
        Buffer all = pending.copy();
        pass(to, all);
        request.resume();
    }

    /** Judges what the piece completes before it lets it go. */
    private void pass(HttpClientRequest to, Buffer taken) {
        MultipartScan form = form();
        Buffer piece = Objects.requireNonNull(outgoing).take(taken);
        if (form.ended()) {
            Optional<Refusal> refusal = terms().judge(form);
            if (refusal.isPresent()) {
                refuse(refusal.get());
                return;
            }
            phase = Phase.AWAITING;
            to.end(piece).onFailure(_ -> unanswered());
            return;
        }
        if (piece.length() > 0) {
            to.write(piece);
        }
        if (to.writeQueueFull()) {
            request.pause();
            to.drainHandler(_ -> request.resume());
        }
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
        UploadBill bill = new UploadBill(parts, terms().order(), account);
        bill.file(mine, outcome, terms().model(), form()).onComplete(written -> {
            over();
            if (!written.succeeded() || !written.result() || outcome instanceof UploadAnswer.Outcome.Lost) {
                tell(Answer.refused(UploadRefusals.unavailable()));
            } else if (outcome instanceof UploadAnswer.Outcome.Told told) {
                told.tell(request.response())
                        .onComplete(_ -> request.connection().close());
            }
        });
    }

    /** All of it was sent, and no answer can come: the provider may have done the work. */
    private void unanswered() {
        if (phase == Phase.AWAITING) {
            answered(new UploadAnswer.Outcome.Lost());
        } else if (phase == Phase.RECEIVING) {
            refuse(UploadRefusals.unavailable());
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
            refuse(UploadRefusals.tooSlow());
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
        UploadTerms mine = terms;
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

    private UploadTerms terms() {
        return Objects.requireNonNull(terms);
    }

    private MultipartScan form() {
        return Objects.requireNonNull(scan);
    }
}
