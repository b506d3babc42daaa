package dev.parley.simulator;

/** Which kind of provider the simulator is, by the base of the URL: OpenAI, an Azure resource, or one that is compatible. */
enum Flavor {
    OPENAI("/v1"),
    /** Models are deployments, called {@code ANYTHING--MODEL}; what is wrong is told over HTTP, at the upgrade. */
    AZURE("/openai/v1"),
    /** Deviates as others do, unless a script says otherwise. */
    COMPATIBLE("/compatible/v1");

    private static final String DEPLOYED = "--";
    private static final Script DEVIATIONS = Script.parse(
            "{\"createdFirst\":false,\"statusDetailsText\":true,\"rateLimits\":\"none\",\"usage\":\"noDetails\"}");

    private final String base;

    Flavor(String base) {
        this.base = base;
    }

    static Flavor of(String path) {
        for (Flavor flavor : values()) {
            if (path.startsWith(flavor.base + '/')) {
                return flavor;
            }
        }
        return OPENAI;
    }

    /** The path as OpenAI has it. */
    static String plain(String path) {
        Flavor flavor = of(path);
        return path.startsWith(flavor.base + '/') ? OPENAI.base + path.substring(flavor.base.length()) : path;
    }

    /** The model behind a deployment's name; the same if it is none. */
    static String model(String name) {
        int at = name.lastIndexOf(DEPLOYED);
        return at < 0 ? name : name.substring(at + DEPLOYED.length());
    }

    /** Whether a model can be called so here. */
    boolean names(String name) {
        return name.contains(DEPLOYED) == (this == AZURE);
    }

    /** What is said at the upgrade of a model that cannot be had: a code of Azure's. */
    static String refusal(String name) {
        return Models.transcribes(name) ? "OpperationNotSupported" : "DeploymentNotFound"; // spelled as Azure does
    }

    Script script(Script asked) {
        return this == COMPATIBLE ? asked.over(DEVIATIONS) : asked;
    }
}
