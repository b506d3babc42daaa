package dev.parley.administration;

import dev.parley.domain.ModelName;
import java.util.Map;

/** Other names of models. Blocks; part of the transaction around it. */
public interface ModelAliases {
    /** What each stands for, in the order of the names. */
    Map<ModelName, ModelName> aliases();

    /**
     * Gives a model another name, or a name another model.
     *
     * @return false if the model is not in the catalogue, or is itself another name
     */
    boolean alias(ModelName alias, ModelName model);

    /** Takes a name away; false if it is none. */
    boolean removeAlias(ModelName alias);
}
