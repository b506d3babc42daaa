package dev.parley.cli;

import dev.parley.cli.CommandAudit.Change;
import dev.parley.config.BrokerConfig;
import dev.parley.store.Database;
import dev.parley.store.JdbcPlans;
import dev.parley.tenancy.Plan;
import dev.parley.tenancy.PlanId;
import dev.parley.tenancy.Settings;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code parley plan …}: the plans that tenants share. */
@Command(
        name = "plan",
        mixinStandardHelpOptions = true,
        description = {
            "Makes, shows and changes plans: named sets of limits and budgets that tenants share.",
            "A change acts on all tenants of the plan, also on their live sessions, within a second.",
            "What a tenant says itself stands before what its plan says."
        },
        subcommands = {
            PlanCommand.Create.class,
            PlanCommand.ListAll.class,
            PlanCommand.Show.class,
            PlanCommand.Set_.class,
            PlanCommand.Delete.class
        },
        footer = {
            "",
            "Examples:",
            "  parley plan create pro --budget 200 --period month --limit responses_per_minute=120",
            "  parley plan set pro --limit audio_seconds_per_day=36000 --voice marin --voice cedar",
            "  parley tenant set acme --plan pro"
        })
final class PlanCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "which command? See 'parley plan --help'.");
    }

    /** {@code plan create}. */
    @Command(name = "create", mixinStandardHelpOptions = true, description = "Makes a plan.")
    static final class Create extends OnOnePlan {
        @Mixin
        private SettingOptions settings = new SettingOptions();

        @Override
        void run(Database database, BrokerConfig config) throws Exception {
            refuse(settings.problem());
            JdbcPlans plans = new JdbcPlans(database);
            String name = settings.name();
            Plan wanted = new Plan(plan(), name == null ? plan().value() : name, settings.applyTo(Settings.NONE));
            if (!checked(() -> plans.create(wanted))) {
                throw new CommandFailure("there is a plan '" + plan() + "' already");
            }
            show(plans);
        }
    }

    /** {@code plan list}. */
    @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists all plans.")
    static final class ListAll extends DatabaseCommand {
        @Option(names = "--json", description = "Print a JSON array.")
        private boolean json;

        @Override
        void run(Database database, BrokerConfig config) {
            List<Plan> plans = new JdbcPlans(database).list();
            if (json) {
                JsonArray array = new JsonArray();
                plans.forEach(plan -> array.add(view(plan)));
                out().println(array.encodePrettily());
            } else {
                plans.forEach(plan -> out().println(text(plan)));
            }
        }
    }

    /** {@code plan show}. */
    @Command(name = "show", mixinStandardHelpOptions = true, description = "Shows one plan: what it says itself.")
    static final class Show extends OnOnePlan {
        @Override
        @Nullable
        Change change(Database database) {
            return null;
        }

        @Override
        void run(Database database, BrokerConfig config) throws Exception {
            show(new JdbcPlans(database));
        }
    }

    /** {@code plan set}. */
    @Command(
            name = "set",
            mixinStandardHelpOptions = true,
            description = "Changes a plan; what is not named stays as it is.",
            footer = {"", "Example:", "  parley plan set pro --budget 500 --limit sessions_max=100"})
    static final class Set_ extends OnOnePlan {
        @Mixin
        private SettingOptions settings = new SettingOptions();

        @Override
        void run(Database database, BrokerConfig config) throws Exception {
            refuse(settings.problem());
            JdbcPlans plans = new JdbcPlans(database);
            String name = settings.name();
            if (!checked(() -> plans.change(
                            plan(),
                            old -> new Plan(
                                    old.id(), name == null ? old.name() : name, settings.applyTo(old.settings())))
                    .isPresent())) {
                throw TenantFailures.unknown(plan());
            }
            show(plans);
        }
    }

    /** {@code plan delete}. */
    @Command(name = "delete", mixinStandardHelpOptions = true, description = "Deletes a plan that no tenant is on.")
    static final class Delete extends OnOnePlan {
        @Override
        void run(Database database, BrokerConfig config) throws Exception {
            if (plan().equals(PlanId.STANDARD)) {
                throw new CommandFailure("the plan 'standard' stays: it is the plan of tenants that name none");
            }
            switch (new JdbcPlans(database).delete(plan())) {
                case DELETED -> out().println("plan '" + plan() + "' deleted");
                case UNKNOWN -> throw TenantFailures.unknown(plan());
                case IN_USE ->
                    throw new CommandFailure("tenants are on plan '" + plan()
                            + "': move them first with 'parley tenant set NAME --plan PLAN'");
            }
        }
    }

    /** A command on the plan that it names. */
    abstract static class OnOnePlan extends DatabaseCommand {
        @Parameters(paramLabel = "PLAN", description = "The plan: a-z, 0-9 and '-', up to 63 characters.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private PlanId plan;

        @Option(names = "--json", description = "Print JSON.")
        private boolean json;

        final PlanId plan() {
            return plan;
        }

        @Override
        @Nullable
        Change change(Database database) {
            JdbcPlans plans = new JdbcPlans(database);
            return new Change(
                    "plan." + spec().name(),
                    "plan/" + plan,
                    () -> plans.find(plan).map(PlanCommand::view).orElse(null));
        }

        final void show(JdbcPlans plans) throws CommandFailure {
            Plan found = plans.find(plan).orElseThrow(() -> TenantFailures.unknown(plan));
            out().println(json ? view(found).encodePrettily() : text(found));
        }
    }

    private static JsonObject view(Plan plan) {
        return new JsonObject()
                .put("id", plan.id().value())
                .put("name", plan.name())
                .put("settings", SettingsView.json(plan.settings()));
    }

    private static String text(Plan plan) {
        return "%-36s %s%n".formatted("plan", plan.id() + " (" + plan.name() + ')')
                + SettingsView.text(plan.settings(), Settings.NONE);
    }
}
