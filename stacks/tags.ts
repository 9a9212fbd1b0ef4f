import * as pulumi from "@pulumi/pulumi";

/** Tags by which a stack's resources are told from all others of the account. */
export const ownTags = () => ({ Project: pulumi.getProject(), Stack: pulumi.getStack() });

/**
 * Tags every resource that takes a map of tags. A transformation rather than the provider's default tags, so that the tags stand
 * in the plan, where tests, policies and people see them.
 */
export function tagEverything(tags: Readonly<Record<string, string>>): void {
  const all = { ...ownTags(), ManagedBy: "pulumi", ...tags };
  pulumi.runtime.registerStackTransformation(({ type, props, opts }) => {
    // `tagsAll` marks AWS resources whose tags are a map; an Auto Scaling group's are a list of its own kind.
    if (!type.startsWith("aws:") || !("tagsAll" in props)) return undefined;
    return { props: { ...props, tags: pulumi.output(props.tags).apply((own) => ({ ...all, ...own })) }, opts };
  });
}
