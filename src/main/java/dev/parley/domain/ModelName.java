package dev.parley.domain;

/** A model's name as the provider spells it, such as {@code gpt-realtime-2.1}; 1 to 128 characters. */
public record ModelName(String value) {
    public ModelName {
        if (value.isEmpty() || value.length() > 128) {
            throw new IllegalArgumentException("a model name has 1 to 128 characters, this one has " + value.length());
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
