package dev.parley.quota;

import dev.parley.domain.NanoUsd;

/** How much of each unit some work needs, or has used. Never negative. */
record Need(long money, long tokens, long responses, long sessionStarts, long audioMillis) {
    Need {
        if (money < 0 || tokens < 0 || responses < 0 || sessionStarts < 0 || audioMillis < 0) {
            throw new IllegalArgumentException("a negative need");
        }
    }

    static final Need SESSION_START = new Need(0, 0, 0, 1, 0);

    static Need used(NanoUsd cost, long tokens, Need reserved) {
        return new Need(cost.value(), tokens, reserved.responses, reserved.sessionStarts, reserved.audioMillis);
    }

    long of(Unit unit) {
        return switch (unit) {
            case MONEY -> money;
            case TOKENS -> tokens;
            case RESPONSES -> responses;
            case SESSION_STARTS -> sessionStarts;
            case AUDIO_MILLIS -> audioMillis;
        };
    }

    Need plus(Need other) {
        return new Need(
                Math.addExact(money, other.money),
                Math.addExact(tokens, other.tokens),
                Math.addExact(responses, other.responses),
                Math.addExact(sessionStarts, other.sessionStarts),
                Math.addExact(audioMillis, other.audioMillis));
    }
}
