package dev.parley.admin;

import dev.parley.administration.Permission;
import dev.parley.concurrent.Blocking;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The live sessions as server-sent events: {@code snapshot} with all rows, {@code delta} with those that have changed and the
 * ids of those that are gone, {@code stale} when they cannot be read now. Whoever watches is looked at again from time to
 * time, and cut off when they may not any more.
 */
final class SessionStream {
    static final String PATH = "/sessions/stream";
    private static final int WATCHERS_MAX = 200;
    /** Of one administrator or token: nobody takes all of them. */
    static final int OWN_MAX = 20;

    private static final long RECHECK_MILLIS = TimeUnit.SECONDS.toMillis(15);
    private static final Endpoint ENDPOINT = Endpoint.get(PATH, Permission.SESSIONS_READ, _ -> Answer.none());

    private final Blocking blocking;
    private final Gatekeeper gatekeeper;
    private final LiveFeed feed;
    private final Map<String, Integer> watching = new HashMap<>();
    private int watchers;

    SessionStream(Blocking blocking, Gatekeeper gatekeeper, LiveFeed feed) {
        this.blocking = blocking;
        this.gatekeeper = gatekeeper;
        this.feed = feed;
    }

    void open(RoutingContext context) {
        Call call = Call.of(context);
        blocking.call(() -> {
                    gatekeeper.admit(call, ENDPOINT);
                    return call;
                })
                .onFailure(failure -> Dispatcher.write(
                        context.response(),
                        failure instanceof Problem problem ? problem : Problem.unavailable("Try again soon.")))
                .onSuccess(_ -> begin(context, call));
    }

    private void begin(RoutingContext context, Call call) {
        HttpServerResponse response = context.response();
        if (response.closed()) {
            return;
        }
        String actor = call.actor().name();
        if (watchers >= WATCHERS_MAX) {
            Dispatcher.write(response, Problem.unavailable("Too many watch already."));
            return;
        }
        if (watching.getOrDefault(actor, 0) >= OWN_MAX) {
            Dispatcher.write(
                    response,
                    Problem.of(
                            429, "too-many-streams", "Too many streams", "You watch " + OWN_MAX + " times already."));
            return;
        }
        watchers++;
        watching.merge(actor, 1, Integer::sum);
        response.setChunked(true)
                .putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream")
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .putHeader("X-Accel-Buffering", "no");
        Listener listener = new Listener(response);
        feed.add(listener);
        long recheck = context.vertx().setPeriodic(RECHECK_MILLIS, _ -> recheck(response, call));
        response.closeHandler(_ -> {
            watchers--;
            watching.computeIfPresent(actor, (_, open) -> open == 1 ? null : open - 1);
            context.vertx().cancelTimer(recheck);
            feed.remove(listener);
        });
    }

    private void recheck(HttpServerResponse response, Call call) {
        blocking.call(() -> {
                    gatekeeper.admit(call, ENDPOINT);
                    return call;
                })
                .onFailure(failure -> {
                    if (failure instanceof Problem) {
                        response.reset();
                    }
                });
    }

    private static final class Listener implements LiveFeed.Watcher {
        private final HttpServerResponse response;
        private boolean current;

        Listener(HttpServerResponse response) {
            this.response = response;
        }

        @Override
        public boolean takesMore() {
            boolean takes = !response.closed() && !response.writeQueueFull();
            current &= takes;
            return takes;
        }

        @Override
        public boolean current() {
            return current;
        }

        @Override
        public void tell(String event, String data) {
            current |= event.equals("snapshot");
            response.write("event: " + event + "\ndata: " + data + "\n\n");
        }
    }
}
