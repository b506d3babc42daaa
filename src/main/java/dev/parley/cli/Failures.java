package dev.parley.cli;

import dev.parley.config.ConfigException;
import dev.parley.server.StartException;
import dev.parley.store.StoreException;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/** Says why a command failed: one line for what an operator can act on, a stack trace for bugs. */
final class Failures implements IExecutionExceptionHandler {
    private static final int FAILURE = 1;

    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) {
        PrintWriter err = command.getErr();
        switch (failure) {
            case ConfigException config -> {
                err.println("parley: the settings cannot be used:");
                config.problems().forEach(problem -> err.println("  " + problem));
            }
            case CommandFailure known -> err.println("parley: " + known.getMessage());
            case StartException known -> err.println("parley: " + known.getMessage());
            case StoreException known -> err.println("parley: " + known.getMessage());
            default -> {
                err.println("parley: unexpected failure, please report it:");
                failure.printStackTrace(err);
            }
        }
        return FAILURE;
    }
}
