package dev.parley.server;

import dev.parley.gateway.Handshake;
import dev.parley.gateway.ResumeRequest;
import dev.parley.gateway.SessionOpener;
import dev.parley.telemetry.Meters;
import io.vertx.core.Future;

/** Counts who comes in and who is turned away. */
record MeteredOpener(SessionOpener opener, Meters meters) implements SessionOpener {
    @Override
    public Future<Opening> open(Handshake handshake) {
        return opener.open(handshake).onSuccess(opening -> {
            switch (opening) {
                case Opening.Accepted _ -> meters.sessionStarted();
                case Opening.Refused(var refusal) -> meters.refused(refusal.code());
            }
        });
    }

    @Override
    public Future<Opening> resume(ResumeRequest request) {
        return opener.resume(request).onSuccess(opening -> {
            switch (opening) {
                case Opening.Accepted _ -> meters.sessionResumed();
                case Opening.Refused(var refusal) -> meters.refused(refusal.code());
            }
        });
    }
}
