package dev.parley.dialect;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.buffer.Buffer;

/** GA, but for the model's name: a client may repeat in its settings the one that it has asked for. */
public final class AliasDialect implements Dialect {
    private final ModelAlias alias;

    public AliasDialect(ModelAlias alias) {
        this.alias = alias;
    }

    @Override
    public boolean rewritesServerEvents() {
        return false;
    }

    @Override
    public Translation fromClient(Buffer utf8) {
        return "session.update".equals(Edits.type(utf8))
                ? Edits.edited(
                        utf8, event -> event.path("session") instanceof ObjectNode settings && alias.resolve(settings))
                : Translation.UNCHANGED;
    }

    @Override
    public Translation toClient(Buffer utf8) {
        return Translation.UNCHANGED;
    }
}
