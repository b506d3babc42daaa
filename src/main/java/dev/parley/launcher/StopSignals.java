package dev.parley.launcher;

import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.Consumer;

/**
 * The signals that ask a process to stop. Unlike a shutdown hook this hears each of them, so a second one can mean more than
 * the first, and the exit code is the program's own.
 *
 * <p>{@code sun.misc.Signal} has no replacement, and javac's warning about it cannot be turned off; hence the reflection.
 */
public final class StopSignals {
    private static final String[] NAMES = {"TERM", "INT", "HUP"};

    private StopSignals() {}

    /**
     * Calls {@code handler} with the signal's name, on a thread of its own, each time one arrives. A signal that the process
     * was started to ignore (as by {@code nohup}) stays ignored.
     */
    public static void handle(Consumer<String> handler) {
        try {
            Class<?> type = Class.forName("sun.misc.Signal");
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Constructor<?> signalOf = type.getConstructor(String.class);
            Method handle = type.getMethod("handle", type, handlerType);
            for (String name : NAMES) {
                Object listener = Proxy.newProxyInstance(
                        handlerType.getClassLoader(), new Class<?>[] {handlerType}, (proxy, method, args) -> {
                            switch (method.getName()) {
                                case "handle":
                                    handler.accept(name);
                                    return null;
                                case "equals":
                                    return proxy == args[0];
                                case "hashCode":
                                    return name.hashCode();
                                default:
                                    return name;
                            }
                        });
                handle.invoke(null, signalOf.newInstance(name), listener);
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this Java cannot listen to signals", e);
        }
    }
}
