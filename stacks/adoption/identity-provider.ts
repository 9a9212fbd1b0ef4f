import { type Account, type Found, type Inputs, tagsOf } from "./found";

export async function identityProvider({ url }: Inputs, account: Account): Promise<Found | undefined> {
  const sdk = await import("@aws-sdk/client-iam");
  const client = new sdk.IAMClient(account);
  const { OpenIDConnectProviderList = [] } = await client.send(new sdk.ListOpenIDConnectProvidersCommand({}));
  const issuer = String(url).replace("https://", "");
  const id = OpenIDConnectProviderList.find(({ Arn }) => Arn?.endsWith(`:oidc-provider/${issuer}`))?.Arn;
  if (id === undefined) return undefined;
  const asked = new sdk.ListOpenIDConnectProviderTagsCommand({ OpenIDConnectProviderArn: id });
  return { id, tags: tagsOf((await client.send(asked)).Tags) };
}
