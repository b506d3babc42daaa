package dev.parley.concurrent;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BlockingTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    private final Vertx vertx = Vertx.vertx();
    private final CountDownLatch released = new CountDownLatch(1);

    @AfterEach
    void stop() {
        released.countDown();
        Eventually.result(vertx.close());
    }

    @Test
    void worksOffTheEventLoopAndAnswersOnTheCallersContext() {
        try (Blocking blocking = new Blocking(vertx, 1, 1, LONG)) {
            Context context = vertx.getOrCreateContext();
            Promise<Boolean> answeredThere = Promise.promise();
            context.runOnContext(_ -> blocking.call(Context::isOnEventLoopThread)
                    .onSuccess(onLoop -> answeredThere.complete(!onLoop && context.equals(Vertx.currentContext()))));
            assertThat(Eventually.result(answeredThere.future())).isTrue();
        }
    }

    @Test
    void runsAtMostSoManyAtOnceAndRefusesWhatFindsTheQueueFull() {
        try (Blocking blocking = new Blocking(vertx, 2, 3, LONG)) {
            AtomicInteger running = new AtomicInteger();
            AtomicInteger most = new AtomicInteger();
            List<Future<Integer>> taken = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                taken.add(blocking.call(() -> {
                    most.accumulateAndGet(running.incrementAndGet(), Math::max);
                    released.await();
                    return running.decrementAndGet();
                }));
            }
            Future<Integer> tooMany = blocking.call(() -> 1);
            assertThat(Eventually.failure(tooMany)).isInstanceOf(Blocking.OverloadedException.class);

            released.countDown();
            taken.forEach(Eventually::result);
            assertThat(most).hasValue(2);
            Eventually.holds("there is room again", () -> {
                Future<Integer> another = blocking.call(() -> 1);
                Eventually.holds("it has ended", another::isComplete);
                return another.succeeded();
            });
        }
    }

    @Test
    void givesUpWaitingForAPlaceAtTheDeadline() {
        try (Blocking blocking = new Blocking(vertx, 1, 10, Duration.ofMillis(50))) {
            CountDownLatch inside = new CountDownLatch(1);
            Future<Boolean> slow = blocking.call(() -> {
                inside.countDown();
                released.await();
                return true;
            });
            Eventually.holds("the place is taken", () -> inside.getCount() == 0);
            Future<Boolean> impatient = blocking.call(() -> true);
            assertThat(Eventually.failure(impatient)).isInstanceOf(Blocking.OverloadedException.class);
            released.countDown();
            assertThat(Eventually.result(slow)).isTrue();
        }
    }

    @Test
    void handsFailuresOn() {
        try (Blocking blocking = new Blocking(vertx, 1, 1, LONG)) {
            Future<Integer> failed = blocking.call(() -> {
                throw new IllegalStateException("no");
            });
            assertThat(Eventually.failure(failed)).hasMessage("no");
        }
    }

    @Test
    void failsOnceClosed() {
        Blocking blocking = new Blocking(vertx, 1, 1, LONG);
        blocking.close();
        assertThat(Eventually.failure(blocking.call(() -> 1))).isInstanceOf(Blocking.OverloadedException.class);
    }
}
