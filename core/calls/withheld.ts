/**
 * What the provider would call and no role of the CI may: a person does it, and the update that wants it says so. By action, or by
 * the form on which nothing is written.
 */
export const withheld: Readonly<Record<string, string>> = {
  "rds:DeleteDBInstance": "a database does not come back from the repository, so whoever deletes one is a person",
  "rds:CreateBlueGreenDeployment": "its end deletes the old instance, so a CI would stop half-way through an upgrade",
  "rds:SwitchoverBlueGreenDeployment": "as the deployment itself",
  "rds:DeleteBlueGreenDeployment": "as the deployment itself",
  "iam:oidc-provider#ci": "who may deploy is decided by a person: a deploy that changes it could widen itself",
  "iam:policy#ci": "what a deploy may do is decided by a person: it could widen itself",
  "iam:role#ci": "what a deploy may do is decided by a person: it could widen itself",
};
