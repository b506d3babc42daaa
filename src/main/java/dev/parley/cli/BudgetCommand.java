package dev.parley.cli;

import dev.parley.cli.CommandAudit.Change;
import dev.parley.config.BrokerConfig;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.store.Database;
import dev.parley.store.JdbcPlans;
import dev.parley.store.JdbcTenants;
import dev.parley.tenancy.Budget;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.BudgetUnit;
import dev.parley.tenancy.Plan;
import dev.parley.tenancy.PlanId;
import dev.parley.tenancy.Settings;
import dev.parley.tenancy.Tenant;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code parley budget …}: the budgets of tenants and plans. */
@Command(
        name = "budget",
        mixinStandardHelpOptions = true,
        description = {
            "Shows, sets and removes budgets of a tenant or of a plan. All budgets of a tenant hold at once.",
            "A tenant's budget takes the place of its plan's of the same name. Changes act within a second."
        },
        subcommands = {BudgetCommand.Show.class, BudgetCommand.Set_.class, BudgetCommand.Remove.class},
        footer = {
            "",
            "Examples:",
            "  parley budget set month --tenant acme --usd 250 --period month",
            "  parley budget set each-user --tenant acme --usd 2 --period day --each-subject",
            "  parley budget set tokens --plan pro --tokens 5000000 --period day --soft --threshold 90",
            "  parley budget set main --tenant acme --unlimited",
            "  parley budget show --tenant acme"
        })
