// The parts of `platform plan`, one after the other in one process. The program's own modules count as evaluation: it decides
// which of the provider's it loads.
const [stack = "prod"] = process.argv.slice(2);

async function main() {
  const marks = [0, performance.now()];
  const mark = () => marks.push(performance.now());
  await Promise.all([import("@pulumi/pulumi"), import("@pulumi/aws")]);
  mark();
  const { planStack } = await import("../../cli/planner/planner");
  const plan = await planStack(stack);
  mark();
  const [{ planDocument }, { toTerminal }] = await Promise.all([
    import("../../cli/commands/look/plan-text"),
    import("../../output/terminal"),
  ]);
  toTerminal(planDocument(plan));
  mark();
  const [start, imports, evaluation, printing] = marks.slice(1).map((at, i) => (at - (marks[i] ?? 0)) / 1000);
  process.stdout.write(`${JSON.stringify({ start, import: imports, evaluation, printing })}\n`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
