package dev.parley.content;

/** How dense the audio of a session is now. */
@FunctionalInterface
public interface AudioRate {
    /** @param fromClient input, else output */
    int bytesPerMilli(boolean fromClient);
}
