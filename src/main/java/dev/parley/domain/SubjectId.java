package dev.parley.domain;

/** The end user inside a tenant: the token's {@code sub}, 1 to 255 characters, otherwise opaque. */
public record SubjectId(String value) {
    public SubjectId {
        if (value.isEmpty() || value.length() > 255) {
            throw new IllegalArgumentException("a subject has 1 to 255 characters, this one has " + value.length());
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
