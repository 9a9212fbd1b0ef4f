import * as pulumi from "@pulumi/pulumi";

/**
 * Tags every resource that takes a map of tags. A transformation rather than the provider's default tags, so that the tags stand
 * in the plan, where tests, policies and people see them.
 */
export function tagEverything(tags: Readonly<Record<string, string>>): void {
  const all = { Project: pulumi.getProject(), Stack: pulumi.getStack(), ManagedBy: "pulumi", ...tags };
  pulumi.runtime.registerStackTransformation(({ type, props, opts }) => {
    // `tagsAll` marks AWS resources whose tags are a map; an Auto Scaling group's are a list of its own kind.
    if (!type.startsWith("aws:") || !("tagsAll" in props)) return undefined;
    return { props: { ...props, tags: pulumi.output(props.tags).apply((own) => ({ ...all, ...own })) }, opts };
  });
}
