package dev.parley.upstream;

import java.util.Optional;
import java.util.Set;

/** Whose fault it is when the provider refuses, and so what follows. The codes are those of protocol.md §4. */
public enum Fault {
    /** What was asked for cannot be had from this account, however often one asks. The account is well. */
    REQUEST,
    /** The credential is refused: nothing works until an operator acts. */
    CREDENTIAL,
    /** Too much at once: the account works again in a while. */
    RATE,
    /** The account's money is used up. */
    QUOTA,
    /** The provider cannot be reached, or fails by itself. */
    UNREACHABLE;

    private static final Set<String> REQUEST_CODES = Set.of("invalid_model", "model_not_found", "invalid_intent");
    private static final Set<String> CREDENTIAL_CODES =
            Set.of("invalid_api_key", "account_deactivated", "invalid_organization", "invalid_project");
    private static final Set<String> QUOTA_CODES = Set.of("insufficient_quota", "billing_hard_limit_reached");
    private static final Set<String> RATE_CODES = Set.of("rate_limit_exceeded", "rate_limit_error");

    /** The fault behind an error code of a session's opening. */
    static Fault ofCode(String code) {
        if (REQUEST_CODES.contains(code)) {
            return REQUEST;
        }
        return isOfAccount(code) ? ofAccountCode(code) : UNREACHABLE;
    }

    /** The fault behind an HTTP status in place of the upgrade. */
    static Fault ofStatus(int status) {
        return switch (status) {
            case 401, 403 -> CREDENTIAL;
            case 400, 404 -> REQUEST;
            case 429 -> RATE;
            default -> UNREACHABLE;
        };
    }

    /** Whether an error with this code, at any time, tells of the whole account. */
    public static boolean isOfAccount(String code) {
        return CREDENTIAL_CODES.contains(code) || QUOTA_CODES.contains(code) || RATE_CODES.contains(code);
    }

    /** The code of the account's fault in a close reason such as {@code invalid_request_error.invalid_api_key}, or empty. */
    public static Optional<String> inReason(String reason) {
        String code = reason.substring(reason.lastIndexOf('.') + 1).trim();
        return isOfAccount(code) ? Optional.of(code) : Optional.empty();
    }

    /** The fault behind a code for which {@link #isOfAccount} holds. */
    public static Fault ofAccountCode(String code) {
        if (CREDENTIAL_CODES.contains(code)) {
            return CREDENTIAL;
        }
        return QUOTA_CODES.contains(code) ? QUOTA : RATE;
    }
}
