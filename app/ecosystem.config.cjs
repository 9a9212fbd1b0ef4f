// PM2's description of the site, for one instance behind Nginx. Everything that differs between machines is in the environment.
module.exports = {
  apps: [
    {
      name: process.env.APP_NAME ?? "site",
      script: "server.js",
      cwd: process.env.APP_DIR ?? __dirname,
      // In cluster mode `pm2 reload` starts the new process before it ends the old one, so that a deploy loses no request.
      exec_mode: "cluster",
      instances: Number(process.env.APP_INSTANCES ?? 1),
      // V8 ends the process at this heap size; PM2 restarts it, and the rest of the machine lives on.
      node_args: `--max-old-space-size=${process.env.APP_HEAP_MB ?? 1024}`,
      max_memory_restart: process.env.APP_MAX_MEMORY ?? "1500M",
      // Time for requests under way after SIGINT, then SIGKILL.
      kill_timeout: 8000,
      listen_timeout: 10000,
      // A process that cannot start is not started ten times a second.
      exp_backoff_restart_delay: 200,
      merge_logs: true,
      time: true,
      out_file: `${process.env.APP_LOG_DIR ?? "/var/log/site"}/app.log`,
      error_file: `${process.env.APP_LOG_DIR ?? "/var/log/site"}/app-error.log`,
      env: {
        // `pm2 reload <this file>` takes the settings above anew, and of the environment what stands here, whatever `--update-env` says
        // (tried with PM2 7.0.4): a deploy's new secrets and its version come with this line.
        ...process.env,
        NODE_ENV: "production",
        HOSTNAME: "127.0.0.1",
        PORT: process.env.PORT ?? "3000",
        // Longer than Nginx keeps an idle connection to the app (60 s).
        KEEP_ALIVE_TIMEOUT: "65000",
      },
    },
  ],
};
