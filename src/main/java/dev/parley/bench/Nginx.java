package dev.parley.bench;

import dev.parley.bench.LoadConnection.Destination;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** nginx as a plain WebSocket proxy: one worker, no access log, no buffering. */
final class Nginx implements Target {
    static final String MISSING =
            "nginx is not installed (Debian, Ubuntu: apt-get install nginx-core); its column stays empty";

    private final Process process;
    private final long worker;
    private final Destination destination;

    private Nginx(Process process, long worker, Destination destination) {
        this.process = process;
        this.worker = worker;
        this.destination = destination;
    }

    static Optional<Path> program() {
        return Core.find("nginx");
    }

    static String version(Path program) {
        try {
            Process process = new ProcessBuilder(program.toString(), "-v")
                    .redirectErrorStream(true)
                    .start();
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException _) {
            return "nginx of an unknown version";
        }
    }

    static Nginx start(Path program, Core core, Path folder, int upstreamPort, String path)
            throws IOException, BenchException {
        int port = Ports.free();
        Path config = Files.writeString(folder.resolve("nginx.conf"), config(folder, port, upstreamPort));
        Process process = new ProcessBuilder(core.pinned(java.util.List.of(
                        program.toString(), "-e", folder.resolve("nginx.log").toString(), "-c", config.toString())))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("nginx.out").toFile())
                .start();
        Ports.awaitListening("nginx", process, port);
        long worker = process.children()
                .findFirst()
                .orElseThrow(() -> new BenchException("nginx has no worker"))
                .pid();
        return new Nginx(process, worker, new Destination(port, path, ""));
    }

    private static String config(Path folder, int port, int upstreamPort) {
        return """
                daemon off;
                %s
                worker_processes 1;
                worker_rlimit_nofile 65536;
                pid %2$s/nginx.pid;
                events { worker_connections 20000; }
                http {
                    access_log off;
                    client_body_temp_path %2$s/body;
                    proxy_temp_path %2$s/proxy;
                    fastcgi_temp_path %2$s/fastcgi;
                    uwsgi_temp_path %2$s/uwsgi;
                    scgi_temp_path %2$s/scgi;
                    server {
                        listen 127.0.0.1:%3$d backlog=4096;
                        location / {
                            proxy_pass http://127.0.0.1:%4$d;
                            proxy_http_version 1.1;
                            proxy_set_header Upgrade $http_upgrade;
                            proxy_set_header Connection upgrade;
                            proxy_buffering off;
                            proxy_read_timeout 1h;
                            proxy_send_timeout 1h;
                        }
                    }
                }
                """.formatted(isRoot() ? "user root;" : "", folder, port, upstreamPort);
    }

    /** Started as root, nginx would drop to a user that cannot read the folder. */
    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    @Override
    public String detail() {
        return program().map(Nginx::version).orElse("");
    }

    @Override
    public String name() {
        return "nginx";
    }

    @Override
    public Destination destination() {
        return destination;
    }

    @Override
    public long pid() {
        return worker;
    }

    @Override
    public void close() {
        process.destroy();
    }
}
