package dev.parley.config;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * Where traces are sent.
 *
 * @param endpoint of a collector that speaks OTLP over HTTP; null sends none
 * @param authorization sent as the header {@code Authorization}, if set
 */
public record TracesConfig(@Nullable URI endpoint, @Nullable Secret authorization) {}
