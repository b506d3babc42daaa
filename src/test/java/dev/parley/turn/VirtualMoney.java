package dev.parley.turn;

import dev.parley.domain.Charge;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import dev.parley.ledger.Ledger;
import dev.parley.ledger.UsageEntry;
import dev.parley.quota.Reservation;
import dev.parley.quota.SessionPermit;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** Reservations and a ledger that take their time on a {@link VirtualLoop}, and count what is open. */
final class VirtualMoney implements Ledger {
    private final VirtualLoop loop;
    private final SplittableRandom random;
    private int openReservations;
    private int openPlaces;
    private int openPermits;
    private long entries;

    VirtualMoney(VirtualLoop loop, SplittableRandom random) {
        this.loop = loop;
        this.random = random;
    }

    long entries() {
        return entries;
    }

    /** What nobody has given back. */
    String open() {
        return openReservations + " reservations, " + openPlaces + " places, " + openPermits + " permits";
    }

    SessionPermit permit() {
        openPermits++;
        return new Permit();
    }

    @Override
    public Optional<Place> claim() {
        openPlaces++;
        return Optional.of(new OnePlace());
    }

    @Override
    public Refusal full() {
        throw new AssertionError("there is always a place");
    }

    @Override
    public boolean healthy() {
        return true;
    }

    private <T> Future<T> soon(T value, int millisMax) {
        Promise<T> promise = Promise.promise();
        loop.after(Duration.ofMillis(random.nextInt(millisMax)).toNanos(), () -> promise.complete(value));
        return promise.future();
    }

    private final class Permit implements SessionPermit {
        private boolean released;

        @Override
        public Future<ReserveDecision> reserve(WorstCase worstCase) {
            ReserveDecision decision = random.nextInt(50) == 0
                    ? new ReserveDecision.Refused(
                            Refusal.of(Refusal.Kind.RATE_LIMITED, "rate_limit_exceeded", "too many"))
                    : new ReserveDecision.Reserved(new Money(), worstCase.outputTokensMax());
            return random.nextInt(3) == 0 ? soon(decision, 20) : Future.succeededFuture(decision);
        }

        @Override
        public Future<Optional<Refusal>> countAudio(long millis) {
            return soon(Optional.empty(), 5);
        }

        @Override
        public boolean countsAudio() {
            return true;
        }

        @Override
        public void hear(Tenant tenant) {}

        @Override
        public List<RateLimit> rateLimits() {
            return List.of();
        }

        @Override
        public NanoUsd reserved() {
            return NanoUsd.ZERO;
        }

        @Override
        public void release() {
            if (released) {
                throw new AssertionError("a permit was given back twice");
            }
            released = true;
            openPermits--;
        }
    }

    private final class Money implements Reservation {
        private boolean ended;

        Money() {
            openReservations++;
        }

        @Override
        public NanoUsd amount() {
            return NanoUsd.ZERO;
        }

        @Override
        public int period() {
            return 202_611;
        }

        @Override
        public Instant reservedAt() {
            return loop.now();
        }

        @Override
        public Future<Optional<Refusal>> extend(NanoUsd more, long moreTokens) {
            throw new AssertionError("no response in turn mode is extended");
        }

        @Override
        public Future<Optional<Refusal>> renew() {
            throw new AssertionError("no response in turn mode stands by");
        }

        @Override
        public void idle(Runnable yield) {
            throw new AssertionError("no response in turn mode stands by");
        }

        @Override
        public void busy() {}

        @Override
        public Settled settle(NanoUsd cost, long tokens) {
            release();
            return new Settled() {
                @Override
                public List<Charge> charges() {
                    return List.of();
                }

                @Override
                public void recorded() {}
            };
        }

        @Override
        public void release() {
            if (ended) {
                throw new AssertionError("a reservation ended twice");
            }
            ended = true;
            openReservations--;
        }
    }

    private final class OnePlace implements Place {
        private boolean ended;

        @Override
        public Future<Void> commit(UsageEntry entry) {
            giveBack();
            entries++;
            return soon(true, 10).mapEmpty();
        }

        @Override
        public void giveBack() {
            if (ended) {
                throw new AssertionError("a place ended twice");
            }
            ended = true;
            openPlaces--;
        }
    }
}
