package dev.parley.tenancy;

import dev.parley.domain.ModelName;
import dev.parley.domain.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/**
 * A tenant as the broker sees it now. Immutable; a change is a new value from the {@link TenantDirectory}.
 *
 * @param own what is said of this tenant beside its plan
 * @param settings what holds: {@code own} over the plan's over {@link Settings#STANDARD}
 * @param tokensValidFrom tokens issued before this are revoked
 */
public record Tenant(
        TenantId id,
        String name,
        TenantStatus status,
        PlanId plan,
        Settings own,
        Settings settings,
        Instant tokensValidFrom) {
    /** An active tenant on the standard plan as it comes. */
    public static Tenant of(TenantId id, String name, Settings own) {
        return new Tenant(
                id, name, TenantStatus.ACTIVE, PlanId.STANDARD, own, own.over(Settings.STANDARD), Instant.EPOCH);
    }

    public Tenant withStatus(TenantStatus changed) {
        return new Tenant(id, name, changed, plan, own, settings, tokensValidFrom);
    }

    public Tenant withTokensValidFrom(Instant changed) {
        return new Tenant(id, name, status, plan, own, settings, changed);
    }

    public Tenant withName(String changed) {
        return new Tenant(id, changed, status, plan, own, settings, tokensValidFrom);
    }

    /** On another plan; what holds is known when it is read again. */
    public Tenant withPlan(PlanId changed) {
        return new Tenant(id, name, status, changed, own, settings, tokensValidFrom);
    }

    /** With other settings of its own over the same plan; what its plan would say in their place is known when it is read again. */
    public Tenant withOwn(Settings changed) {
        return new Tenant(id, name, status, plan, changed, changed.over(settings), tokensValidFrom);
    }

    public boolean allows(ModelName model) {
        Set<ModelName> models = models();
        return models.isEmpty() || models.contains(model);
    }

    public boolean allowsVoice(String voice) {
        Set<String> voices = voices();
        return voices.isEmpty() || voices.contains(voice);
    }

    /** Empty: every model of the catalogue. */
    public Set<ModelName> models() {
        Set<ModelName> models = settings.models();
        return models == null ? Set.of() : models;
    }

    /** Empty: every voice. */
    public Set<String> voices() {
        Set<String> voices = settings.voices();
        return voices == null ? Set.of() : voices;
    }

    /** How conversations on this model use upstream sessions. */
    public PoolMode poolMode(ModelName model) {
        Set<ModelName> turnModels = settings.turnModels();
        boolean turn = settings.poolMode() == PoolMode.TURN || (turnModels != null && turnModels.contains(model));
        return turn ? PoolMode.TURN : PoolMode.SESSION;
    }

    public List<Budget> budgets() {
        return settings.budgets();
    }

    /** Empty: no limit. */
    public OptionalLong limit(LimitName name) {
        OptionalLong amount = settings.limits().get(name);
        return amount == null ? OptionalLong.empty() : amount;
    }

    /** Sessions at once. */
    public int sessionsMax() {
        return capped(LimitName.SESSIONS_MAX);
    }

    /** The most that one response may ask for; the model's own limit holds beside it. */
    public int outputTokensMax() {
        return capped(LimitName.OUTPUT_TOKENS_MAX);
    }

    /** The longest session; the provider's own limit holds beside it. */
    public Duration sessionLengthMax() {
        return Duration.ofSeconds(capped(LimitName.SESSION_LENGTH_MAX_SECONDS));
    }

    /** How long a session waits for its client after it was lost; zero: it ends. */
    public Duration resumeWindow() {
        return Duration.ofSeconds(capped(LimitName.RESUME_WINDOW_SECONDS));
    }

    /** How often a session may go on with another upstream; 0: it ends with the one that it has. */
    public int upstreamReplacementsMax() {
        return capped(LimitName.UPSTREAM_REPLACEMENTS_MAX);
    }

    public boolean closeOnExhausted() {
        return Boolean.TRUE.equals(settings.closeOnExhausted());
    }

    public boolean mcpAllowed() {
        return Boolean.TRUE.equals(settings.mcpAllowed());
    }

    public boolean promptsAllowed() {
        return Boolean.TRUE.equals(settings.promptsAllowed());
    }

    /** Whether nodes keep what is said in its sessions for a while, for operators to read. */
    public boolean contentCapture() {
        return Boolean.TRUE.equals(settings.contentCapture());
    }

    private int capped(LimitName name) {
        return (int) Math.min(Integer.MAX_VALUE, limit(name).orElse(Integer.MAX_VALUE));
    }
}
