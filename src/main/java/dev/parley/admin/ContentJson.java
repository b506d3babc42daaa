package dev.parley.admin;

import dev.parley.content.SessionContent;
import dev.parley.content.SessionContent.Audio;
import dev.parley.content.SessionContent.Said;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

/** What was said in a session as nodes tell it to each other, and as the API shows it. */
final class ContentJson {
    static final JsonObject NOTHING = of(SessionContent.NOTHING);

    private ContentJson() {}

    static JsonObject of(SessionContent content) {
        return new JsonObject()
                .put(
                        "entries",
                        new JsonArray(content.entries().stream()
                                .map(ContentJson::said)
                                .toList()))
                .put("dropped", content.dropped());
    }

    private static JsonObject said(Said said) {
        Audio audio = said.audio();
        return new JsonObject()
                .put("no", said.no())
                .put("from", said.fromClient() ? "client" : "upstream")
                .put("type", said.type())
                .put("first_at", said.from().toString())
                .put("last_at", said.to().toString())
                .put("events", said.events())
                .put("bytes", said.bytes())
                .put("json", said.json())
                .put("text", said.text())
                .put("audio_bytes", audio == null ? null : audio.bytes())
                .put("audio_millis", audio == null ? null : audio.millis());
    }
}
