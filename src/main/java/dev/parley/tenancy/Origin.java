package dev.parley.tenancy;

import java.util.regex.Pattern;

/** A web page's scheme, host and, if need be, port, as browsers send them. */
public record Origin(String value) {
    private static final int LENGTH_MAX = 255;
    private static final Pattern SHAPE = Pattern.compile("https?://[^/?#@ ]+");

    public Origin {
        if (value.length() > LENGTH_MAX || !SHAPE.matcher(value).matches()) {
            throw new IllegalArgumentException(
                    "is no origin: it is a scheme, a host and a port if need be, such as https://app.example");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
