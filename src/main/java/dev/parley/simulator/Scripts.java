package dev.parley.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.Trees;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Which session plays which script: a session takes the first rule that fits it when its upgrade arrives, and keeps it to its
 * end. Safe on any thread.
 */
public final class Scripts {
    private static final int RULES_MAX = 1_000;

    private final CopyOnWriteArrayList<Rule> rules = new CopyOnWriteArrayList<>();

    /** For every session from now on that no earlier rule takes. */
    public void always(Script script) {
        add(new Rule(script, null, null, null, null));
    }

    /** For the next {@code sessions} sessions. */
    public void next(int sessions, Script script) {
        add(new Rule(script, null, null, null, new AtomicInteger(sessions)));
    }

    /** For all sessions that come with this key. */
    public void forApiKey(String apiKey, Script script) {
        add(new Rule(script, apiKey, null, null, null));
    }

    /** For all sessions on this model. */
    public void forModel(String model, Script script) {
        add(new Rule(script, null, model, null, null));
    }

    public void clear() {
        rules.clear();
    }

    /** Reads {@code {…script keys…, "for":{"apiKey"?,"model"?,"intent"?,"sessions"?}}}. */
    void add(ObjectNode rule) {
        add(parse(rule));
    }

    /** Puts these rules in place of all others; when one is wrong, nothing changes. */
    void replace(JsonNode ruleOrRules) {
        List<Rule> parsed = ruleOrRules.isArray()
                ? ruleOrRules.valueStream().map(Scripts::parseAny).toList()
                : List.of(parseAny(ruleOrRules));
        rules.clear();
        parsed.forEach(this::add);
    }

    Script take(@Nullable String apiKey, @Nullable String model, @Nullable String intent) {
        for (Rule rule : rules) {
            if (rule.fits(apiKey, model, intent) && rule.use()) {
                return rule.script();
            }
        }
        return Script.NONE;
    }

    ArrayNode toJson() {
        ArrayNode list = Trees.array();
        rules.forEach(rule -> list.add(rule.toJson()));
        return list;
    }

    private void add(Rule rule) {
        if (rules.size() >= RULES_MAX) {
            throw new IllegalArgumentException("no more than " + RULES_MAX + " scripts at once");
        }
        rules.add(rule);
    }

    private static Rule parseAny(JsonNode rule) {
        if (rule instanceof ObjectNode object) {
            return parse(object);
        }
        throw new IllegalArgumentException("a script is a JSON object");
    }

    private static Rule parse(ObjectNode json) {
        ObjectNode settings = json.deepCopy();
        JsonNode whom = settings.has("for") ? settings.remove("for") : Trees.object();
        if (!(whom instanceof ObjectNode object)) {
            throw new IllegalArgumentException("'for' must be an object");
        }
        object.fieldNames().forEachRemaining(name -> {
            if (!List.of("apiKey", "model", "intent", "sessions").contains(name)) {
                throw new IllegalArgumentException("unknown key 'for." + name + "'");
            }
        });
        JsonNode sessions = object.path("sessions");
        if (!sessions.isMissingNode() && (!sessions.isInt() || sessions.intValue() < 1)) {
            throw new IllegalArgumentException("'for.sessions' must be a whole number, 1 or more");
        }
        return new Rule(
                Script.of(settings),
                object.path("apiKey").textValue(),
                object.path("model").textValue(),
                object.path("intent").textValue(),
                sessions.isInt() ? new AtomicInteger(sessions.intValue()) : null);
    }

    /** A script and the sessions it is for; null fits all, {@code left} counts down. */
    private record Rule(
            Script script,
            @Nullable String apiKey,
            @Nullable String model,
            @Nullable String intent,
            @Nullable AtomicInteger left) {
        boolean fits(@Nullable String key, @Nullable String itsModel, @Nullable String itsIntent) {
            return (apiKey == null || apiKey.equals(key))
                    && (model == null || model.equals(itsModel))
                    && (intent == null || intent.equals(itsIntent));
        }

        boolean use() {
            return left == null || left.getAndUpdate(count -> Math.max(0, count - 1)) > 0;
        }

        ObjectNode toJson() {
            ObjectNode whom = Trees.object();
            if (apiKey != null) {
                whom.put("apiKey", "***");
            }
            if (model != null) {
                whom.put("model", model);
            }
            if (intent != null) {
                whom.put("intent", intent);
            }
            if (left != null) {
                whom.put("sessions", left.get());
            }
            ObjectNode json = script.toJson();
            json.set("for", whom);
            return json;
        }
    }
}