final class BudgetCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "which command? See 'parley budget --help'.");
    }

    /** {@code budget show}. */
    @Command(name = "show", mixinStandardHelpOptions = true, description = "Shows the budgets that hold.")
    static final class Show extends OnOwner {
        @Override
        @Nullable
        Change change(Database database) {
            return null;
        }

        @Override
        void run(Database database, BrokerConfig config) throws Exception {
            show(database);
        }
    }

    /** {@code budget set}. */
    @Command(
            name = "set",
            mixinStandardHelpOptions = true,
            description = "Sets a budget, in place of the one of its name. What was spent in its period counts.")
    static final class Set_ extends OnOwner {
        @Parameters(paramLabel = "NAME", description = "What refusals and events call it: a-z, 0-9 and '-'.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private String name;

        @ArgGroup(multiplicity = "1")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private Amount amount;

        @Option(
                names = "--period",
                paramLabel = "PERIOD",
                description = "When it renews (UTC): ${COMPLETION-CANDIDATES}. Default: MONTH.")
        private BudgetPeriod period = BudgetPeriod.MONTH;

        @Option(names = "--each-subject", description = "For each subject by itself, not for the whole tenant.")
        private boolean eachSubject;

        @Option(names = "--subject", paramLabel = "SUBJECT", description = "For this subject only.")
        private @Nullable SubjectId subject;

        @Option(names = "--soft", description = "Only raise events; refuse nothing.")
        private boolean soft;

        @Option(
                names = "--threshold",
                paramLabel = "PERCENT",
                description = "Raise an event when this much is spent; can be repeated. Default: 50, 80, 100.")
        private @Nullable List<Integer> thresholds;

        @Override
        void run(Database database, BrokerConfig config) throws Exception {
            refuse(eachSubject && subject != null ? "--each-subject or --subject, not both" : null);
            refuse(subject != null && ofPlan() ? "a plan has no budget for one subject: name a tenant" : null);
            Budget budget;
            try {
                budget = budget();
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec().commandLine(), e.getMessage(), e);
            }
            change(database, settings -> settings.with(budget));
            show(database);
        }

        private Budget budget() {
            Budget.Scope scope = subject != null
                    ? Budget.Scope.SUBJECT
                    : eachSubject ? Budget.Scope.EACH_SUBJECT : Budget.Scope.TENANT;
            return new Budget(
                    name,
                    amount.tokens == null ? BudgetUnit.MONEY : BudgetUnit.TOKENS,
                    period,
                    scope,
                    subject,
                    amount.amount(),
                    !soft,
                    thresholds == null ? Budget.THRESHOLDS : thresholds);
        }

        /** One of them. */
        private static final class Amount {
            @Option(names = "--usd", paramLabel = "USD", description = "The amount in dollars, such as 12.50.")
            private @Nullable NanoUsd usd;

            @Option(
                    names = "--tokens",
                    paramLabel = "N",
                    description = "The amount in tokens, input and output together.")
            private @Nullable Long tokens;

            @Option(
                    names = "--unlimited",
                    description = "No limit: lifts the budget of this name that the tenant's plan has.")
            private boolean unlimited;

            OptionalLong amount() {
                if (unlimited) {
                    return OptionalLong.empty();
                }
                return usd == null ? OptionalLong.of(Objects.requireNonNull(tokens)) : OptionalLong.of(usd.value());
            }
        }
    }

    /** {@code budget remove}. */
    @Command(
            name = "remove",
            mixinStandardHelpOptions = true,
            description =
                    "Removes a budget; of a tenant, so that its plan's of the same name holds again, if there is one.")
    static final class Remove extends OnOwner {
        @Parameters(paramLabel = "NAME", description = "The budget.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private String name;

        @Override
        void run(Database database, BrokerConfig config) throws Exception {
            if (own(database).budget(name) == null) {
                throw new CommandFailure("there is no budget '" + name + "' to remove: see 'parley budget show'");
            }
            change(database, settings -> settings.without(name));
            show(database);
        }
    }

    /** A command on the budgets of the tenant or plan that it names. */
    abstract static class OnOwner extends DatabaseCommand {
        @ArgGroup(multiplicity = "1")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private Owner owner;

        @Option(names = "--json", description = "Print a JSON array.")
        private boolean json;

        /** One of them. */
        private static final class Owner {
            @Option(names = "--tenant", paramLabel = "TENANT", description = "The tenant.")
            private @Nullable TenantId tenant;

            @Option(names = "--plan", paramLabel = "PLAN", description = "The plan.")
            private @Nullable PlanId plan;
        }

        @Override
        @Nullable
        Change change(Database database) {
            TenantId tenant = owner.tenant;
            String whose = tenant != null ? "tenant/" + tenant : "plan/" + owner.plan;
            return new Change("budget." + spec().name(), whose, () -> state(database));
        }

        private @Nullable JsonObject state(Database database) {
            try {
                return SettingsView.json(own(database));
            } catch (CommandFailure unknown) {
                return null; // which the command itself says
            }
        }

        final boolean ofPlan() {
            return owner.plan != null;
        }

        final void change(Database database, UnaryOperator<Settings> change) throws CommandFailure {
            TenantId tenant = owner.tenant;
            PlanId plan = owner.plan;
            if (tenant != null) {
                Optional<Tenant> changed =
                        new JdbcTenants(database).change(tenant, old -> old.withOwn(change.apply(old.own())));
                if (changed.isEmpty()) {
                    throw TenantFailures.unknown(tenant);
                }
            } else if (plan != null) {
                Optional<Plan> changed = new JdbcPlans(database)
                        .change(plan, old -> new Plan(old.id(), old.name(), change.apply(old.settings())));
                if (changed.isEmpty()) {
                    throw TenantFailures.unknown(plan);
                }
            }
        }

        /** What the owner says itself. */
        final Settings own(Database database) throws CommandFailure {
            return owner.tenant == null
                    ? plan(database).settings()
                    : tenant(database, owner.tenant).own();
        }

        final void show(Database database) throws CommandFailure {
            Settings own = own(database);
            Settings all =
                    owner.tenant == null ? own : tenant(database, owner.tenant).settings();
            if (json) {
                JsonArray array = new JsonArray();
                all.budgets().forEach(budget -> array.add(SettingsView.json(budget)));
                out().println(array.encodePrettily());
            } else if (all.budgets().isEmpty()) {
                out().println("no budgets");
            } else {
                out().println(SettingsView.budgets(all, own));
            }
        }

        private static Tenant tenant(Database database, TenantId tenant) throws CommandFailure {
            return new JdbcTenants(database).find(tenant).orElseThrow(() -> TenantFailures.unknown(tenant));
        }

        private Plan plan(Database database) throws CommandFailure {
            PlanId plan = Objects.requireNonNull(owner.plan);
            return new JdbcPlans(database).find(plan).orElseThrow(() -> TenantFailures.unknown(plan));
        }
    }
}
