package dev.parley.relay;

/** Why a leg is failed, and with which close code its peer is told. */
record Failure(LegEnd.Cause cause, int code, String reason) {
    static Failure protocol(String reason) {
        return new Failure(LegEnd.Cause.PROTOCOL_ERROR, CloseCodes.PROTOCOL_ERROR, reason);
    }

    static Failure notUtf8() {
        return new Failure(LegEnd.Cause.PROTOCOL_ERROR, CloseCodes.INVALID_PAYLOAD, "text is not UTF-8");
    }

    static Failure policy(String reason) {
        return new Failure(LegEnd.Cause.LIMIT, CloseCodes.POLICY, reason);
    }

    static Failure tooBig(String what, long max) {
        return new Failure(LegEnd.Cause.LIMIT, CloseCodes.TOO_BIG, what + " exceeds " + max + " bytes");
    }

    static Failure overload(String reason) {
        return new Failure(LegEnd.Cause.LIMIT, CloseCodes.TRY_AGAIN_LATER, reason);
    }

    static Failure slow(String reason) {
        return new Failure(LegEnd.Cause.SLOW, CloseCodes.TRY_AGAIN_LATER, "slow: " + reason);
    }

    static Failure timeout(String reason) {
        return new Failure(LegEnd.Cause.TIMEOUT, CloseCodes.POLICY, "timeout: " + reason);
    }

    LegEnd end() {
        return new LegEnd(cause, code, reason);
    }
}
