package dev.parley.store;

import dev.parley.domain.ModelName;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.tenancy.Budget;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.BudgetUnit;
import dev.parley.tenancy.LimitName;
import dev.parley.tenancy.PlanId;
import dev.parley.tenancy.PoolMode;
import dev.parley.tenancy.Settings;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The settings of a plan or of a tenant in their tables: both have the same columns under other names. */
final class StoredSettings {
    private final String table;
    private final String limits;
    private final String owner;
    private final String id;

    private StoredSettings(String table, String limits, String owner, String id) {
        this.table = table;
        this.limits = limits;
        this.owner = owner;
        this.id = id;
    }

    static StoredSettings ofTenant(TenantId tenant) {
        return new StoredSettings("tenant", "tenant_limit", "tenant_id", tenant.value());
    }

    static StoredSettings ofPlan(PlanId plan) {
        return new StoredSettings("plan", "plan_limit", "plan", plan.value());
    }

    /** @param json what the function {@code settings_of} gives; null if it gave nothing */
    static Settings read(@Nullable String json) {
        if (json == null) {
            return Settings.NONE;
        }
        JsonObject said = new JsonObject(json);
        Map<LimitName, OptionalLong> limits = new EnumMap<>(LimitName.class);
        JsonObject amounts = said.getJsonObject("limits");
        amounts.fieldNames()
                .forEach(name -> limits.put(LimitName.of(name).orElseThrow(), amount(amounts.getLong(name))));
        List<Budget> budgets = new ArrayList<>();
        said.getJsonArray("budgets").forEach(budget -> budgets.add(budget((JsonObject) budget)));
        String mode = said.getString("pool_mode");
        return new Settings(
                limits,
                budgets,
                said.getBoolean("close_on_exhausted"),
                said.getBoolean("mcp_allowed"),
                said.getBoolean("prompts_allowed"),
                said.getBoolean("content_capture"),
                names(said.getJsonArray("models"), ModelName::new),
                names(said.getJsonArray("voices"), voice -> voice),
                mode == null ? null : PoolMode.valueOf(mode.toUpperCase(Locale.ROOT)),
                names(said.getJsonArray("turn_models"), ModelName::new));
    }

    /** Puts them in place of what stands there. */
    void write(Connection connection, Settings settings) throws SQLException {
        String[] models = models(connection, settings.models());
        String[] turnModels = models(connection, settings.turnModels());
        try (PreparedStatement update = connection.prepareStatement("update " + table
                + " set close_on_exhausted = ?, mcp_allowed = ?, prompts_allowed = ?, models = ?, voices = ?,"
                + " pool_mode = ?, turn_models = ?, content_capture = ? where id = ?")) {
            update.setObject(1, settings.closeOnExhausted(), Types.BOOLEAN);
            update.setObject(2, settings.mcpAllowed(), Types.BOOLEAN);
            update.setObject(3, settings.promptsAllowed(), Types.BOOLEAN);
            update.setArray(4, array(connection, models));
            update.setArray(
                    5,
                    array(
                            connection,
                            settings.voices() == null
                                    ? null
                                    : settings.voices().stream().sorted().toArray(String[]::new)));
            update.setString(6, settings.poolMode() == null ? null : word(settings.poolMode()));
            update.setArray(7, array(connection, turnModels));
            update.setObject(8, settings.contentCapture(), Types.BOOLEAN);
            update.setString(9, id);
            update.executeUpdate();
        }
        writeLimits(connection, settings);
        writeBudgets(connection, settings);
    }

    private static String @Nullable [] models(Connection connection, @Nullable Set<ModelName> named)
            throws SQLException {
        if (named == null) {
            return null;
        }
        String[] models = named.stream().map(ModelName::value).sorted().toArray(String[]::new);
        refuseUnknown(connection, models);
        return models;
    }

    private void writeLimits(Connection connection, Settings settings) throws SQLException {
        delete(connection, "delete from " + limits + " where " + owner + " = ?");
        try (PreparedStatement insert = connection.prepareStatement(
                "insert into " + limits + " (" + owner + ", name, amount) values (?, ?, ?)")) {
            for (Map.Entry<LimitName, OptionalLong> limit : settings.limits().entrySet()) {
                insert.setString(1, id);
                insert.setString(2, limit.getKey().word());
                setAmount(insert, 3, limit.getValue());
                insert.addBatch();
            }
            insert.executeBatch();
        }
    }

    private void writeBudgets(Connection connection, Settings settings) throws SQLException {
        delete(connection, "delete from budget where " + owner + " = ?");
        try (PreparedStatement insert = connection.prepareStatement(
                "insert into budget (" + owner
                        + ", name, unit, period, scope, subject, amount, hard, thresholds) values (?, ?, ?, ?, ?, ?, ?, ?, ?)")) {
            for (Budget budget : settings.budgets()) {
                insert.setString(1, id);
                insert.setString(2, budget.name());
                insert.setString(3, word(budget.unit()));
                insert.setString(4, word(budget.period()));
                insert.setString(5, word(budget.scope()));
                insert.setString(
                        6, budget.subject() == null ? null : budget.subject().value());
                setAmount(insert, 7, budget.amount());
                insert.setBoolean(8, budget.hard());
                insert.setArray(
                        9, connection.createArrayOf("int", budget.thresholds().toArray()));
                insert.addBatch();
            }
            insert.executeBatch();
        }
    }

    private void delete(Connection connection, String sql) throws SQLException {
        try (PreparedStatement delete = connection.prepareStatement(sql)) {
            delete.setString(1, id);
            delete.executeUpdate();
        }
    }

    private static void setAmount(PreparedStatement statement, int place, OptionalLong amount) throws SQLException {
        if (amount.isPresent()) {
            statement.setLong(place, amount.getAsLong());
        } else {
            statement.setNull(place, Types.BIGINT);
        }
    }

    private static @Nullable Array array(Connection connection, String @Nullable [] names) throws SQLException {
        return names == null ? null : connection.createArrayOf("text", names);
    }

    private static Budget budget(JsonObject said) {
        String subject = said.getString("subject");
        return new Budget(
                said.getString("name"),
                BudgetUnit.valueOf(said.getString("unit").toUpperCase(Locale.ROOT)),
                BudgetPeriod.valueOf(said.getString("period").toUpperCase(Locale.ROOT)),
                Budget.Scope.valueOf(said.getString("scope").toUpperCase(Locale.ROOT)),
                subject == null ? null : new SubjectId(subject),
                amount(said.getLong("amount")),
                said.getBoolean("hard"),
                said.getJsonArray("thresholds").stream()
                        .map(Integer.class::cast)
                        .toList());
    }

    private static OptionalLong amount(@Nullable Long amount) {
        return amount == null ? OptionalLong.empty() : OptionalLong.of(amount);
    }

    private static <T> @Nullable Set<T> names(@Nullable JsonArray names, Function<String, T> of) {
        return names == null
                ? null
                : names.stream().map(String.class::cast).map(of).collect(Collectors.toSet());
    }

    private static void refuseUnknown(Connection connection, String[] models) throws SQLException {
        Set<String> unknown = new TreeSet<>(List.of(models));
        try (PreparedStatement query = connection.prepareStatement("select name from model where name = any (?)")) {
            query.setArray(1, connection.createArrayOf("text", models));
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    unknown.remove(rows.getString("name"));
                }
            }
        }
        if (!unknown.isEmpty()) {
            throw new UnknownModelException(unknown);
        }
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
