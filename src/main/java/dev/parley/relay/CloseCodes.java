package dev.parley.relay;

/** Close codes of RFC 6455 §7.4 and of IANA's registry. */
final class CloseCodes {
    static final int NORMAL = 1000;
    static final int PROTOCOL_ERROR = 1002;
    /** Never on the wire: a close frame without a code. */
    static final int NONE = 1005;
    /** Never on the wire: a socket that ended without a close frame. */
    static final int LOST = 1006;

    static final int INVALID_PAYLOAD = 1007;
    static final int POLICY = 1008;
    static final int TOO_BIG = 1009;
    static final int TRY_AGAIN_LATER = 1013;

    private CloseCodes() {}

    /** Whether a close frame may carry it: registered (1000-1003, 1007-1014) or private (3000-4999). */
    static boolean valid(int code) {
        return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
    }
}
