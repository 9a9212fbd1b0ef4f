// Plans a stack several times in one process: as many sites' worth of resources, as site.cdk.cjs makes stacks.
import { planStack } from "../../cli/planner/planner";

const [stack = "prod", architecture = "fargate", sites = "1"] = process.argv.slice(2);

async function main() {
  let resources = 0;
  for (let i = 0; i < Number(sites); i++) {
    const plan = await planStack(stack, { architecture });
    resources += plan.resources.filter((resource) => resource.custom).length;
    JSON.stringify(plan);
  }
  process.stdout.write(`${JSON.stringify({ resources })}\n`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
