package dev.parley.rest;

import io.vertx.core.Future;
import java.util.List;

/** Several, of which the first that serves a path answers. */
public record Apis(List<Api> all) implements Api {
    public Apis {
        all = List.copyOf(all);
    }

    @Override
    public boolean serves(String path) {
        return all.stream().anyMatch(one -> one.serves(path));
    }

    @Override
    public Future<Answer> answer(Call call) {
        return all.stream()
                .filter(one -> one.serves(call.path()))
                .findFirst()
                .orElse(Api.NONE)
                .answer(call);
    }
}
