package dev.parley.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A YAML file of settings, flattened to {@code section.key}. */
final class ConfigFile {
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private ConfigFile() {}

    /** The leaves of the file, in its order; a key without a value maps to the empty text. */
    static Map<String, String> read(Path file, List<String> problems) {
        Map<String, String> leaves = new LinkedHashMap<>();
        try {
            JsonNode root = YAML.readTree(Files.readString(file));
            if (root.isObject()) {
                flatten("", root, leaves, problems);
            } else if (!root.isMissingNode() && !root.isNull()) {
                problems.add(file + " must hold settings such as 'http:' and below it '  port: 8080'");
            }
        } catch (JsonProcessingException e) {
            int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
            problems.add(file + ", line " + line + ": not valid YAML: "
                    + e.getOriginalMessage().lines().findFirst().orElse(""));
        } catch (IOException e) {
            problems.add("cannot read " + file + ": " + reason(e));
        }
        return leaves;
    }

    private static void flatten(String path, JsonNode node, Map<String, String> leaves, List<String> problems) {
        node.forEachEntry((name, value) -> {
            String key = path.isEmpty() ? name : path + "." + name;
            if (value.isObject()) {
                flatten(key, value, leaves, problems);
            } else if (value.isArray()) {
                problems.add(key + " must be a single value, not a list");
            } else {
                leaves.put(key, value.isNull() ? "" : value.asText());
            }
        });
    }

    private static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "there is no such file";
            case AccessDeniedException _ -> "this user may not read it";
            case CharacterCodingException _ -> "it is not UTF-8";
            default -> String.valueOf(e.getMessage());
        };
    }
}
