package dev.parley.launcher;

public final class Launcher {
    private Launcher() {}

    public static void main(String[] a) {
        System.out.println("x");
    }
}
