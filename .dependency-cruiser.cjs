/**
 * Imports point one way: core < output < functions, components, insight < stacks < cli. A room imports rooms before it and itself;
 * functions, components and insight do not know each other. `policy` reads plans as `cli` does. Types count, but for circles:
 * a type that two files share makes no order of loading.
 */
const ROOMS = {
  core: [],
  output: ["core"],
  functions: ["core", "output"],
  components: ["core", "output"],
  insight: ["core", "output"],
  stacks: ["core", "output", "components", "insight"],
  policy: ["core", "output", "insight"],
  cli: ["core", "output", "functions", "components", "insight", "stacks"],
};
const PROGRAM = "^index\\.ts$";

module.exports = {
  forbidden: [
    {
      name: "no-circle",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    ...Object.entries(ROOMS).map(([room, before]) => ({
      name: `${room}-imports-only-what-comes-before`,
      severity: "error",
      from: { path: `^${room}/` },
      to: {
        path: "^(core|output|functions|components|insight|stacks|policy|cli|tests)/|^index\\.ts$",
        // The planner runs the program itself.
        pathNot: [`^(${[room, ...before].join("|")})/`, ...(room === "cli" ? [PROGRAM] : [])],
      },
    })),
    {
      name: "the-program-imports-stacks",
      severity: "error",
      from: { path: PROGRAM },
      to: { path: "^(core|output|functions|components|insight|policy|cli|tests)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(app|node_modules)/" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
  },
};
