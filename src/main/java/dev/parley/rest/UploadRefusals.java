package dev.parley.rest;

import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import java.time.Duration;

/** Why a file is not transcribed, beside what its model and its tenant's limits say. */
final class UploadRefusals {
    private static final Duration RETRY_SOON = Duration.ofSeconds(2);

    private UploadRefusals() {}

    static Refusal noForm() {
        return Refusal.of(Kind.BAD_REQUEST, "invalid_content_type", "Send the file with POST, as multipart/form-data.");
    }

    static Refusal badForm(String why) {
        return Refusal.of(Kind.BAD_REQUEST, "invalid_form", "The form cannot be read: " + why + '.');
    }

    static Refusal tooLarge() {
        return Refusal.of(Kind.BAD_REQUEST, "file_too_large", "A file may have 25 MB.")
                .param("file");
    }

    static Refusal tooSlow() {
        return Refusal.of(Kind.BAD_REQUEST, "request_timeout", "The file was not here in time.")
                .param("file");
    }

    static Refusal clientSecret() {
        return Refusal.of(
                Kind.FORBIDDEN, "client_secret_not_allowed", "A client secret starts sessions, and nothing else.");
    }

    static Refusal unavailable() {
        return Refusal.of(Kind.UPSTREAM_UNAVAILABLE, "upstream_unavailable", "This cannot be transcribed now.")
                .retryAfter(RETRY_SOON);
    }
}
