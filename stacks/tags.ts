import * as pulumi from "@pulumi/pulumi";

/** Tags by which a stack's resources are told from all others of the account. */
export const ownTags = () => ({ Project: pulumi.getProject(), Stack: pulumi.getStack() });

/**
 * Tags every resource that takes a map of tags. A transformation rather than the provider's default tags, so that the tags stand
 * in the plan, where tests, policies and people see them. It does not reach what a component of awsx makes in its own process, so
 * that the component itself is given the tags, for its children.
 */
export function tagEverything(tags: Readonly<Record<string, string>>): void {
  const all = { ...ownTags(), ManagedBy: "pulumi", ...tags };
  pulumi.runtime.registerStackTransformation(({ type, props, opts }) => {
    if (!takesTags(type, props)) return undefined;
    return { props: { ...props, tags: pulumi.output(props.tags).apply((own) => ({ ...all, ...own })) }, opts };
  });
}

/** `tagsAll` marks AWS resources whose tags are a map; an Auto Scaling group's are a list of its own kind. */
const takesTags = (type: string, props: object): boolean =>
  (type.startsWith("aws:") && "tagsAll" in props) || (type.startsWith("awsx:") && "tags" in props);
